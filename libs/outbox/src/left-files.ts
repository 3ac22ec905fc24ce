import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * Files of this thread, which no later outbox of it may take for those of a dead process. There may be several copies of this
 * package in it, which have to know of each other.
 */
const ownPaths: Set<string> = ((globalThis as Record<symbol, unknown>)[
  Symbol.for('@stepfold/outbox paths')
] ??= new Set<string>()) as Set<string>;

/** What a file's name ends in while it is written anew. */
export const REWRITTEN = '.new';

/** A path for a new file of this process. Its name says who writes it. */
export function ownPath(directory: string): string {
  const path = join(directory, `${process.pid}.${threadId}-${randomUUID()}.outbox`);
  ownPaths.add(path);
  return path;
}

export function disown(path: string): void {
  ownPaths.delete(path);
}

/**
 * Takes over the files of processes that no longer live, and answers their new paths: first those that were written to last
 * longest ago, because a later process may go on with a chat of an earlier one. A process number that was given anew counts as
 * alive until that process ends, too. In a container, where it often is the same after a restart, a file with the number of this
 * thread that this thread has not made is of a dead process. Of two who want a file one gets it.
 */
export function claimLeftFiles(directory: string): string[] {
  const claimed: string[] = [];
  for (const path of leftFiles(directory)) {
    const target = ownPath(directory);
    try {
      // First, so that a process that is killed in between leaves none that nobody removes.
      rmSync(`${path}${REWRITTEN}`, { force: true });
      renameSync(path, target);
      claimed.push(target);
    } catch (error) {
      disown(target);
      if (!isGone(error)) throw error;
    }
  }
  return claimed;
}

function leftFiles(directory: string): string[] {
  const found: { readonly path: string; readonly writtenAtMs: number }[] = [];
  for (const name of readdirSync(directory).toSorted()) {
    const [, pid, thread] = /^(\d+)\.(\d+)-[0-9a-f-]+\.outbox$/.exec(name) ?? [];
    const path = join(directory, name);
    if (pid === undefined || ownPaths.has(path)) continue;
    if (Number(pid) === process.pid ? Number(thread) !== threadId : isAlive(Number(pid))) continue;
    try {
      found.push({ path, writtenAtMs: statSync(path).mtimeMs });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return found.sort((a, b) => a.writtenAtMs - b.writtenAtMs).map(({ path }) => path);
}

/** Somebody else was faster. */
function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of somebody else, hence alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
