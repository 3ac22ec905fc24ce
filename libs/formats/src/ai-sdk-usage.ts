import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { isReasoningApart, presentCounts, tokenCountOf } from './token-counts.js';

/**
 * Token counts of the AI SDK in any of its three shapes, as neutral ones: input includes cached tokens, output
 * includes reasoning. Counts that are no whole numbers ≥ 0 are left out; undefined if none remains.
 *
 * - AI SDK 6 and 7: `{inputTokens, inputTokenDetails: {cacheReadTokens, cacheWriteTokens}, outputTokens,
 *   outputTokenDetails: {reasoningTokens}, totalTokens}`
 * - language models V3 and V4: `{inputTokens: {total, cacheRead, cacheWrite}, outputTokens: {total, reasoning}}`
 * - AI SDK 5 and language model V2, flat: `{inputTokens, outputTokens, totalTokens, reasoningTokens,
 *   cachedInputTokens}`. There each provider counts as its own service does, and some leave cached tokens out of
 *   the input or reasoning out of the output; where the numbers prove that, they are put back in.
 *
 * @param providerMetadata of the same part: for AI SDK 5 and Anthropic it holds the counts of the service
 */
export function aiSdkUsageOf(given: unknown, providerMetadata?: unknown): Usage | undefined {
  const usage = fieldsOf(given);
  const input = fieldsOf(usage['inputTokens']);
  const output = fieldsOf(usage['outputTokens']);
  const inputDetails = fieldsOf(usage['inputTokenDetails']);
  const outputDetails = fieldsOf(usage['outputTokenDetails']);
  const neutral: Usage = presentCounts({
    input_tokens: tokenCountOf(usage['inputTokens']) ?? tokenCountOf(input['total']),
    output_tokens: tokenCountOf(usage['outputTokens']) ?? tokenCountOf(output['total']),
    total_tokens: tokenCountOf(usage['totalTokens']),
    reasoning_tokens:
      tokenCountOf(outputDetails['reasoningTokens']) ??
      tokenCountOf(output['reasoning']) ??
      tokenCountOf(usage['reasoningTokens']),
    cache_creation_tokens:
      tokenCountOf(inputDetails['cacheWriteTokens']) ?? tokenCountOf(input['cacheWrite']),
    cache_read_tokens:
      tokenCountOf(inputDetails['cacheReadTokens']) ??
      tokenCountOf(input['cacheRead']) ??
      tokenCountOf(usage['cachedInputTokens']),
  });
  const isFlat =
    typeof usage['inputTokens'] !== 'object' &&
    usage['inputTokenDetails'] === undefined &&
    usage['outputTokenDetails'] === undefined;
  const whole = isFlat ? completed(neutral, providerMetadata) : neutral;
  return Object.keys(whole).length === 0 ? undefined : whole;
}

function completed(usage: Usage, providerMetadata: unknown): Usage {
  const { input_tokens: input, output_tokens: output, total_tokens: total } = usage;
  const reasoning = usage.reasoning_tokens ?? 0;
  const anthropic = fieldsOf(fieldsOf(fieldsOf(providerMetadata)['anthropic'])['usage']);
  const cacheRead = usage.cache_read_tokens ?? tokenCountOf(anthropic['cache_read_input_tokens']);
  const cacheCreation = tokenCountOf(anthropic['cache_creation_input_tokens']);
  let cachedApart = 0;
  if (input !== undefined) {
    // Anthropic's own input count leaves out what was cached; more cached than there is input says the same.
    if (tokenCountOf(anthropic['input_tokens']) === input)
      cachedApart = (cacheRead ?? 0) + (cacheCreation ?? 0);
    else if (cacheRead !== undefined && cacheRead > input) cachedApart = cacheRead;
  }
  const reasoningApart = isReasoningApart({ input, output, total, reasoning }) ? reasoning : 0;
  const isTotalOfBoth = input !== undefined && output !== undefined && total === input + output;
  return presentCounts({
    ...usage,
    input_tokens: input === undefined ? undefined : input + cachedApart,
    output_tokens: output === undefined ? undefined : output + reasoningApart,
    total_tokens: isTotalOfBoth ? total + cachedApart + reasoningApart : total,
    cache_creation_tokens: cacheCreation,
    cache_read_tokens: cacheRead,
  });
}
