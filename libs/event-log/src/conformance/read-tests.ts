import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { RecordToAppend } from '../event-log.js';
import type { Suite } from './harness.js';
import { readAll, record, textsOf } from './records.js';

export function readTests(suite: Suite): void {
  describe('read and bounds', () => {
    it('find an empty partition empty', async () => {
      const { begin, end } = await suite.log().bounds('events', 1);
      expect(begin).toBe(end);
      const result = await suite.log().read('events', 1, end);
      expect(result).toEqual({ records: [], nextOffset: end, endOffset: end });
    });

    it('begin at the given offset, and say where to read on', async () => {
      const { firstOffset, lastOffset } = await suite.log().append('events', 0, ['a', 'b', 'c'].map(record));
      const result = await suite.log().read('events', 0, firstOffset + 1);
      expect(textsOf(result.records)).toEqual(['b', 'c']);
      expect(result.nextOffset).toBeGreaterThan(lastOffset);
      expect(result.endOffset).toBeGreaterThanOrEqual(result.nextOffset);
      const rest = await suite.log().read('events', 0, result.nextOffset);
      expect(rest.records).toEqual([]);
    });

    it('agree about the end', async () => {
      const { firstOffset, lastOffset } = await suite.log().append('events', 0, ['a', 'b'].map(record));
      const bounds = await suite.log().bounds('events', 0);
      expect(bounds.begin).toBeLessThanOrEqual(firstOffset);
      expect(bounds.end).toBeGreaterThan(lastOffset);
      expect((await suite.log().read('events', 0, firstOffset)).endOffset).toBe(bounds.end);
      if (suite.capabilities.hasContiguousOffsets) expect(bounds).toEqual({ begin: 0, end: 2 });
    });

    it('give no more records than asked for', async () => {
      await suite.log().append('events', 0, ['a', 'b', 'c', 'd', 'e'].map(record));
      const first = await suite.log().read('events', 0, 0, { recordsMax: 2 });
      expect(textsOf(first.records)).toEqual(['a', 'b']);
      const second = await suite.log().read('events', 0, first.nextOffset, { recordsMax: 2 });
      expect(textsOf(second.records)).toEqual(['c', 'd']);
      expect(second.endOffset).toBeGreaterThan(second.nextOffset);
    });

    it('stop near the limit of bytes, but give at least one record', async () => {
      const texts = Array.from({ length: 10 }, (_, i) => String(i).repeat(10_000));
      await suite.log().append('events', 0, texts.map(record));
      const some = await suite.log().read('events', 0, 0, { bytesMax: 25_000 });
      expect(some.records.length).toBeGreaterThanOrEqual(1);
      expect(some.records.length).toBeLessThanOrEqual(4);
      const one = await suite.log().read('events', 0, some.nextOffset, { bytesMax: 1 });
      expect(textsOf(one.records)).toEqual([texts[some.records.length]]);
      expect(textsOf(await readAll(suite.log(), 'events', 0, 0, { bytesMax: 25_000 }))).toEqual(texts);
    });

    it('disturb no group', async () => {
      await suite.log().append('events', 0, [record('a')]);
      await readAll(suite.log(), 'events', 0);
      expect(await suite.log().committed('bystander', 'events', 0)).toBeUndefined();
    });

    it('return whatever was appended, in order, whatever the batches and limits', async () => {
      const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
      const batches = fc.array(
        fc.array(fc.record({ key: bytes, value: bytes }), { minLength: 1, maxLength: 8 }),
        {
          minLength: 1,
          maxLength: 5,
        },
      );
      const limits = fc.record({
        recordsMax: fc.integer({ min: 1, max: 10 }),
        bytesMax: fc.integer({ min: 1, max: 2_000 }),
      });
      await fc.assert(
        fc.asyncProperty(batches, limits, async (batches, limits) => {
          const log = suite.log();
          const { end } = await log.bounds('events', 0);
          for (const batch of batches) await log.append('events', 0, batch);
          const records = await readAll(log, 'events', 0, end, limits);
          expect(records.map(hex)).toEqual(batches.flat().map(hex));
          const offsets = records.map(({ offset }) => offset);
          expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
        }),
        { numRuns: 30 },
      );
    });
  });
}

function hex({ key, value }: RecordToAppend): string {
  const text = (field: Uint8Array | null): string =>
    field === null ? 'none' : Buffer.from(field).toString('hex');
  return `${text(key)} ${text(value)}`;
}
