import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { beginsArray, createArrayReader } from './array-reader.js';
import { PART_LENGTH_MAX } from './part-reader.js';

function read(text: string) {
  const reader = createArrayReader();
  const reads = text.split('\n').map((line) => reader.read(line));
  return { reads, end: reader.end() };
}

describe('a file that is one JSON array', () => {
  it.each<[string, (parts: unknown[]) => string]>([
    ['in one line', (parts) => JSON.stringify(parts)],
    ['indented', (parts) => JSON.stringify(parts, null, 2)],
    ['with an element a line', (parts) => `[${parts.map((part) => JSON.stringify(part)).join('\n,\n')}\n]\n`],
  ])('gives every object of it: %s', (_name, write) => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1 }), (parts) => {
        const text = write(parts);
        expect(beginsArray(text.split('\n')[0]!)).toBe(true);
        const { reads, end } = read(text);
        expect(reads.flat()).toEqual(JSON.parse(text).map((part: unknown) => ({ kind: 'part', part })));
        expect(end).toEqual({ kind: 'framing' });
      }),
    );
  });

  it('gives an object in the line where it ends', () => {
    expect(read('[{"a":1},{\n"b":2}').reads.map((line) => line.length)).toEqual([1, 1]);
  });

  it('that is cut off gives what is whole, and counts the rest once', () => {
    expect(read('[{"a":"}"},\n{"b":')).toEqual({
      reads: [[{ kind: 'part', part: { a: '}' } }], []],
      end: { kind: 'unreadable' },
    });
  });

  it('counts what is no JSON, and passes over what is no object', () => {
    expect(read('[{a},7,"x",[{"b":1}]]').reads.flat()).toEqual([
      { kind: 'unreadable' },
      { kind: 'part', part: { b: 1 } },
    ]);
  });

  it('has no element of more than PART_LENGTH_MAX over several lines, and goes on behind one', () => {
    const readLines = (count: number): unknown[] => {
      const reader = createArrayReader();
      const line = `"${'x'.repeat(1024 * 1024)}",`;
      const reads = [...reader.read('[{"list":[')];
      for (let index = 0; index < count; index++) reads.push(...reader.read(line));
      reads.push(...reader.read('1]},'), ...reader.read('{"a":1}]'));
      return reads.map((read) => (read.kind === 'part' ? Object.keys(read.part) : read.kind));
    };
    const lines = PART_LENGTH_MAX / 1024 / 1024;
    expect(readLines(lines - 1)).toEqual([['list'], ['a']]);
    expect(readLines(lines)).toEqual(['unreadable', ['a']]);
  });

  it.each(['[INFO] started', '{"a":1}', 'data: [DONE]', '', '[1,2]'])('is none: %s', (line) => {
    expect(beginsArray(line)).toBe(false);
  });
});
