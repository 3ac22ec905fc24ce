import { describe, expect, it } from '@jest/globals';
import { openaiChatUsageOf } from './openai-chat-usage.js';

describe('usage of chat completions', () => {
  it('is taken as it is where reasoning and cached tokens are counted in', () => {
    expect(
      openaiChatUsageOf({
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 30 },
      }),
    ).toEqual({
      input_tokens: 100,
      output_tokens: 50,
      total_tokens: 150,
      reasoning_tokens: 30,
      cache_read_tokens: 80,
      cache_creation_tokens: 5,
    });
  });

  it.each([
    [
      'the total says so',
      { completion_tokens: 5, total_tokens: 22 },
      { output_tokens: 12, total_tokens: 22 },
    ],
    [
      'there is more of it',
      { completion_tokens: 5, total_tokens: 15 },
      { output_tokens: 12, total_tokens: 22 },
    ],
  ])('has reasoning added that was left out: %s', (_name, given, expected) => {
    const usage = { prompt_tokens: 10, completion_tokens_details: { reasoning_tokens: 7 }, ...given };
    expect(openaiChatUsageOf(usage)).toEqual({ input_tokens: 10, reasoning_tokens: 7, ...expected });
  });

  it('has cached tokens added that were left out', () => {
    expect(
      openaiChatUsageOf({
        prompt_tokens: 3,
        completion_tokens: 1,
        total_tokens: 4,
        cache_read_input_tokens: 90,
        cache_creation_input_tokens: 7,
      }),
    ).toEqual({
      input_tokens: 100,
      output_tokens: 1,
      total_tokens: 101,
      cache_read_tokens: 90,
      cache_creation_tokens: 7,
    });
  });

  it.each([['prompt_cache_hit_tokens'], ['cached_tokens'], ['cache_read_input_tokens']])(
    'finds cached tokens in %s',
    (name) => {
      expect(openaiChatUsageOf({ prompt_tokens: 9, [name]: 4 })).toEqual({
        input_tokens: 9,
        cache_read_tokens: 4,
      });
    },
  );

  it.each([['cache_write_tokens'], ['cache_creation_tokens'], ['cache_creation_input_tokens']])(
    'finds tokens put into the cache in %s of the details',
    (name) => {
      expect(openaiChatUsageOf({ prompt_tokens_details: { [name]: 4 } })).toEqual({
        cache_creation_tokens: 4,
      });
    },
  );

  it('is nothing if no count is there', () => {
    for (const given of [undefined, null, 7, [], {}, { prompt_tokens: -1 }, { total_tokens: '9' }])
      expect(openaiChatUsageOf(given)).toBeUndefined();
  });
});
