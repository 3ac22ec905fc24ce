import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createPartDecoder, createWholeDecoder } from './part-decoder.js';

const part = fc.record({
  type: fc.constantFrom('a', 'b'),
  text: fc.string({ unit: 'grapheme', maxLength: 8 }),
  n: fc.integer(),
});
const lineBreak = fc.constantFrom('\n', '\r\n');

/** The forms in which parts come over HTTP. */
const bodies = fc.oneof(
  fc
    .record({
      parts: fc.array(part),
      end: lineBreak,
      before: fc.constantFrom('', 'event: a', ': é', 'id: 😀', 'retry: 7'),
      space: fc.constantFrom('', ' '),
      bom: fc.constantFrom('', '\uFEFF'),
    })
    .map(({ parts, end, before, space, bom }) => ({
      parts,
      body:
        bom +
        parts
          .map((one) => `${before && before + end}data:${space}${JSON.stringify(one)}${end}${end}`)
          .join('') +
        `data: [DONE]${end}${end}`,
    })),
  // One part on several lines.
  fc.record({ parts: fc.array(part), end: lineBreak }).map(({ parts, end }) => ({
    parts,
    body: parts
      .map((one) => {
        const lines = JSON.stringify(one, undefined, 1).split('\n');
        return lines.map((line) => `data: ${line}${end}`).join('') + end;
      })
      .join(''),
  })),
  fc
    .record({ parts: fc.array(part), end: lineBreak, isEnded: fc.boolean() })
    .map(({ parts, end, isEnded }) => ({
      parts,
      body: parts.map((one) => JSON.stringify(one)).join(end) + (isEnded ? end : ''),
    })),
  fc
    .record({ parts: fc.array(part, { minLength: 1 }), space: fc.constantFrom(0, 2) })
    .map(({ parts, space }) => ({
      parts,
      body: JSON.stringify(parts, undefined, space),
    })),
);

function decodeCut(bytes: Uint8Array, cuts: readonly number[]): unknown[] {
  const decoder = createPartDecoder();
  const parts: unknown[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    parts.push(...decoder.read(bytes.slice(from, from + cut)));
    from += cut;
  }
  return [...parts, ...decoder.end()];
}

describe('the parts of a body', () => {
  it('are the same, however its bytes are cut', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat({ max: 12 }), { maxLength: 200 }), ({ parts, body }, cuts) => {
        expect(decodeCut(new TextEncoder().encode(body), cuts)).toEqual(parts);
      }),
      { numRuns: 500 },
    );
  });

  it('are read from whatever comes, without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.array(fc.nat({ max: 50 })), (bytes, cuts) => {
        expect(Array.isArray(decodeCut(bytes, cuts))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('of a line beyond LINE_LENGTH_MAX are passed over, and what follows is read', () => {
    const decoder = createPartDecoder();
    const encoder = new TextEncoder();
    const readLine = (mebibytes: number): unknown[] => {
      const parts = [...decoder.read(encoder.encode('{"x":1,"text":"'))];
      const chunk = encoder.encode('x'.repeat(1024 * 1024));
      for (let mebibyte = 0; mebibyte < mebibytes; mebibyte++) parts.push(...decoder.read(chunk));
      parts.push(...decoder.read(encoder.encode('"}\n')));
      return parts.map((part) => (part as { x: unknown }).x);
    };
    expect(readLine(31)).toEqual([1]);
    expect(readLine(32)).toEqual([]);
    expect([...decoder.read(encoder.encode('{"a":1}\n'))]).toEqual([{ a: 1 }]);
  });
});

describe('a body that is one value', () => {
  it('is read at its end; what is no JSON has no parts', () => {
    const read = (text: string): unknown[] => {
      const decoder = createWholeDecoder((value) => [value]);
      for (const byte of new TextEncoder().encode(text))
        expect([...decoder.read(Uint8Array.of(byte))]).toEqual([]);
      return [...decoder.end()];
    };
    expect(read('{"é":"😀"}')).toEqual([{ é: '😀' }]);
    expect(read('{"é":')).toEqual([]);
  });

  it('has no parts if it is longer than BODY_LENGTH_MAX', () => {
    const read = (length: number): number => {
      const decoder = createWholeDecoder((value) => [value]);
      const chunk = new TextEncoder().encode(' '.repeat(1024 * 1024));
      for (let left = length - 7; left > 0; left -= chunk.length) {
        void decoder.read(chunk.subarray(0, Math.min(left, chunk.length)));
      }
      void decoder.read(new TextEncoder().encode('{"a":1}'));
      return [...decoder.end()].length;
    };
    expect([read(64 * 1024 * 1024), read(64 * 1024 * 1024 + 1)]).toEqual([1, 0]);
  });
});
