import { closeSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Event } from '@stepfold/events';
import type { Logger } from '@stepfold/runtime';
import { disown, ownPath, REWRITTEN } from './left-files.js';
import { OpenAttempts } from './open-attempts.js';
import { keptLine, openLine, settledLine } from './outbox-lines.js';

/** The file of this process. It is made when there is something to keep. */
export interface OwnFile {
  /** When it returns, the event is with the operating system. Answers what forgets it. */
  keep(event: Event, text: string): () => void;
  /** Removes the file when everything that it keeps is forgotten. What is not is for the next process. */
  close(): void;
}

/** Calls of the file system that a test may let fail. */
export interface OutboxFiles {
  /** All of it; answers how many bytes that were. */
  readonly write: (file: number, text: string) => number;
}

/** A new file that is written at its end, which is where it was cut off after a write that failed. */
const APPENDING = 'ax';

export function createOwnFile(options: {
  readonly directory: string;
  readonly staleBytesMax: number;
  readonly logger: Logger;
  readonly files?: OutboxFiles | undefined;
}): OwnFile {
  const { directory, staleBytesMax, logger, files = { write: writeWhole } } = options;
  const attempts = new OpenAttempts();
  const kept = new Map<number, { readonly text: string; readonly bytes: number }>();
  let settled: number[] = [];
  let path: string | undefined;
  let file: number | undefined;
  let fileBytes = 0;
  let keptBytes = 0;
  /** Of events that are forgotten. */
  let staleBytes = 0;
  let rewriteAtBytes = options.staleBytesMax;
  let nextNumber = 0;
  let isClosed = false;

  function append(text: string): number {
    if (file === undefined) {
      path = ownPath(directory);
      file = openSync(path, APPENDING, 0o600);
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
    rmSync(newPath, { force: true });
    const newFile = openSync(newPath, APPENDING, 0o600);
    let newBytes: number;
    try {
      let text = '';
      for (const attempt of attempts.all) text += openLine(attempt);
      for (const [number, event] of kept) text += keptLine(number, event.text);
      newBytes = files.write(newFile, text);
      renameSync(newPath, oldPath);
    } catch (error) {
      closeSync(newFile);
      rmSync(newPath, { force: true });
      throw error;
    }
    file = newFile;
    fileBytes = newBytes;
    staleBytes = 0;
    settled = [];
    closeSync(oldFile);
  }

  /** Without room for a new file the old one goes on, and grows by as much before this is tried again. */
  function tryToRewrite(): void {
    try {
      rewrite();
      rewriteAtBytes = staleBytesMax;
    } catch (error) {
      rewriteAtBytes = staleBytes + staleBytesMax;
      const { code, name } = error as NodeJS.ErrnoException;
      logger.warn(
        { path, staleBytes, error: code ?? name },
        'the file of an outbox could not be written anew',
      );
    }
  }

  function forget(number: number): void {
    const event = kept.get(number);
    if (event === undefined) return;
    kept.delete(number);
    keptBytes -= event.bytes;
    staleBytes += event.bytes;
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

  return {
    keep(event, text) {
      // Not while more is kept than is stale: then most of what was written would be written again.
      if (staleBytes > Math.max(rewriteAtBytes, keptBytes)) tryToRewrite();
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

function writeWhole(file: number, text: string): number {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
  return written;
}
