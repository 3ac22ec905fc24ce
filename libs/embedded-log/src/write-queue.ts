import { sleep, TransientError, UsageError, type Runtime } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { commitError, storageError } from './storage-error.js';

/** Writes that are made together if the guard holds when LMDB has its lock, and not at all otherwise. */
export interface GuardedWrite {
  /** The head whose version must still be this one; `undefined` means that the head must not exist. */
  readonly guard?: { readonly key: Buffer; readonly version: number | undefined };
  /** Puts and removes. Runs at once and synchronously; its effects come later. */
  readonly apply: () => void;
}

/**
 * The one place that writes. Everything submitted while a commit runs shares the next one, so a sync of
 * the disk serves everybody who waits for it.
 *
 * 1. One commit is under way at a time: what is prepared has seen every earlier write of this process.
 * 2. A write is prepared outside LMDB's lock, from what is committed, and guarded by the version of what
 *    it read. Another process may have been faster: then nothing is written, and the submitter is told.
 *    No JavaScript runs under the lock, so a busy, paused or debugged process holds up nobody.
 * 3. `submit` answers only after the commit: what it answers true for is durable.
 */
export interface WriteQueue {
  /**
   * @returns whether the guard held. Nothing was written if not, or if nothing was prepared.
   * @throws TransientError `log-unavailable` if the commit failed, or did not end in time: then it may
   *   still come to pass
   * @throws UsageError `log-closed`
   */
  submit(prepare: () => GuardedWrite | undefined): Promise<boolean>;
  /**
   * Refuses what is waiting and everything to come, and waits for the commit under way.
   * @returns false if that did not end in time: the file must then not be closed under it
   */
  close(): Promise<boolean>;
}

interface Entry {
  readonly prepare: () => GuardedWrite | undefined;
  readonly resolve: (isWritten: boolean) => void;
  readonly reject: (error: Error) => void;
}

const WRITING = 'writing to the event log';
const OPENING_LOOK_MS = 1;

export function createWriteQueue(options: {
  readonly environment: Environment;
  readonly runtime: Runtime;
  /** How long a commit may take before those who wait are told that the log is away. */
  readonly writeTimeoutMs: number;
  /** Called after each commit of this process. */
  readonly onCommit: () => void;
}): WriteQueue {
  const { environment, runtime, writeTimeoutMs, onCommit } = options;
  let waiting: Entry[] = [];
  let committing: Entry[] = [];
  let working: Promise<void> | undefined;
  let isClosed = false;

  async function work(): Promise<void> {
    // Whatever else is submitted in this turn of the event loop goes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      committing = waiting;
      waiting = [];
      const cancelTimer = watch();
      await commit(committing);
      cancelTimer();
      committing = [];
      onCommit();
    }
    working = undefined;
  }

  async function commit(entries: readonly Entry[]): Promise<void> {
    try {
      const leave = await enter();
      await Promise.all(entries.map(write));
      leave();
    } catch (error) {
      const reason = storageError(error, WRITING);
      for (const entry of entries) entry.reject(reason);
    }
  }

  /** Waits while another process opens the file. */
  async function enter(): Promise<() => void> {
    for (;;) {
      const leave = environment.tryEnter();
      if (leave !== undefined) return leave;
      if (isClosed) throw closedError();
      await sleep(runtime, OPENING_LOOK_MS);
    }
  }

  async function write(entry: Entry): Promise<void> {
    try {
      environment.refresh();
      const prepared = entry.prepare();
      entry.resolve(prepared === undefined ? false : await start(environment, prepared));
    } catch (error) {
      entry.reject(storageError(await commitError(error), WRITING));
    }
  }

  /**
   * LMDB's lock has no time-out. A process that was frozen while it held it keeps everybody waiting; those
   * who wait here must not do so for ever, nor pile up.
   */
  function watch(): () => void {
    let cancel = runtime.setTimer(writeTimeoutMs, function refuse() {
      const error = new TransientError(
        'log-unavailable',
        `the event log took no write for ${writeTimeoutMs} ms: another process may be frozen while it writes`,
      );
      for (const entry of [...committing, ...waiting]) entry.reject(error);
      waiting = [];
      if (!isClosed) cancel = runtime.setTimer(writeTimeoutMs, refuse);
    });
    return () => cancel();
  }

  return {
    submit(prepare) {
      return new Promise((resolve, reject) => {
        if (isClosed) {
          reject(closedError());
          return;
        }
        waiting.push({ prepare, resolve, reject });
        working ??= work();
      });
    },
    close() {
      isClosed = true;
      for (const entry of waiting) entry.reject(closedError());
      waiting = [];
      return new Promise((resolve) => {
        const cancel = runtime.setTimer(writeTimeoutMs, () => resolve(false));
        void Promise.resolve(working).then(() => {
          cancel();
          resolve(true);
        });
      });
    },
  };
}

export function closedError(): UsageError {
  return new UsageError('log-closed', 'the event log is closed');
}

async function start(environment: Environment, write: GuardedWrite): Promise<boolean> {
  const { heads } = environment;
  if (write.guard === undefined) return heads.batch(write.apply);
  const { key, version } = write.guard;
  return version === undefined
    ? heads.ifNoExists(key, write.apply)
    : heads.ifVersion(key, version, write.apply);
}
