import type { AppendedRange, RecordToAppend, Topic } from '@stepfold/event-log';
import type { Runtime } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { endKey, recordKey } from './keys.js';
import { readHead, writeHead } from './partition-head.js';
import { encodeFrames, stampFrame } from './record-frame.js';
import type { GuardedWrite, WriteQueue } from './write-queue.js';

export interface PartitionAppender {
  /** Appends in the order of the calls. Resolves when the records are durable. */
  append(records: readonly RecordToAppend[]): Promise<AppendedRange>;
}

interface PendingAppend {
  readonly frames: readonly Buffer[];
  readonly bytes: number;
  readonly resolve: (range: AppendedRange) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends of one partition that share a transaction. It bounds how long the lock is held, but for one large append. */
const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Gives the records of one partition their offsets and append times.
 *
 * The offsets are those that follow the end as it was read; the write is guarded by that end (its version).
 * If another process appended in the meantime, nothing is written, and the same records are tried again
 * at the new end. So no two records ever get the same offset, and none is skipped.
 */
export function createPartitionAppender(options: {
  readonly environment: Environment;
  readonly writeQueue: WriteQueue;
  readonly runtime: Runtime;
  readonly topic: Topic;
  readonly partition: number;
}): PartitionAppender {
  const { environment, writeQueue, runtime, topic, partition } = options;
  let pending: PendingAppend[] = [];
  let isWorking = false;

  async function work(): Promise<void> {
    while (pending.length > 0) {
      let taken: PendingAppend[] = [];
      let ranges: AppendedRange[] = [];
      const prepare = (): GuardedWrite => {
        // Taken when the commit begins, so that whatever came until then shares it.
        if (taken.length === 0) taken = takeBatch();
        const plan = planAppend(taken);
        ranges = plan.ranges;
        return plan.write;
      };
      try {
        while (!(await writeQueue.submit(prepare)));
        for (const [i, append] of taken.entries()) append.resolve(ranges[i]!);
      } catch (error) {
        if (taken.length === 0) taken = takeBatch();
        for (const append of taken) append.reject(error);
      }
    }
    isWorking = false;
  }

  function takeBatch(): PendingAppend[] {
    let count = 0;
    let bytes = 0;
    do bytes += pending[count++]!.bytes;
    while (count < pending.length && bytes + pending[count]!.bytes <= TRANSACTION_BYTES_MAX);
    const taken = pending.slice(0, count);
    pending = pending.slice(count);
    return taken;
  }

  function planAppend(appends: readonly PendingAppend[]): { write: GuardedWrite; ranges: AppendedRange[] } {
    const head = readHead(environment, topic, partition);
    const appendedAtMs = Math.max(head.appendedAtMs, Math.floor(runtime.nowMicros() / 1000));
    let { bytes, endOffset } = head;
    const ranges = appends.map(({ frames }): AppendedRange => {
      const firstOffset = endOffset;
      for (const frame of frames) {
        stampFrame(frame, appendedAtMs, bytes);
        bytes += frame.length;
        endOffset += 1;
      }
      return { firstOffset, lastOffset: endOffset - 1, appendedAtMs };
    });
    const key = endKey(topic, partition);
    const apply = (): void => {
      for (const [i, { frames }] of appends.entries()) {
        const { firstOffset } = ranges[i]!;
        for (const [j, frame] of frames.entries()) {
          void environment.records.put(recordKey(topic, partition, firstOffset + j), frame);
        }
      }
      void environment.heads.put(key, writeHead({ appendedAtMs, bytes }), endOffset);
    };
    return { write: { guard: { key, version: head.endOffset }, apply }, ranges };
  }

  return {
    append(records) {
      return new Promise((resolve, reject) => {
        const frames = encodeFrames(records);
        const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
        pending.push({ frames, bytes, resolve, reject });
        if (isWorking) return;
        isWorking = true;
        void work();
      });
    },
  };
}
