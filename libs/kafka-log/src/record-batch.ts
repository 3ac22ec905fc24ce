import type { LogRecord, RecordToAppend } from '@stepfold/event-log';
import { crc32c } from './crc32c.js';

/**
 * Kafka's record batch, format 2: what a produce request carries and what a fetch answers.
 *
 * It is written here, and not by kafkajs, for four reasons: its decoder drops where an empty batch ends, so
 * a reader would stand before it for ever (C9); it checks no checksum (C10); it encodes after the call has
 * returned, when the caller's buffers may have changed; and it takes several times as long.
 *
 *   0 baseOffset i64 · 8 length i32 · 12 leaderEpoch i32 · 16 magic i8 · 17 crc u32 · 21 attributes i16
 *   23 lastOffsetDelta i32 · 27 baseTimestamp i64 · 35 maxTimestamp i64 · 43 producerId i64
 *   51 producerEpoch i16 · 53 baseSequence i32 · 57 count i32 · 61 records
 */
const HEADER_BYTES = 61;
const LENGTH_END = 12;
const CRC_END = 21;
const MAGIC = 2;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;

export interface RecordsSection {
  readonly bytes: Buffer;
  readonly count: number;
}

/** The records as they stand in a batch, not compressed. Copies what the caller's buffers hold now. */
export function encodeRecords(records: readonly RecordToAppend[]): RecordsSection {
  const bodies = records.map((record, index) => recordBytes(record, index));
  let total = 0;
  for (const { body } of bodies) total += varintBytes(body) + body;
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const [index, record] of records.entries()) {
    const { body, headers } = bodies[index]!;
    at = writeVarint(bytes, at, body);
    bytes[at++] = 0;
    at = writeVarint(bytes, at, 0);
    at = writeVarint(bytes, at, index);
    at = writeField(bytes, at, record.key);
    at = writeField(bytes, at, record.value);
    at = writeVarint(bytes, at, headers.length);
    for (const text of headers.flat()) at = writeField(bytes, at, text);
  }
  return { bytes, count: records.length };
}

/** One batch as a produce request carries it. `section` is compressed already if `codec` is not 0. */
export function encodeBatch(section: RecordsSection, codec: number, nowMs: number): Buffer {
  const batch = Buffer.allocUnsafe(HEADER_BYTES + section.bytes.length);
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - LENGTH_END, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(MAGIC, 16);
  batch.writeInt16BE(codec, 21);
  batch.writeInt32BE(section.count - 1, 23);
  batch.writeBigInt64BE(BigInt(nowMs), 27);
  batch.writeBigInt64BE(BigInt(nowMs), 35);
  batch.writeBigInt64BE(-1n, 43);
  batch.writeInt16BE(-1, 51);
  batch.writeInt32BE(-1, 53);
  batch.writeInt32BE(section.count, 57);
  section.bytes.copy(batch, HEADER_BYTES);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_END)), 17);
  return batch;
}

/** What is known of a record beyond its key and value before it is sent: its size in a batch. */
export function sizeInBatch(record: RecordToAppend): number {
  const { body } = recordBytes(record, 0x7fff);
  return varintBytes(body) + body;
}

export interface DecodedBatches {
  /** From `fromOffset` on, in order. */
  readonly records: readonly LogRecord[];
  /** Past the last whole batch, whether it held records or not; `fromOffset` if there was none. */
  readonly nextOffset: number;
  /** What was left because there were enough records: to be read from `nextOffset` on. */
  readonly undecoded?: Buffer;
}

export type Decompress = (codec: number, bytes: Buffer) => Promise<Buffer>;

/** A batch whose bytes are not those that were written. */
export class CorruptBatch extends Error {
  override readonly name = 'CorruptBatch';
}

/**
 * Reads what a fetch answered for one partition. The last batch may be cut off, and is left for the next
 * fetch; the first may begin before `fromOffset`. Stops behind the batch with which there are `recordsMax` records:
 * bytes that wait cost a tenth of what records do, which the collector would have to follow again and again.
 * @throws CorruptBatch if a checksum does not fit, or a batch is of another format
 */
