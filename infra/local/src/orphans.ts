import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { makeCacheFolder } from './cache-folder.js';
import { identifyProcess, isStillRunning, signalProcess, type ProcessIdentity } from './process-identity.js';

/**
 * The servers that end with this process, and the folders that go with them. At an orderly end that is done
 * by `process.on('exit')`. A process that is itself killed cannot do it; so a file in the cache names what
 * it has, and whoever starts servers next clears up after owners that are gone.
 */
interface Household {
  readonly owner: ProcessIdentity;
  readonly servers: readonly ProcessIdentity[];
  readonly folders: readonly string[];
}

const servers = new Map<number, ProcessIdentity>();
const folders = new Set<string>();
let isWatchingExit = false;

/** The server ends with this process from now on. */
export function rememberServer(identity: ProcessIdentity): void {
  servers.set(identity.pid, identity);
  writeHousehold();
}

/** The server has ended, or goes on when this process ends. */
export function forgetServer(identity: ProcessIdentity): void {
  if (servers.delete(identity.pid)) writeHousehold();
}

/** The folder is removed when this process ends. */
export function rememberFolder(folder: string): void {
  folders.add(folder);
  writeHousehold();
}

/** The folder has been removed, or stays. */
export function forgetFolder(folder: string): void {
  if (folders.delete(folder)) writeHousehold();
}

/** Kills what processes that are no more have left running, and removes their folders. Answers how many it killed. */
export function killOrphans(): number {
  const registry = makeCacheFolder('running');
  let killed = 0;
  for (const name of fs.readdirSync(registry)) {
    const file = path.join(registry, name);
    const household = readHousehold(file);
    if (household === undefined || isStillRunning(household.owner)) continue;
    killed += clear(household);
    fs.rmSync(file, { force: true });
  }
  return killed;
}

function clear(household: Omit<Household, 'owner'>): number {
  const killed = household.servers.filter((identity) => signalProcess(identity, 'SIGKILL'));
  for (const folder of household.folders) {
    try {
      // A server that has just been killed may still be adding a file.
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // The folder of temporary files is cleared by the system sooner or later.
    }
  }
  return killed.length;
}

function writeHousehold(): void {
  if (!isWatchingExit) {
    isWatchingExit = true;
    process.on('exit', () => {
      clear({ servers: [...servers.values()], folders: [...folders] });
      fs.rmSync(ownFile(), { force: true });
    });
  }
  const file = ownFile();
  const owner = identifyProcess(process.pid);
  if ((servers.size === 0 && folders.size === 0) || owner === undefined) {
    fs.rmSync(file, { force: true });
    return;
  }
  const household: Household = { owner, servers: [...servers.values()], folders: [...folders] };
  fs.writeFileSync(`${file}.new`, JSON.stringify(household));
  fs.renameSync(`${file}.new`, file);
}

const ownFile = (): string => path.join(makeCacheFolder('running'), `${process.pid}.json`);

function readHousehold(file: string): Household | undefined {
  if (!file.endsWith('.json')) return undefined;
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Household;
  } catch {
    // Its owner has just removed it.
    return undefined;
  }
}
