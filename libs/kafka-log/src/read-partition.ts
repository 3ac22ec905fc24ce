import type { LogRecord, ReadLimits, ReadResult } from '@stepfold/event-log';
import { decompress } from './compression.js';
import { fetchFrom } from './data-requests.js';
import { kafkaError, typeOf } from './kafka-error.js';
import { readBounds } from './partition-offsets.js';
import type { ProtocolClient } from './protocol-client.js';
import { decodeBatches } from './record-batch.js';

/** What one read or poll gives at most, unless the caller says otherwise. */
export const RECORDS_MAX = 1_000;
const BYTES_MAX = 4 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** Reads a partition from an offset by itself: no group knows of it. See `EventLog.read`. */
export async function readPartition(
  client: ProtocolClient,
  topic: string,
  partition: number,
  fromOffset: number,
  limits: ReadLimits = {},
): Promise<ReadResult> {
  const doing = `reading ${topic}, partition ${partition}, from offset ${fromOffset}`;
  for (let offset = fromOffset; ;) {
    const fetched = await client.atLeader(topic, partition, doing, async (broker) => {
      const [answer] = await fetchFrom(
        broker,
        [{ topic, partition, offset, bytesMax: limits.bytesMax ?? BYTES_MAX }],
        { waitMaxMs: 0, bytesMax: limits.bytesMax ?? BYTES_MAX, requestTimeoutMs: REQUEST_TIMEOUT_MS },
      );
      if (answer?.error !== undefined && typeOf(answer.error) !== 'OFFSET_OUT_OF_RANGE') throw answer.error;
      return answer;
    });
    // Over its quota nobody is told anything. It is no end, and the broker holds back the next answer itself.
    if (fetched === undefined) continue;
    if (fetched.error !== undefined) {
      const { begin, end } = await readBounds(client, topic, partition);
      if (offset >= begin) return { records: [], nextOffset: offset, endOffset: end };
      offset = begin;
      continue;
    }
    const { endOffset, batches } = fetched;
    const decoded = await decode(batches, offset, doing, limits.recordsMax ?? RECORDS_MAX);
    if (decoded.records.length > 0)
      return cutToLimits(decoded.records, decoded.nextOffset, endOffset, limits);
    if (decoded.nextOffset >= endOffset || decoded.nextOffset === offset) {
      return { records: [], nextOffset: Math.max(offset, decoded.nextOffset), endOffset };
    }
    // Nothing but markers or the remains of what was deleted: the records lie behind it.
    offset = decoded.nextOffset;
  }
}

async function decode(
  batches: Buffer,
  offset: number,
  doing: string,
  recordsMax: number,
): Promise<{ readonly records: readonly LogRecord[]; readonly nextOffset: number }> {
  try {
    return await decodeBatches(batches, offset, decompress, recordsMax);
  } catch (error) {
    throw kafkaError(error, doing);
  }
}

/** The first records, as many as the limits allow but at least one. */
export function cutToLimits(
  records: readonly LogRecord[],
  nextOffset: number,
  endOffset: number,
  limits: ReadLimits,
): ReadResult {
  const count = countWithin(records, limits);
  return {
    records: count === records.length ? records : records.slice(0, count),
    nextOffset: count === records.length ? nextOffset : records[count]!.offset,
    endOffset,
  };
}

function countWithin(records: readonly LogRecord[], limits: ReadLimits): number {
  const { recordsMax = RECORDS_MAX, bytesMax = BYTES_MAX } = limits;
  const countMax = Math.min(records.length, Math.max(1, recordsMax));
  let bytes = 0;
  for (let index = 0; index < countMax; index++) {
    const { key, value } = records[index]!;
    bytes += (key?.length ?? 0) + (value?.length ?? 0);
    if (index > 0 && bytes > bytesMax) return index;
  }
  return countMax;
}