export async function decodeBatches(
  bytes: Buffer,
  fromOffset: number,
  decompress: Decompress,
  recordsMax = Number.POSITIVE_INFINITY,
): Promise<DecodedBatches> {
  const records: LogRecord[] = [];
  let nextOffset = fromOffset;
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    if (records.length >= Math.max(1, recordsMax))
      return { records, nextOffset, undecoded: bytes.subarray(at) };
    const end = at + LENGTH_END + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const batch = bytes.subarray(at, end);
    const baseOffset = offsetAt(batch, 0);
    if (batch.readInt8(16) !== MAGIC) {
      throw new CorruptBatch(
        `the batch at offset ${baseOffset} is of format ${batch.readInt8(16)}, not ${MAGIC}`,
      );
    }
    if (crc32c(batch.subarray(CRC_END)) !== batch.readUInt32BE(17)) {
      throw new CorruptBatch(`the checksum of the batch at offset ${baseOffset} does not fit its bytes`);
    }
    const attributes = batch.readInt16BE(21);
    // Markers of transactions hold no record of ours.
    if ((attributes & CONTROL) === 0) {
      const codec = attributes & CODEC_MASK;
      const stored = batch.subarray(HEADER_BYTES);
      const section = codec === 0 ? stored : await decompress(codec, stored);
      readRecords(section, batch, baseOffset, fromOffset, records);
    }
    nextOffset = Math.max(nextOffset, baseOffset + batch.readInt32BE(23) + 1);
    at = end;
  }
  return { records, nextOffset };
}

function readRecords(
  section: Buffer,
  batch: Buffer,
  baseOffset: number,
  fromOffset: number,
  records: LogRecord[],
): void {
  const isAppendTime = (batch.readInt16BE(21) & LOG_APPEND_TIME) !== 0;
  const baseTimestamp = Number(batch.readBigInt64BE(27));
  const maxTimestamp = Number(batch.readBigInt64BE(35));
  const reader = new Reader(section);
  for (let left = batch.readInt32BE(57); left > 0; left--) {
    const end = reader.varint() + reader.at;
    reader.at += 1;
    const timestampDelta = reader.varlong();
    const offset = baseOffset + reader.varint();
    // The broker answers whole batches: the first may begin before what was asked for.
    if (offset >= fromOffset) {
      const key = reader.field();
      const value = reader.field();
      records.push({
        offset,
        key,
        value,
        headers: reader.headers(),
        appendedAtMs: isAppendTime ? maxTimestamp : baseTimestamp + timestampDelta,
      });
    }
    reader.at = end;
  }
}

class Reader {
  at = 0;
  constructor(private readonly bytes: Buffer) {}

  varint(): number {
    const byte = this.bytes[this.at]!;
    // Most lengths and deltas take one byte or two.
    if (byte < 0x80) {
      this.at += 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.varlong();
  }

  /** Exact up to 2^53. */
  varlong(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new CorruptBatch('a record ends before its fields do');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 0x80;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const begin = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw new CorruptBatch('a record ends before its fields do');
    return this.bytes.subarray(begin, this.at);
  }

  headers(): Record<string, string> {
    let left = this.varint();
    if (left <= 0) return noHeaders;
    const headers: Record<string, string> = {};
    for (; left > 0; left--) {
      const name = this.field()?.toString('utf8') ?? '';
      const value = this.field()?.toString('utf8') ?? '';
      // Assigning would make a header of this name the prototype of the object.
      if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true });
      else headers[name] = value;
    }
    return headers;
  }
}

const noHeaders: Record<string, string> = Object.freeze({}) as Record<string, string>;

function offsetAt(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

function recordBytes(
  record: RecordToAppend,
  index: number,
): { readonly body: number; readonly headers: readonly (readonly [Buffer, Buffer])[] } {
  const headers = Object.entries(record.headers ?? {}).map(
    ([name, value]) => [Buffer.from(name), Buffer.from(value)] as const,
  );
  let body = 2 + varintBytes(index) + fieldBytes(record.key) + fieldBytes(record.value);
  body += varintBytes(headers.length);
  for (const text of headers.flat()) body += fieldBytes(text);
  return { body, headers };
}

function fieldBytes(field: Uint8Array | null): number {
  return field === null ? 1 : varintBytes(field.length) + field.length;
}

function writeField(bytes: Buffer, at: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(bytes, at, -1);
  const begin = writeVarint(bytes, at, field.length);
  bytes.set(field, begin);
  return begin + field.length;
}

/** Zigzag, as Kafka writes every varint. Values are below 2^30 here. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = (value << 1) ^ (value >> 31);
  let next = at;
  while ((rest & ~0x7f) !== 0) {
    bytes[next++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[next++] = rest;
  return next;
}

function varintBytes(value: number): number {
  let rest = (value << 1) ^ (value >> 31);
  let count = 1;
  while ((rest & ~0x7f) !== 0) {
    count++;
    rest >>>= 7;
  }
  return count;
}
