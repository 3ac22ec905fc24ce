import fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import { identifyProcess, isStillRunning, type ProcessIdentity } from './process-identity.js';
import { LocalServersError } from './errors.js';
import { waitUntil } from './wait-until.js';

const PATIENCE_MS = 15 * 60_000;

export interface FileLockOptions {
  /** How long to wait for another holder. Default 15 minutes: it may be fetching over a slow line. */
  readonly timeoutMs?: number;
  /** Called once if somebody else holds the lock, with the number of that process. */
  readonly onWait?: (pid: number) => void;
}

/**
 * Runs `work` while no other process of this machine runs something under the same lock file. A lock whose
 * holder has died is taken over.
 */
export async function withFileLock<T>(
  file: string,
  work: () => Promise<T>,
  { timeoutMs = PATIENCE_MS, onWait }: FileLockOptions = {},
): Promise<T> {
  let hasToldWaiting = false;
  const isLocked = await waitUntil(() => {
    if (tryLock(file)) return true;
    const holder = readHolder(file);
    if (holder !== undefined && !hasToldWaiting) {
      hasToldWaiting = true;
      onWait?.(holder.pid);
    }
    return false;
  }, timeoutMs);
  if (!isLocked) {
    throw new LocalServersError(
      'fetch-failed',
      `process ${readHolder(file)?.pid ?? 'unknown'} has held ${file} for ${Math.round(timeoutMs / 1000)} s; ` +
        'wait for it to end, or end it, and try again',
    );
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** One try. The lock file appears with its content, by a link, so nobody ever reads half of one. */
function tryLock(file: string): boolean {
  const own = `${file}.${process.pid}-${randomBytes(6).toString('hex')}`;
  fs.writeFileSync(own, JSON.stringify(identifyProcess(process.pid)));
  try {
    if (tryLink(own, file)) return true;
    const holder = readHolder(file);
    if (holder === undefined || isStillRunning(holder)) return false;
    removeIfHeldBy(file, holder);
    return tryLink(own, file);
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Two may see the same dead holder; the second must not remove the lock that the first has taken since. */
function removeIfHeldBy(file: string, holder: ProcessIdentity): void {
  const aside = `${file}.stale-${process.pid}-${randomBytes(6).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const removed = readHolder(aside);
  if (removed !== undefined && (removed.pid !== holder.pid || removed.began !== holder.began)) {
    tryLink(aside, file);
  }
  fs.rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
