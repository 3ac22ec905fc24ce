import { abortReason, CorruptStateError, InvariantViolation, type Runtime } from '@stepfold/runtime';
import type {
  AssignedPartition,
  CommittedPosition,
  ReadLimits,
  ReadResult,
  Topic,
} from '@stepfold/event-log';
import type { ChangeWatcher } from './change-watcher.js';
import { readCommitted, writeCommitted } from './committed.js';
import type { Environment } from './environment.js';
import type { Pacer } from './pacer.js';
import { readHead } from './partition-head.js';
import { readPartition } from './partition-reader.js';
import { readStorage } from './storage-error.js';
import type { WriteQueue } from './write-queue.js';

export interface PartitionContext {
  readonly environment: Environment;
  readonly writeQueue: WriteQueue;
  readonly watcher: ChangeWatcher;
  readonly pacer: Pacer;
  readonly runtime: Runtime;
}

/**
 * What `consume` is given. `requireOwned` is asked before every read: it aborts the signal if the partition
 * has been given to somebody else, so that a process that was frozen notices before it reads on.
 */
export function createAssignedPartition(
  context: PartitionContext,
  assignment: {
    readonly group: string;
    readonly topic: Topic;
    readonly partition: number;
    readonly limits: ReadLimits | undefined;
    readonly signal: AbortSignal;
    readonly requireOwned: () => void;
  },
): AssignedPartition {
  const { environment, writeQueue, watcher, pacer } = context;
  const { group, topic, partition, limits, signal, requireOwned } = assignment;
  const doing = `reading ${topic}, partition ${partition}, for group ${group}`;
  const committed = readStorage(doing, () => readCommitted(environment, group, topic, partition));
  let nextOffset = committed?.nextOffset;
  let hasReachedEnd = false;
  let isPolling = false;

  async function poll(): Promise<ReadResult> {
    for (;;) {
      await pacer.pace();
      throwIfAborted(signal);
      readStorage(doing, requireOwned);
      throwIfAborted(signal);
      const result = readStorage(doing, readNext);
      if (result !== undefined) return result;
      await moreRecords();
    }
  }

  function readNext(): ReadResult | undefined {
    const { beginOffset, result } = readPartition(environment, topic, partition, nextOffset ?? 0, limits);
    // Without a commit the beginning is wherever it is when the first record is asked for.
    if (nextOffset !== undefined) requireInRange(nextOffset, beginOffset, result.endOffset);
    nextOffset = result.nextOffset;
    if (result.records.length > 0) return result;
    if (hasReachedEnd) return undefined;
    hasReachedEnd = true;
    return result;
  }

  function requireInRange(offset: number, beginOffset: number, endOffset: number): void {
    const place = `group ${group} stands at ${topic}, partition ${partition}, offset ${offset}`;
    if (offset < beginOffset) {
      throw new CorruptStateError('position-deleted', `${place}; the log begins at ${beginOffset}`);
    }
    if (offset > endOffset) {
      throw new CorruptStateError('position-beyond-end', `${place}; the log ends at ${endOffset}`);
    }
  }

  /** Resolves when there are records to read, and also when the signal is aborted. */
  function moreRecords(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const endOffset = nextOffset ?? 0;
      const cancel = watcher.watch(() => readHead(environment, topic, partition).endOffset > endOffset, done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  return {
    topic,
    partition,
    committed,
    signal,
    async poll() {
      if (isPolling) {
        throw new InvariantViolation(`two polls at once of ${topic}, partition ${partition}, group ${group}`);
      }
      isPolling = true;
      try {
        return await poll();
      } finally {
        isPolling = false;
      }
    },
    async commit(position: CommittedPosition) {
      await writeCommitted(environment, writeQueue, group, topic, partition, position);
    },
  };
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}
