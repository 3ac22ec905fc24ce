import { topics, type Topic } from '@stepfold/event-log';

/**
 * Keys of the two tables. Numbers are big-endian, so that the bytes sort as the numbers do.
 *
 * `records`: topic (1 byte), partition (2), offset (8) → a framed record.
 * `heads` (each with a version, which guards writes):
 * - `0` → the settings of the log
 * - `1`, topic, partition → the end; its version is the offset of the record to come
 * - `2`, topic, partition → the beginning; its version is the first offset that may still exist
 * - `3`, topic, partition, group → what the group has committed
 * - `4`, group → the members of the group and what they own
 */
const END = 1;
const BEGIN = 2;
const COMMITTED = 3;
const GROUP = 4;

export const settingsKey = Buffer.from([0]);

const RECORD_KEY_BYTES = 11;
const OFFSET_AT = 3;
const HIGH = 2 ** 32;

export function endKey(topic: Topic, partition: number): Buffer {
  return partitionKey(END, topic, partition);
}

export function beginKey(topic: Topic, partition: number): Buffer {
  return partitionKey(BEGIN, topic, partition);
}

export function committedKey(group: string, topic: Topic, partition: number): Buffer {
  return Buffer.concat([partitionKey(COMMITTED, topic, partition), Buffer.from(group)]);
}

export function groupKey(group: string): Buffer {
  return Buffer.concat([Buffer.from([GROUP]), Buffer.from(group)]);
}

export function recordKey(topic: Topic, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(RECORD_KEY_BYTES);
  key[0] = topics.indexOf(topic);
  key.writeUInt16BE(partition, 1);
  key.writeUInt32BE(Math.floor(offset / HIGH), OFFSET_AT);
  key.writeUInt32BE(offset % HIGH, OFFSET_AT + 4);
  return key;
}

export function offsetOfKey(key: Buffer): number {
  return key.readUInt32BE(OFFSET_AT) * HIGH + key.readUInt32BE(OFFSET_AT + 4);
}

function partitionKey(kind: number, topic: Topic, partition: number): Buffer {
  return Buffer.from([kind, topics.indexOf(topic), partition >> 8, partition & 0xff]);
}
