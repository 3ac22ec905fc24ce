import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { Event } from '@stepfold/events';
import type { Outbox, RecoveredEvent } from '@stepfold/publisher';
import { silentLogger, UsageError, type Logger } from '@stepfold/runtime';
import { claimLeftFiles, disown, ownPath, REWRITTEN } from './left-files.js';
import { OpenAttempts, type OpenAttempt } from './open-attempts.js';
import { keptLine, openLine, readOutboxLines, settledLine } from './outbox-lines.js';

export interface OutboxOptions {
  /**
   * Is made if it is not there. Belongs to one machine (or container), because whether the process of a file
   * lives is asked of the operating system; any number of processes of it may share the directory.
   */
  readonly directory: string;
  readonly logger?: Logger;
  /** Bytes of a file that may be of events that are on the log, before it is written anew. Default 4 MiB. */
  readonly staleBytesMax?: number;
}

/** Calls of the file system that a test may let fail. */
export interface OutboxFiles {
  /** All of it; answers how many bytes that were. */
  readonly write: (file: number, text: string) => number;
}

/**
 * An outbox on disk: one file for each process. Writes are synchronous, so that an event is with the
 * operating system when `keep` returns: whatever kills the process then, the event is there for the next one.
 * The power of the machine is not what it guards against: nothing waits for the disk.
 * @throws UsageError `bad-configuration` if the directory cannot be used
 */
export function openOutbox(options: OutboxOptions, files: OutboxFiles = { write: writeWhole }): Outbox {
  const { directory, logger = silentLogger, staleBytesMax = 4 * 1024 * 1024 } = options;
  let left: string[];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    left = claimLeftFiles(directory);
  } catch (cause) {
    throw new UsageError('bad-configuration', `the directory ${directory} of the outbox cannot be used`, {
      cause,
    });
  }
  const attempts = new OpenAttempts();
  const kept = new Map<number, { readonly text: string; readonly bytes: number }>();
  let settled: number[] = [];
  let path: string | undefined;
  let file: number | undefined;
  let fileBytes = 0;
  let keptBytes = 0;
  let nextNumber = 0;
  let isClosed = false;

  function append(text: string): number {
    if (file === undefined) {
      path = ownPath(directory);
      file = openSync(path, 'ax', 0o600);
    }
    try {
      const bytes = files.write(file, text);
      fileBytes += bytes;
      return bytes;
    } catch (error) {
      // What has got into the file would spoil the next line.
      ftruncateSync(file, fileBytes);
      throw error;
    }
  }

  /** The open attempts and what is not on the log, in a new file that takes the place of the old one. */
  function rewrite(): void {
    const [oldPath, oldFile] = [path!, file!];
    const newPath = `${oldPath}${REWRITTEN}`;
    const newFile = openSync(newPath, 'w', 0o600);
    try {
      let text = '';
      for (const attempt of attempts.all) text += openLine(attempt);
      for (const [number, event] of kept) text += keptLine(number, event.text);
      const bytes = files.write(newFile, text);
      renameSync(newPath, oldPath);
      closeSync(oldFile);
      file = newFile;
      fileBytes = bytes;
      settled = [];
    } catch (error) {
      closeSync(newFile);
      rmSync(newPath, { force: true });
      throw error;
    }
  }

  function forget(number: number): void {
    const event = kept.get(number);
    if (event === undefined) return;
    kept.delete(number);
    keptBytes -= event.bytes;
    settled.push(number);
    if (isClosed && kept.size === 0) remove();
  }

  function remove(): void {
    if (path === undefined) return;
    if (file !== undefined) closeSync(file);
    file = undefined;
    rmSync(path, { force: true });
    path = undefined;
  }

  function recoverFile(leftPath: string, nowMicros: number): RecoveredEvent[] {
    const { events, open, damagedLines } = readOutboxLines(readFileSync(leftPath));
    if (damagedLines > 0) {
      logger.error(
        { path: leftPath, damagedLines },
        'lines of an outbox could not be read; the file is kept',
      );
    }
    const all = [...events.values(), ...open.map((attempt) => crashOf(attempt, nowMicros))];
    let waiting = all.length;
    const onSettled = (): void => {
      waiting--;
      if (waiting === 0) finish();
    };
    const finish = (): void => {
      disown(leftPath);
      if (damagedLines === 0) rmSync(leftPath, { force: true });
      else renameSync(leftPath, `${leftPath}.damaged`);
    };
    if (waiting === 0) finish();
    return all.map((event) => ({ event, onSettled }));
  }

  return {
    recover(nowMicros) {
      const paths = left;
      left = [];
      return paths.flatMap((leftPath) => recoverFile(leftPath, nowMicros));
    },
    keep(event, text) {
      if (fileBytes - keptBytes > staleBytesMax) rewrite();
      const number = nextNumber;
      const bytes = append((settled.length > 0 ? settledLine(settled) : '') + keptLine(number, text));
      settled = [];
      nextNumber++;
      attempts.note(event);
      kept.set(number, { text, bytes });
      keptBytes += bytes;
      return () => forget(number);
    },
    close() {
      isClosed = true;
      if (kept.size === 0) remove();
      else if (file !== undefined) {
        closeSync(file);
        file = undefined;
        disown(path!);
      }
    },
  };
}

function crashOf({ chat_id, step_id, attempt, at }: OpenAttempt, nowMicros: number): Event {
  return {
    v: 1,
    chat_id,
    step_id,
    ...(attempt > 0 ? { attempt } : {}),
    at,
    type: 'interrupt',
    reason: 'crash',
    detected_at: nowMicros,
  };
}

function writeWhole(file: number, text: string): number {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
  return written;
}
