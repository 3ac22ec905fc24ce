import { describe, expect, it } from '@jest/globals';
import { fantasyUsageOf } from './fantasy-usage.js';

const usage = (input: number, output: number, total: number, reasoning = 0, created = 0, read = 0) => ({
  input_tokens: input,
  output_tokens: output,
  total_tokens: total,
  reasoning_tokens: reasoning,
  cache_creation_tokens: created,
  cache_read_tokens: read,
});

describe('token counts of fantasy', () => {
  it('are taken as they are where nothing is left out', () => {
    const given = usage(10, 5, 15, 2, 0, 4);
    expect(fantasyUsageOf(given, false)).toEqual(given);
  });

  it('are none where all are zero, or nothing is a count', () => {
    expect(fantasyUsageOf(usage(0, 0, 0), false)).toBeUndefined();
    expect(fantasyUsageOf({ input_tokens: -1, output_tokens: 'x' }, false)).toBeUndefined();
    expect(fantasyUsageOf(null, true)).toBeUndefined();
  });

  it('get cached tokens back into the input where the total, or their number, proves that they are out', () => {
    expect(fantasyUsageOf(usage(10, 5, 19, 0, 0, 4), false)).toEqual(usage(14, 5, 19, 0, 0, 4));
    expect(fantasyUsageOf(usage(2, 5, 7, 0, 3, 4), false)).toEqual(usage(9, 5, 14, 0, 3, 4));
  });

  it('get cached tokens back into the input where Anthropic counted, and into a total of both', () => {
    expect(fantasyUsageOf(usage(10, 5, 15, 0, 3, 4), true)).toEqual(usage(17, 5, 22, 0, 3, 4));
  });

  it('get reasoning back into the output where the total, or its number, proves that it is out', () => {
    expect(fantasyUsageOf(usage(10, 5, 18, 3), false)).toEqual(usage(10, 8, 18, 3));
    expect(fantasyUsageOf(usage(10, 5, 15, 6), false)).toEqual(usage(10, 11, 21, 6));
    expect(fantasyUsageOf(usage(10, 5, 22, 3, 0, 4), false)).toEqual(usage(14, 8, 22, 3, 0, 4));
  });
});
