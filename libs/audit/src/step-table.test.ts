import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createStepTable } from './step-table.js';

const createSha256 = () => createHash('sha256');

describe('the table of steps', () => {
  it('holds what a map would hold', () => {
    const key = fc.nat({ max: 60 }).map((n) => `chat:${n}`);
    const value = fc.oneof(fc.nat({ max: 5 }), fc.constant(2 ** 32 - 2));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (entries) => {
        const table = createStepTable(createSha256);
        const map = new Map<string, number>();
        for (const [key, value] of entries) {
          expect(table.get(key)).toBe(map.get(key) ?? 0);
          table.set(key, value);
          map.set(key, value);
          expect(table.get(key)).toBe(value);
        }
        expect(table.size).toBe(map.size);
        for (const [key, value] of map) expect(table.get(key)).toBe(value);
      }),
    );
  });

  it('keeps everything while it grows', () => {
    const table = createStepTable(createSha256);
    const count = 20_000;
    for (let i = 0; i < count; i++) table.set(`chat-${i % 7}:step-${i}`, i);
    expect(table.size).toBe(count);
    for (let i = 0; i < count; i++) expect(table.get(`chat-${i % 7}:step-${i}`)).toBe(i);
    expect(table.get('chat-0:step-1')).toBe(0);
  });

  it('tells keys apart whose hashes begin at the same slot', () => {
    // A hash that is the same for all but in its third word.
    const table = createStepTable(() => {
      let text = '';
      return {
        update: (bytes) => (text = Buffer.from(bytes).toString()),
        digest: () => `${'0'.repeat(16)}${Number(text).toString(16).padStart(8, '0')}`,
      };
    });
    for (let i = 0; i < 500; i++) table.set(String(i), i + 1);
    for (let i = 0; i < 500; i++) expect(table.get(String(i))).toBe(i + 1);
    expect(table.get('500')).toBe(0);
  });
});
