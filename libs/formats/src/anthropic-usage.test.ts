import { describe, expect, it } from '@jest/globals';
import { anthropicUsageOf } from './anthropic-usage.js';

describe('anthropicUsageOf', () => {
  it('counts cached tokens as input, and thinking as output', () => {
    expect(
      anthropicUsageOf({
        input_tokens: 5,
        cache_creation_input_tokens: 20,
        cache_read_input_tokens: 300,
        output_tokens: 9,
        output_tokens_details: { thinking_tokens: 4 },
      }),
    ).toEqual({
      input_tokens: 325,
      output_tokens: 9,
      reasoning_tokens: 4,
      cache_creation_tokens: 20,
      cache_read_tokens: 300,
    });
  });

  it('adds up what compaction and the model used, which the counts beside the iterations leave out', () => {
    const iteration = (type: string, input_tokens: number, output_tokens: number, cached = 0) => ({
      type,
      input_tokens,
      output_tokens,
      cache_read_input_tokens: cached,
      cache_creation_input_tokens: 0,
    });
    expect(
      anthropicUsageOf({
        input_tokens: 6,
        output_tokens: 28,
        cache_read_input_tokens: 40,
        cache_creation_input_tokens: 0,
        iterations: [
          iteration('compaction', 600, 5, 1),
          iteration('message', 6, 28, 40),
          iteration('advisor_message', 9_000, 900, 7),
        ],
      }),
    ).toEqual({ input_tokens: 647, output_tokens: 33, cache_creation_tokens: 0, cache_read_tokens: 41 });
  });

  it('takes the cache from beside iterations that do not tell about it', () => {
    expect(
      anthropicUsageOf({
        input_tokens: 6,
        output_tokens: 2,
        cache_read_input_tokens: 40,
        iterations: [{ type: 'message', input_tokens: 6, output_tokens: 2 }],
      }),
    ).toEqual({ input_tokens: 46, output_tokens: 2, cache_read_tokens: 40 });
  });

  it('takes the counts beside the iterations where a fallback model answered, or no iteration is its own', () => {
    const usage = { input_tokens: 412, output_tokens: 264 };
    const declined = { type: 'message', input_tokens: 408, output_tokens: 0 };
    expect(
      anthropicUsageOf({ ...usage, iterations: [declined, { type: 'fallback_message', ...usage }] }),
    ).toEqual(usage);
    expect(
      anthropicUsageOf({ ...usage, iterations: [{ type: 'advisor_message', input_tokens: 1 }] }),
    ).toEqual(usage);
  });

  it.each([[undefined], [null], ['many'], [{}], [{ input_tokens: -1, output_tokens: 1.5, iterations: 3 }]])(
    'is undefined without a count: %j',
    (given) => {
      expect(anthropicUsageOf(given)).toBeUndefined();
    },
  );
});
