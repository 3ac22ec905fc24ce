import { describe, expect, it } from '@jest/globals';
import { UsageError } from '@stepfold/runtime';
import type { RecordToAppend } from '../event-log.js';
import type { Suite } from './harness.js';
import { readAll, record, textsOf } from './records.js';

export function appendTests(suite: Suite): void {
  describe('append', () => {
    it('answers the offsets at which the records are then read', async () => {
      const range = await suite.log().append('events', 0, [record('a'), record('b'), record('c')]);
      expect(range.lastOffset).toBe(range.firstOffset + 2);
      const { records } = await suite.log().read('events', 0, range.firstOffset);
      expect(records.map(({ offset }) => offset - range.firstOffset)).toEqual([0, 1, 2]);
      expect(textsOf(records)).toEqual(['a', 'b', 'c']);
    });

    it('gives later records higher offsets', async () => {
      const first = await suite.log().append('events', 0, [record('a'), record('b')]);
      const second = await suite.log().append('events', 0, [record('c')]);
      expect(second.firstOffset).toBeGreaterThan(first.lastOffset);
      if (suite.capabilities.hasContiguousOffsets) expect(second.firstOffset).toBe(first.lastOffset + 1);
    });

    it('keeps partitions and topics apart', async () => {
      await suite.log().append('events', 0, [record('events 0')]);
      await suite.log().append('events', 1, [record('events 1')]);
      await suite.log().append('steps', 0, [record('steps 0')]);
      await suite.log().append('dead-letters', 1, [record('dead-letters 1')]);
      expect(textsOf(await readAll(suite.log(), 'events', 0))).toEqual(['events 0']);
      expect(textsOf(await readAll(suite.log(), 'events', 1))).toEqual(['events 1']);
      expect(textsOf(await readAll(suite.log(), 'steps', 0))).toEqual(['steps 0']);
      expect(textsOf(await readAll(suite.log(), 'steps', 1))).toEqual([]);
      expect(textsOf(await readAll(suite.log(), 'dead-letters', 1))).toEqual(['dead-letters 1']);
    });

    it('returns every byte of keys, values and headers, and tells empty from absent', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      const appended: RecordToAppend[] = [
        { key: bytes, value: bytes.toReversed() },
        { key: null, value: bytes },
        { key: bytes, value: null },
        { key: null, value: null },
        { key: new Uint8Array(0), value: new Uint8Array(0) },
        {
          key: bytes.subarray(1, 3),
          value: bytes.subarray(250),
          headers: { reason: 'bad-json', detail: '' },
        },
        { key: null, value: null, headers: { 'ünïcode-✓': '🙂 "quoted"\n' } },
        { key: null, value: bytes, headers: {} },
      ];
      await suite.log().append('dead-letters', 0, appended);
      const records = await readAll(suite.log(), 'dead-letters', 0);
      expect(records.map(comparable)).toEqual(appended.map(comparable));
    });

    it('takes what the buffers held when it was called, whatever becomes of them later', async () => {
      const value = Buffer.from('before');
      const appending = suite.log().append('events', 0, [{ key: null, value }]);
      value.write('after!');
      await appending;
      expect(textsOf(await readAll(suite.log(), 'events', 0))).toEqual(['before']);
    });

    it('stamps records with a time that never falls, and answers the same', async () => {
      const ranges = [];
      for (const text of ['a', 'b', 'c']) {
        ranges.push(await suite.log().append('events', 0, [record(text), record(text)]));
      }
      const stamps = (await readAll(suite.log(), 'events', 0)).map(({ appendedAtMs }) => appendedAtMs);
      expect(stamps).toEqual(ranges.flatMap(({ appendedAtMs }) => [appendedAtMs, appendedAtMs]));
      expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
      expect(stamps[0]).toBeGreaterThan(0);
    });

    it('interleaves whole calls of two clients, and loses and repeats nothing (1 partition)', async () => {
      const logs = [suite.log(), await suite.connect()];
      const ranges = await Promise.all(
        logs.map(async (log, writer) => {
          const ranges = [];
          for (let call = 0; call < 20; call++) {
            const records = Array.from({ length: 5 }, (_, i) => record(`${writer} ${call} ${i}`));
            ranges.push(await log.append('events', 0, records));
          }
          return ranges;
        }),
      );
      const read = await readAll(suite.log(), 'events', 0);
      expect(read).toHaveLength(200);
      const textAt = new Map(read.map((each, i) => [each.offset, textsOf(read)[i]]));
      for (const [writer, calls] of ranges.entries()) {
        for (const [call, { firstOffset, lastOffset }] of calls.entries()) {
          expect(lastOffset).toBe(firstOffset + 4);
          for (let i = 0; i < 5; i++) expect(textAt.get(firstOffset + i)).toBe(`${writer} ${call} ${i}`);
        }
      }
    });

    it('refuses a record that is too large, and appends nothing of that call', async () => {
      const before = await suite.log().append('events', 0, [record('before')]);
      const huge = { key: null, value: Buffer.alloc(suite.capabilities.refusedValueBytes) };
      const appending = suite.log().append('events', 0, [record('beside'), huge]);
      await expect(appending).rejects.toBeInstanceOf(UsageError);
      await expect(appending).rejects.toMatchObject({ code: 'event-oversize' });
      await suite.log().append('events', 0, [record('after')]);
      expect(textsOf(await readAll(suite.log(), 'events', 0, before.firstOffset))).toEqual([
        'before',
        'after',
      ]);
    });

    it('is seen by another client at once, and by one that comes when the first has gone', async () => {
      const writer = await suite.connect();
      const { firstOffset } = await writer.append('steps', 1, [record('kept')]);
      const reader = await suite.connect();
      expect(textsOf((await reader.read('steps', 1, firstOffset)).records)).toEqual(['kept']);
      await writer.close();
      await reader.close();
      const later = await suite.connect();
      expect(textsOf((await later.read('steps', 1, firstOffset)).records)).toEqual(['kept']);
      const next = await later.append('steps', 1, [record('next')]);
      expect(next.firstOffset).toBeGreaterThan(firstOffset);
    });
  });
}

function comparable({ key, value, headers }: RecordToAppend): unknown {
  const bytes = (field: Uint8Array | null): string | null =>
    field === null ? null : Buffer.from(field).toString('hex');
  return { key: bytes(key), value: bytes(value), headers: { ...headers } };
}
