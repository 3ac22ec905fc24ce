import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { plainText } from '../render/plain-text.js';
import { columnsOf } from '../render/text-columns.js';
import { createGatheredText } from './gathered-text.js';

const pieces = fc.array(
  fc.oneof(
    fc.constantFrom('word ', 'a', '\n', '  ', '\t', '\u001b[31m', '\ud83d', '\ude00', '👩‍👩‍👧', 'é'),
    fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\r', '')),
    fc.constant('x'.repeat(50)),
  ),
  { maxLength: 40 },
);

/** What is left of a text if blanks and breaks do not count. */
function letters(text: string): string {
  return plainText(text.toWellFormed()).replaceAll(/\s/g, '');
}

describe('text that is gathered into lines', () => {
  it('loses nothing of it but blanks, however it comes, and no line is too long', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 5, max: 30 }), fc.nat({ max: 5 }), (texts, width, every) => {
        const gathered = createGatheredText(width);
        const lines: string[] = [];
        for (const [i, text] of [...texts, '.'].entries()) {
          lines.push(...gathered.add(text));
          if (i % 6 === every) lines.push(...gathered.take());
        }
        lines.push(...gathered.take());
        expect(letters(lines.join('\n'))).toBe(letters([...texts, '.'].join('')));
        for (const line of lines) {
          expect(columnsOf(line)).toBeLessThanOrEqual(width);
          expect(line).toBe(plainText(line));
          expect(line).not.toContain('\n');
        }
      }),
    );
  });

  it('gives a line when it is full or ended, and what was begun when it is asked for', () => {
    const gathered = createGatheredText(10);
    expect(gathered.add('one ')).toEqual([]);
    expect(gathered.add('two ')).toEqual([]);
    expect(gathered.add('three ')).toEqual(['one two']);
    expect(gathered.add('four\r\nfi')).toEqual(['three four']);
    expect(gathered.take()).toEqual(['fi']);
    expect(gathered.isEmpty).toBe(true);
    expect(gathered.take()).toEqual([]);
  });

  it('keeps the half of a pair of surrogates until the other half is there', () => {
    const gathered = createGatheredText(10);
    gathered.add('a\ud83d');
    expect(gathered.take()).toEqual(['a']);
    gathered.add('\ude00');
    expect(gathered.take()).toEqual(['😀']);
  });

  it('gives up waiting for a line to fill of which nothing takes a column', () => {
    const text = createGatheredText(10);
    const given = Array.from({ length: 1_000 }, () => text.add('\u0301')).flat();
    expect(given.length).toBeGreaterThan(0);
    expect([...given, ...text.take()].join('')).toHaveLength(1_000);
  });
});
