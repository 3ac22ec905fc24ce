import { UsageError } from '@stepfold/runtime';
import type { LogRecord, RecordHeaders, RecordToAppend } from '@stepfold/event-log';

/**
 * A record as it lies in the file:
 *
 * | bytes | what |
 * |---|---|
 * | 1 | flags: 1 a key follows, 2 a value follows, 4 headers follow |
 * | 6 | append time in milliseconds |
 * | 6 | bytes of frames that were appended to the partition before this one |
 * | 4 + n | the key, if there is one |
 * | 4 + n | the headers as a JSON object, if there are any |
 * | rest | the value, if there is one |
 *
 * The second number lets retention by size find its place by bisection, without reading what it deletes.
 */
const HAS_KEY = 1;
const HAS_VALUE = 2;
const HAS_HEADERS = 4;
const STAMP_AT = 1;
const BYTES_BEFORE_AT = 7;
const PREAMBLE_BYTES = 13;
const LENGTH_BYTES = 4;
const HIGH = 2 ** 32;

/**
 * Largest frame: what a record may have, framing included. LMDB's binding copies values below it, and
 * would hand out views of the mapped file above it.
 */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024 - 1;

const noHeaders: RecordHeaders = Object.freeze({});

/** Frames records, without the two numbers that are known only when they are written (`stampFrame`). */
export function encodeFrames(records: readonly RecordToAppend[]): Buffer[] {
  const headersOf = records.map(encodeHeaders);
  const sizes = records.map((record, i) => frameBytes(record, headersOf[i]));
  for (const [i, bytes] of sizes.entries()) {
    if (bytes > FRAME_BYTES_MAX) {
      throw new UsageError(
        'event-oversize',
        `record ${i} of ${records.length} takes ${bytes} bytes; the embedded log takes ${FRAME_BYTES_MAX}`,
      );
    }
  }
  // One allocation for all: the binding pins the memory until LMDB has copied it.
  const memory = Buffer.allocUnsafe(sizes.reduce((sum, bytes) => sum + bytes, 0));
  let at = 0;
  return records.map((record, i) => {
    const frame = memory.subarray(at, at + sizes[i]!);
    at += sizes[i]!;
    writeFrame(frame, record, headersOf[i]);
    return frame;
  });
}

/** Writes into a frame what is known only when its place in the partition is. */
export function stampFrame(frame: Buffer, appendedAtMs: number, bytesBefore: number): void {
  writeUInt48(frame, appendedAtMs, STAMP_AT);
  writeUInt48(frame, bytesBefore, BYTES_BEFORE_AT);
}

export function decodeFrame(frame: Buffer, offset: number): LogRecord {
  const flags = frame[0]!;
  let at = PREAMBLE_BYTES;
  let key: Uint8Array | null = null;
  let headers = noHeaders;
  if ((flags & HAS_KEY) !== 0) {
    const end = at + LENGTH_BYTES + frame.readUInt32BE(at);
    key = frame.subarray(at + LENGTH_BYTES, end);
    at = end;
  }
  if ((flags & HAS_HEADERS) !== 0) {
    const end = at + LENGTH_BYTES + frame.readUInt32BE(at);
    headers = JSON.parse(frame.toString('utf8', at + LENGTH_BYTES, end)) as RecordHeaders;
    at = end;
  }
  const value = (flags & HAS_VALUE) === 0 ? null : frame.subarray(at);
  return { offset, key, value, headers, appendedAtMs: frameStampMs(frame) };
}

export function frameStampMs(frame: Buffer): number {
  return readUInt48(frame, STAMP_AT);
}

export function frameBytesBefore(frame: Buffer): number {
  return readUInt48(frame, BYTES_BEFORE_AT);
}

function encodeHeaders(record: RecordToAppend): Buffer | undefined {
  if (record.headers === undefined || Object.keys(record.headers).length === 0) return undefined;
  return Buffer.from(JSON.stringify(record.headers));
}

function frameBytes(record: RecordToAppend, headers: Buffer | undefined): number {
  return (
    PREAMBLE_BYTES +
    (record.key === null ? 0 : LENGTH_BYTES + record.key.length) +
    (headers === undefined ? 0 : LENGTH_BYTES + headers.length) +
    (record.value === null ? 0 : record.value.length)
  );
}

function writeFrame(frame: Buffer, record: RecordToAppend, headers: Buffer | undefined): void {
  let flags = 0;
  let at = PREAMBLE_BYTES;
  if (record.key !== null) {
    flags |= HAS_KEY;
    at = writeField(frame, at, record.key);
  }
  if (headers !== undefined) {
    flags |= HAS_HEADERS;
    at = writeField(frame, at, headers);
  }
  if (record.value !== null) {
    flags |= HAS_VALUE;
    frame.set(record.value, at);
  }
  frame[0] = flags;
}

function writeField(frame: Buffer, at: number, bytes: Uint8Array): number {
  frame.writeUInt32BE(bytes.length, at);
  frame.set(bytes, at + LENGTH_BYTES);
  return at + LENGTH_BYTES + bytes.length;
}

function writeUInt48(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt16BE(Math.floor(value / HIGH), at);
  buffer.writeUInt32BE(value % HIGH, at + 2);
}

function readUInt48(buffer: Buffer, at: number): number {
  return buffer.readUInt16BE(at) * HIGH + buffer.readUInt32BE(at + 2);
}
