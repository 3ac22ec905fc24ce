import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createJsonProgress } from './json-progress.js';

describe('the progress of JSON that arrives in pieces', () => {
  it('is whole with its last bracket, however it is cut, and not before', () => {
    const container = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(container, fc.array(fc.nat(20)), (value, lengths) => {
        const text = JSON.stringify(value);
        const progress = createJsonProgress();
        let from = 0;
        for (const length of [...lengths, text.length]) {
          if (from >= text.length) break;
          expect(progress.isWhole).toBe(false);
          progress.add(text.slice(from, from + length));
          from += length;
        }
        expect(progress.isWhole).toBe(true);
        progress.add(' \n');
        expect(progress.isWhole).toBe(true);
        progress.add('x');
        expect(progress.isWhole).toBe(false);
      }),
    );
  });

  it.each(['', ' ', '7', '"{}"', '}', '{}}', '{"a":"}', '{}{}', 'x{}'])('is not whole: %s', (text) => {
    const progress = createJsonProgress();
    progress.add(text);
    expect(progress.isWhole).toBe(false);
  });
});
