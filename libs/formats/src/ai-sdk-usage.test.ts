import { describe, expect, it } from '@jest/globals';
import { aiSdkUsageOf } from './ai-sdk-usage.js';

describe('usage of the AI SDK', () => {
  const neutral = {
    input_tokens: 100,
    output_tokens: 20,
    total_tokens: 120,
    reasoning_tokens: 8,
    cache_creation_tokens: 30,
    cache_read_tokens: 40,
  };

  it('is neutral from versions 6 and 7', () => {
    const usage = {
      inputTokens: 100,
      inputTokenDetails: { noCacheTokens: 30, cacheReadTokens: 40, cacheWriteTokens: 30 },
      outputTokens: 20,
      outputTokenDetails: { textTokens: 12, reasoningTokens: 8 },
      totalTokens: 120,
      raw: { input_tokens: 1 },
    };
    expect(aiSdkUsageOf(usage)).toEqual(neutral);
    // Version 6 repeats some counts in the flat form.
    expect(aiSdkUsageOf({ ...usage, reasoningTokens: 9, cachedInputTokens: 9 })).toEqual(neutral);
  });

  it('is neutral from language models', () => {
    const { total_tokens: _total, ...rest } = neutral;
    expect(
      aiSdkUsageOf({
        inputTokens: { total: 100, noCache: 30, cacheRead: 40, cacheWrite: 30 },
        outputTokens: { total: 20, text: 12, reasoning: 8 },
      }),
    ).toEqual(rest);
  });

  it('is neutral from version 5', () => {
    expect(
      aiSdkUsageOf({
        inputTokens: 100,
        outputTokens: 20,
        totalTokens: 120,
        reasoningTokens: 8,
        cachedInputTokens: 40,
      }),
    ).toEqual({
      input_tokens: 100,
      output_tokens: 20,
      total_tokens: 120,
      reasoning_tokens: 8,
      cache_read_tokens: 40,
    });
  });

  it('of version 5 takes in the cached input that Anthropic counts apart', () => {
    const anthropic = {
      usage: { input_tokens: 10, cache_read_input_tokens: 40, cache_creation_input_tokens: 30 },
    };
    const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 40 };
    expect(aiSdkUsageOf(usage, { anthropic })).toEqual({
      input_tokens: 80,
      output_tokens: 5,
      total_tokens: 85,
      cache_creation_tokens: 30,
      cache_read_tokens: 40,
    });
    expect(aiSdkUsageOf(usage)).toMatchObject({ input_tokens: 50, total_tokens: 55 });
  });

  it('of version 5 takes in the reasoning that a provider counts apart', () => {
    const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 22, reasoningTokens: 7 };
    expect(aiSdkUsageOf(usage)).toMatchObject({ output_tokens: 12, total_tokens: 22, reasoning_tokens: 7 });
    expect(aiSdkUsageOf({ ...usage, totalTokens: 15 })).toMatchObject({
      output_tokens: 12,
      total_tokens: 22,
    });
    expect(aiSdkUsageOf({ outputTokens: 9, reasoningTokens: 7 })).toMatchObject({ output_tokens: 9 });
  });

  it('is absent where the source knows none', () => {
    expect(aiSdkUsageOf({ inputTokenDetails: {}, outputTokenDetails: {} })).toBeUndefined();
    expect(aiSdkUsageOf({ inputTokens: null, outputTokens: undefined })).toBeUndefined();
    expect([undefined, null, 7, []].map((given) => aiSdkUsageOf(given))).toEqual(Array(4).fill(undefined));
  });

  it('leaves out what is no count', () => {
    expect(
      aiSdkUsageOf({
        inputTokens: -1,
        outputTokens: 1.5,
        totalTokens: '3',
        reasoningTokens: 1e300,
        cachedInputTokens: 0,
      }),
    ).toEqual({ cache_read_tokens: 0 });
  });
});
