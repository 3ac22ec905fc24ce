import { mkdirSync } from 'node:fs';
import type { Outbox, RecoveredEvent } from '@stepfold/publisher';
import { silentLogger, UsageError, type Logger } from '@stepfold/runtime';
import { readLeftEvents } from './left-events.js';
import { claimLeftFiles, disown } from './left-files.js';
import { createOwnFile, type OutboxFiles } from './own-file.js';

export interface OutboxOptions {
  /**
   * Is made if it is not there. Belongs to one machine (or container), because whether the process of a file
   * lives is asked of the operating system; any number of processes of it may share the directory.
   */
  readonly directory: string;
  readonly logger?: Logger;
  /**
   * Bytes of a file that may be of events that are on the log, before it is written anew; as many as of those that are not, if
   * these are more. Default 4 MiB.
   */
  readonly staleBytesMax?: number;
}

/**
 * An outbox on disk: one file for each process. Writes are synchronous, so that an event is with the
 * operating system when `keep` returns: whatever kills the process then, the event is there for the next one.
 * The power of the machine is not what it guards against: nothing waits for the disk.
 * @throws UsageError `bad-configuration` if the directory cannot be used, or `staleBytesMax` is none
 */
export function openOutbox(options: OutboxOptions, files?: OutboxFiles): Outbox {
  const { directory, logger = silentLogger, staleBytesMax = 4 * 1024 * 1024 } = options;
  if (!Number.isInteger(staleBytesMax) || staleBytesMax < 0) {
    throw new UsageError('bad-configuration', `staleBytesMax must be a whole number, not ${staleBytesMax}`);
  }
  let left: string[];
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    left = claimLeftFiles(directory);
  } catch (cause) {
    throw new UsageError('bad-configuration', `the directory ${directory} of the outbox cannot be used`, {
      cause,
    });
  }
  const ownFile = createOwnFile({ directory, staleBytesMax, logger, files });
  let isRecovered = false;

  function recoverFile(path: string, nowMicros: number): readonly RecoveredEvent[] {
    try {
      return readLeftEvents(path, nowMicros, logger);
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      logger.error(
        { path, error: code ?? name },
        'a file of an outbox could not be read; a later start tries again',
      );
      return [];
    }
  }

  return {
    recover(nowMicros) {
      if (isRecovered) return [];
      isRecovered = true;
      return left.flatMap((path) => recoverFile(path, nowMicros));
    },
    keep: (event, text) => ownFile.keep(event, text),
    close() {
      // What is still there is for the next one, which may be of this process.
      for (const path of left) disown(path);
      ownFile.close();
    },
  };
}
