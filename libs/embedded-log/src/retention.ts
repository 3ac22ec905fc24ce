import type { Topic } from '@stepfold/event-log';
import type { Runtime } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { beginKey, recordKey } from './keys.js';
import { readHead } from './partition-head.js';
import { readBounds } from './partition-reader.js';
import { frameBytesBefore, frameStampMs } from './record-frame.js';
import type { WriteQueue } from './write-queue.js';

/** What may be deleted from the beginning of each partition of a topic. */
export interface RetentionLimits {
  /** Records appended longer ago than this are deleted. In milliseconds. */
  readonly ageMaxMs?: number;
  /** The oldest records are deleted while a partition has more bytes than this. */
  readonly bytesMax?: number;
}

/** Deleted in one transaction: it bounds how long other writers wait. */
const DELETED_RECORDS_MAX = 500;

/**
 * Deletes what the limits allow from the beginning of a partition, in small transactions. Any number of
 * processes may do so at once: each transaction is guarded by the beginning that it moves.
 * @returns how many records were deleted by this call
 */
export async function deleteExpired(
  context: { readonly environment: Environment; readonly writeQueue: WriteQueue; readonly runtime: Runtime },
  topic: Topic,
  partition: number,
  limits: RetentionLimits,
): Promise<number> {
  const { environment, writeQueue, runtime } = context;
  const oldestMs = Math.floor(runtime.nowMicros() / 1000) - (limits.ageMaxMs ?? Number.POSITIVE_INFINITY);
  const target = firstToKeep(environment, topic, partition, oldestMs, limits.bytesMax);
  let deleted = 0;
  for (;;) {
    const { begin } = readBounds(environment, topic, partition);
    const newBegin = Math.min(target, begin + DELETED_RECORDS_MAX);
    if (newBegin <= begin) return deleted;
    const key = beginKey(topic, partition);
    const isWritten = await writeQueue.submit(() => ({
      guard: { key, version: begin },
      apply() {
        for (let offset = begin; offset < newBegin; offset++) {
          void environment.records.remove(recordKey(topic, partition, offset));
        }
        void environment.heads.put(key, Buffer.alloc(0), newBegin);
      },
    }));
    if (isWritten) deleted += newBegin - begin;
  }
}

/**
 * The first offset that stays. Append times and byte counts do not fall along a partition, so it is found
 * by bisection, and what is deleted is never read.
 */
function firstToKeep(
  environment: Environment,
  topic: Topic,
  partition: number,
  oldestMs: number,
  bytesMax = Number.POSITIVE_INFINITY,
): number {
  const { begin, end } = readBounds(environment, topic, partition);
  const { bytes } = readHead(environment, topic, partition);
  let low = begin;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const frame = environment.records.get(recordKey(topic, partition, middle));
    // Another process deletes at this moment: what is gone is certainly not to be kept.
    const isExpired =
      frame === undefined || frameStampMs(frame) < oldestMs || bytes - frameBytesBefore(frame) > bytesMax;
    if (isExpired) low = middle + 1;
    else high = middle;
  }
  return low;
}
