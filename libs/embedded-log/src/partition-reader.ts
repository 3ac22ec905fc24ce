import type { LogRecord, PartitionBounds, ReadLimits, ReadResult, Topic } from '@stepfold/event-log';
import { CorruptStateError } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { offsetOfKey, recordKey } from './keys.js';
import { readBeginOffset, readHead } from './partition-head.js';
import { decodeFrame } from './record-frame.js';

const RECORDS_MAX = 1_000;
const BYTES_MAX = 4 * 1024 * 1024;

export interface PartitionRead {
  readonly result: ReadResult;
  /** Where the partition began when this was read. */
  readonly beginOffset: number;
}

/**
 * Reads records from one snapshot. Only the first may exceed the limit of bytes; the record at which the
 * limit is reached is loaded and left for the next read.
 *
 * This log has no holes, and the binding ends a range at an error as if there were no more of it: so every
 * record between the bounds is demanded, and none is passed over in silence.
 * @throws CorruptStateError `data-unreadable` if one is not there
 */
export function readPartition(
  environment: Environment,
  topic: Topic,
  partition: number,
  fromOffset: number,
  limits: ReadLimits = {},
): PartitionRead {
  const { recordsMax = RECORDS_MAX, bytesMax = BYTES_MAX } = limits;
  const { begin: beginOffset, end: endOffset } = readBounds(environment, topic, partition);
  const records: LogRecord[] = [];
  const startOffset = Math.max(fromOffset, beginOffset);
  if (startOffset >= endOffset)
    return { result: { records, nextOffset: startOffset, endOffset }, beginOffset };
  let bytes = 0;
  const range = environment.records.getRange({
    start: recordKey(topic, partition, startOffset),
    end: recordKey(topic, partition, endOffset),
    limit: Math.max(1, recordsMax),
  });
  for (const { key, value } of range) {
    const offset = offsetOfKey(key);
    if (offset !== startOffset + records.length) break;
    const record = decodeFrame(value, offset);
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (records.length > 0 && bytes > bytesMax) break;
    records.push(record);
  }
  if (records.length === 0) {
    throw new CorruptStateError(
      'data-unreadable',
      `${topic}, partition ${partition} has no record at offset ${startOffset}, between its begin ${beginOffset} and its end ${endOffset}: the file is damaged`,
    );
  }
  return { result: { records, nextOffset: startOffset + records.length, endOffset }, beginOffset };
}

export function readBounds(environment: Environment, topic: Topic, partition: number): PartitionBounds {
  environment.refresh();
  return {
    begin: readBeginOffset(environment, topic, partition),
    end: readHead(environment, topic, partition).endOffset,
  };
}
