import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { makeCacheFolder } from './cache-folder.js';
import { identifyProcess, isStillRunning, signalProcess, type ProcessIdentity } from './process-identity.js';

/**
 * The servers that end with this process. At an orderly end they are killed by `process.on('exit')`. A
 * process that is itself killed cannot do that; so a file in the cache names its servers, and whoever starts
 * servers next kills those whose owner is gone.
 */
interface Household {
  readonly owner: ProcessIdentity;
  readonly servers: readonly ProcessIdentity[];
}

const servers = new Map<number, ProcessIdentity>();
let isWatchingExit = false;

/** The server ends with this process from now on. */
export function remember(identity: ProcessIdentity): void {
  servers.set(identity.pid, identity);
  if (!isWatchingExit) {
    isWatchingExit = true;
    process.on('exit', killAll);
  }
  writeHousehold();
}

/** The server has ended, or goes on when this process ends. */
export function forget(identity: ProcessIdentity): void {
  servers.delete(identity.pid);
  writeHousehold();
}

/** Kills what processes that are no more have left running. Answers how many. */
export function killOrphans(): number {
  const folder = makeCacheFolder('running');
  let killed = 0;
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    const household = readHousehold(file);
    if (household === undefined || isStillRunning(household.owner)) continue;
    for (const identity of household.servers) if (signalProcess(identity, 'SIGKILL')) killed++;
    fs.rmSync(file, { force: true });
  }
  return killed;
}

function killAll(): void {
  for (const identity of servers.values()) signalProcess(identity, 'SIGKILL');
  servers.clear();
  writeHousehold();
}

function writeHousehold(): void {
  const file = path.join(makeCacheFolder('running'), `${process.pid}.json`);
  if (servers.size === 0) {
    fs.rmSync(file, { force: true });
    return;
  }
  const owner = identifyProcess(process.pid);
  if (owner === undefined) return;
  const household: Household = { owner, servers: [...servers.values()] };
  fs.writeFileSync(`${file}.new`, JSON.stringify(household));
  fs.renameSync(`${file}.new`, file);
}

function readHousehold(file: string): Household | undefined {
  if (!file.endsWith('.json')) return undefined;
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Household;
  } catch {
    // Its owner has just removed it.
    return undefined;
  }
}
