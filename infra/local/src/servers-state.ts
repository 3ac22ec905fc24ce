import fs from 'node:fs';
import path from 'node:path';
import { makeCacheFolder } from './cache-folder.js';
import type { ProcessIdentity } from './process-identity.js';

/** The servers that `npm run servers -- start` has started, as `status` and `stop` find them. */
export interface ServersState {
  readonly kafka: { readonly brokers: readonly string[]; readonly processes: readonly ProcessIdentity[] };
  readonly mongodb: {
    readonly url: string;
    readonly port: number;
    readonly gateway: ProcessIdentity;
    readonly database: ProcessIdentity;
  };
}

const stateFile = (): string => path.join(makeCacheFolder(), 'servers.json');

export function readServersState(): ServersState | undefined {
  try {
    return JSON.parse(fs.readFileSync(stateFile(), 'utf8')) as ServersState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeServersState(state: ServersState): void {
  const file = stateFile();
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
}

export function removeServersState(): void {
  fs.rmSync(stateFile(), { force: true });
}
