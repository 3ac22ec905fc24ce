import { describe, expect, it } from '@jest/globals';
import { openaiResponsesUsageOf } from './openai-responses-usage.js';

describe('usage of a response', () => {
  const usage = (input: number, cached: number, output: number, reasoning: number, total: number) => ({
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: total,
  });
  const counts = (given: unknown) => {
    const { input_tokens, output_tokens, total_tokens } = openaiResponsesUsageOf(given) ?? {};
    return [input_tokens, output_tokens, total_tokens];
  };

  it('counts cached tokens as input and reasoning as output, as the service does', () => {
    expect(openaiResponsesUsageOf(usage(100, 40, 20, 8, 120))).toEqual({
      input_tokens: 100,
      output_tokens: 20,
      total_tokens: 120,
      reasoning_tokens: 8,
      cache_read_tokens: 40,
    });
    expect(openaiResponsesUsageOf({ input_tokens_details: { cache_write_tokens: 3 } })).toEqual({
      cache_creation_tokens: 3,
    });
  });

  it('puts back in what the numbers prove to be left out', () => {
    // More cached than there is input.
    expect(counts(usage(10, 40, 20, 8, 30))).toEqual([50, 20, 70]);
    // More reasoning than there is output.
    expect(counts(usage(100, 0, 5, 8, 105))).toEqual([100, 13, 113]);
    // A total that has it apart.
    expect(counts(usage(100, 0, 20, 8, 128))).toEqual([100, 28, 128]);
    expect(counts(usage(100, 0, 20, 8, 120))).toEqual([100, 20, 120]);
  });

  it('leaves out what is no count, and is none without counts', () => {
    expect(
      openaiResponsesUsageOf({ input_tokens: '3', output_tokens: -1, total_tokens: 1.5 }),
    ).toBeUndefined();
    expect(openaiResponsesUsageOf(null)).toBeUndefined();
    expect(openaiResponsesUsageOf({ input_tokens: 0 })).toEqual({ input_tokens: 0 });
  });
});
