import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LocalServersError } from './errors.js';

/** The user that PostgreSQL and FerretDB run as when we are root: PostgreSQL refuses root. `nobody` on Debian. */
const UNPRIVILEGED_ID = 65_534;

/** The user that servers which refuse root run as; undefined to run them as ourselves. */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : undefined;
}

/**
 * Where fetched servers are kept: `STEPFOLD_SERVERS_CACHE`, or a folder of the user's. Root's home is closed
 * to the user that PostgreSQL then runs as, so root's is below `/var/tmp`.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, isRoot = runsAsRoot()): string {
  const given = environment['STEPFOLD_SERVERS_CACHE'] ?? '';
  if (given !== '') return path.resolve(given);
  if (isRoot) return '/var/tmp/stepfold-servers';
  return path.join(os.homedir(), '.cache/stepfold/servers');
}

/** A folder of the cache, made if it is not there, that every user may enter. */
export function makeCacheFolder(...names: string[]): string {
  const root = cacheFolder();
  const folder = path.join(root, ...names);
  fs.mkdirSync(folder, { recursive: true });
  // Whatever the umask says: the unprivileged user has to get here.
  for (let part = folder; part.startsWith(root); part = path.dirname(part)) openToAll(part);
  return folder;
}

/** @throws LocalServersError if the user that PostgreSQL runs as cannot enter the folder. */
export function checkReachable(folder: string, user = unprivilegedUser()): void {
  if (user === undefined) return;
  for (let part = path.resolve(folder); ; part = path.dirname(part)) {
    const { mode, uid, gid } = fs.statSync(part);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new LocalServersError(
        'bad-usage',
        `PostgreSQL runs as user ${user.uid}, because it refuses root, and that user may not enter ${part}; ` +
          `use a folder below /var/tmp (for the fetched servers: STEPFOLD_SERVERS_CACHE), or run: chmod a+x ${part}`,
      );
    }
    if (part === path.dirname(part)) return;
  }
}

function openToAll(folder: string): void {
  const { mode, uid } = fs.statSync(folder);
  if ((mode & 0o755) === 0o755 || (uid !== process.getuid?.() && !runsAsRoot())) return;
  fs.chmodSync(folder, mode | 0o755);
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}
