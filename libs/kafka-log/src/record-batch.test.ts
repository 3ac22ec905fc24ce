import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { RecordToAppend } from '@stepfold/event-log';
import { crc32c } from './crc32c.js';
import { CorruptBatch, decodeBatches, encodeBatch, encodeRecords, sizeInBatch } from './record-batch.js';

const NOW_MS = 1_800_000_000_000;
const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;

interface BatchFields {
  readonly baseOffset?: number;
  /** Offsets that the batch covers; as many as its records unless it was compacted. */
  readonly span?: number;
  readonly attributes?: number;
  readonly maxTimestampMs?: number;
}

/** A batch as a broker would store it: with an offset, and what it sets in the header. */
function stored(records: readonly RecordToAppend[], fields: BatchFields = {}): Buffer {
  const batch = encodeBatch(encodeRecords(records), 0, NOW_MS);
  batch.writeBigInt64BE(BigInt(fields.baseOffset ?? 0), 0);
  batch.writeInt16BE(fields.attributes ?? 0, 21);
  batch.writeInt32BE((fields.span ?? records.length) - 1, 23);
  batch.writeBigInt64BE(BigInt(fields.maxTimestampMs ?? NOW_MS), 35);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

const record = (text: string): RecordToAppend => ({ key: null, value: Buffer.from(text) });
const noCodec = (): Promise<Buffer> => Promise.reject(new Error('nothing is compressed'));
const textsOf = ({ records }: { records: readonly { value: Uint8Array | null }[] }): string[] =>
  records.map(({ value }) => Buffer.from(value ?? []).toString());

describe('a batch of records', () => {
  it('gives back what was put in, whatever it is', async () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
    const headers = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
      maxKeys: 3,
    });
    const records = fc.array(fc.record({ key: bytes, value: bytes, headers }), {
      minLength: 1,
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 0, max: 2 ** 52 }), async (records, baseOffset) => {
        const decoded = await decodeBatches(stored(records, { baseOffset }), baseOffset, noCodec);
        expect(
          decoded.records.map(({ key, value, headers }) => ({ key: hex(key), value: hex(value), headers })),
        ).toEqual(
          records.map(({ key, value, headers }) => ({
            key: hex(key),
            value: hex(value),
            headers: { ...headers },
          })),
        );
        expect(decoded.records.map(({ offset }) => offset)).toEqual(records.map((_, i) => baseOffset + i));
        expect(decoded.nextOffset).toBe(baseOffset + records.length);
      }),
      { numRuns: 60 },
    );
  });

  it('takes no more bytes than were counted for it', () => {
    const big = { key: Buffer.alloc(200), value: Buffer.alloc(70_000), headers: { name: 'x'.repeat(300) } };
    for (const records of [[record('')], [big], [big, record('a'), big]]) {
      const counted = records.reduce((sum, each) => sum + sizeInBatch(each), 0);
      expect(encodeRecords(records).bytes.length).toBeLessThanOrEqual(counted);
      expect(encodeRecords(records).bytes.length).toBeGreaterThan(counted - 3 * records.length);
    }
  });

  it('carries the time of the log if the topic says so, else that of the record', async () => {
    const appended = stored([record('a')], { attributes: LOG_APPEND_TIME, maxTimestampMs: NOW_MS + 77 });
    expect((await decodeBatches(appended, 0, noCodec)).records[0]?.appendedAtMs).toBe(NOW_MS + 77);
    const created = stored([record('a')], { maxTimestampMs: NOW_MS + 77 });
    expect((await decodeBatches(created, 0, noCodec)).records[0]?.appendedAtMs).toBe(NOW_MS);
  });
});

describe('several batches', () => {
  const three = [
    stored(['a', 'b'].map(record), { baseOffset: 10 }),
    stored(['c', 'd'].map(record), { baseOffset: 12 }),
    stored(['e'].map(record), { baseOffset: 14 }),
  ];

  it('are read from the offset that was asked for, also in the middle of the first', async () => {
    const decoded = await decodeBatches(Buffer.concat(three), 11, noCodec);
    expect(textsOf(decoded)).toEqual(['b', 'c', 'd', 'e']);
    expect(decoded.nextOffset).toBe(15);
  });

  it('are read up to where an answer was cut off, at whatever byte', async () => {
    const whole = Buffer.concat(three);
    const ends = [0, three[0]!.length, three[0]!.length + three[1]!.length, whole.length];
    for (let length = 0; length <= whole.length; length++) {
      const count = ends.filter((end) => end > 0 && end <= length).length;
      const decoded = await decodeBatches(whole.subarray(0, length), 10, noCodec);
      expect(decoded.nextOffset).toBe([10, 12, 14, 15][count]);
      expect(decoded.records).toHaveLength([0, 2, 4, 5][count]!);
    }
  });

  it('are left as they are behind the one with which there are enough records, and read later', async () => {
    const whole = Buffer.concat(three);
    const decoded = await decodeBatches(whole, 11, noCodec, 2);
    expect([textsOf(decoded), decoded.nextOffset]).toEqual([['b', 'c', 'd'], 14]);
    const later = await decodeBatches(decoded.undecoded!, 14, noCodec, 2);
    expect([textsOf(later), later.nextOffset, later.undecoded]).toEqual([['e'], 15, undefined]);
    // One record at least, or nobody would ever get on.
    expect(textsOf(await decodeBatches(whole, 10, noCodec, 0))).toEqual(['a', 'b']);
  });

  it('move on past one that compaction has left empty (C9)', async () => {
    const empty = stored([], { baseOffset: 12, span: 5 });
    const decoded = await decodeBatches(Buffer.concat([three[0]!, empty]), 10, noCodec);
    expect(textsOf(decoded)).toEqual(['a', 'b']);
    expect(decoded.nextOffset).toBe(17);
    expect(await decodeBatches(empty, 12, noCodec)).toEqual({ records: [], nextOffset: 17 });
  });

  it('move on past markers of transactions, and give their bytes to nobody', async () => {
    const marker = stored([{ key: Buffer.from([0, 0, 0, 0]), value: Buffer.alloc(6) }], {
      baseOffset: 12,
      attributes: CONTROL,
    });
    const decoded = await decodeBatches(Buffer.concat([three[0]!, marker]), 10, noCodec);
    expect(textsOf(decoded)).toEqual(['a', 'b']);
    expect(decoded.nextOffset).toBe(13);
  });

  it('keep a record whose key is four zeros (C2)', async () => {
    const zeros = stored([{ key: Buffer.alloc(4), value: Buffer.from('kept') }]);
    expect(textsOf(await decodeBatches(zeros, 0, noCodec))).toEqual(['kept']);
  });
});

describe('damaged bytes', () => {
  it('are refused wherever a bit has changed behind the checksum (C10)', async () => {
    const whole = stored(['a', 'b'].map(record), { baseOffset: 10 });
    for (let at = 21; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      await expect(decodeBatches(damaged, 10, noCodec)).rejects.toBeInstanceOf(CorruptBatch);
    }
  });

  it('are refused if the batch is of an older format', async () => {
    const old = stored([record('a')]);
    old.writeInt8(1, 16);
    await expect(decodeBatches(old, 0, noCodec)).rejects.toThrow(/format 1/);
  });

  it('never end in anything but a refusal, even with a checksum that fits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 0, max: 100 }),
        async (noise, count) => {
          const batch = encodeBatch({ bytes: Buffer.from(noise), count }, 0, NOW_MS);
          await decodeBatches(batch, 0, noCodec).catch((error: unknown) => {
            expect(error).toBeInstanceOf(CorruptBatch);
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}
