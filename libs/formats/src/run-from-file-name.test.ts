import { describe, expect, it } from '@jest/globals';
import { isId } from '@stepfold/events';
import * as fc from 'fast-check';
import { runFromFileName } from './run-from-file-name.js';

describe('runFromFileName', () => {
  it.each([
    ['streams/v6/groq-text.full.jsonl', 'groq-text.full'],
    ['groq', 'groq'],
    ['-', 'stdin'],
    ['./-', '-'],
    ['my chat: 1.jsonl', 'my-chat--1'],
    ['.hidden.jsonl', '-hidden'],
    ['.jsonl', '-jsonl'],
    ['..x.jsonl', '-.x'],
    ['naïve💡\uD83D.jsonl', 'na-ve--'],
    ['a~b@c_d.jsonl', 'a~b@c_d'],
    ['ends.', 'ends'],
    ['', '-'],
  ])('makes of %j the run %j', (name, run) => {
    expect(runFromFileName(name)).toBe(run);
  });

  it('cuts a long name', () => {
    expect(runFromFileName(`${'x'.repeat(300)}.jsonl`)).toBe('x'.repeat(180));
    expect(runFromFileName(`${'💡'.repeat(300)}.jsonl`)).toBe('-'.repeat(180));
  });

  it('is an id, and leaves room for the number of a step', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        expect(isId(`${runFromFileName(name)}.999999999999999`)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
