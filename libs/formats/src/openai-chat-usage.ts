import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { isReasoningApart, presentCounts, tokenCountOf, tokenSumOf } from './token-counts.js';

/**
 * The `usage` of chat completions as neutral counts: input includes cached tokens, output includes reasoning.
 * Undefined if no count is there.
 *
 * Most services count as OpenAI does. Some leave reasoning out of the completion (xAI: the total is then the sum of
 * all three) or cached tokens out of the prompt (more is cached than there is prompt): these are put back in. Counts of
 * cached tokens stand in the details of the prompt, or beside it (DeepSeek `prompt_cache_hit_tokens`, Moonshot
 * `cached_tokens`, gateways to Anthropic `cache_creation_input_tokens`).
 */
export function openaiChatUsageOf(given: unknown): Usage | undefined {
  const usage = fieldsOf(given);
  const promptDetails = fieldsOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details']);
  const completionDetails = fieldsOf(usage['completion_tokens_details'] ?? usage['output_tokens_details']);
  const input = firstCount(usage['prompt_tokens'], usage['input_tokens']);
  const output = firstCount(usage['completion_tokens'], usage['output_tokens']);
  const total = tokenCountOf(usage['total_tokens']);
  const reasoning = firstCount(completionDetails['reasoning_tokens'], usage['reasoning_tokens']);
  const cacheRead = firstCount(
    promptDetails['cached_tokens'],
    usage['prompt_cache_hit_tokens'],
    usage['cached_tokens'],
    usage['cache_read_input_tokens'],
  );
  const cacheCreation = firstCount(
    promptDetails['cache_write_tokens'],
    promptDetails['cache_creation_tokens'],
    promptDetails['cache_creation_input_tokens'],
    usage['cache_creation_input_tokens'],
  );
  const reasoningApart = isReasoningApart({ input, output, total, reasoning }) ? reasoning : undefined;
  const isCacheApart = input !== undefined && cacheRead !== undefined && cacheRead > input;
  const wholeOutput = tokenSumOf(output, reasoningApart);
  const wholeInput = isCacheApart ? tokenCountOf(input + cacheRead + (cacheCreation ?? 0)) : input;
  const isTotalOfBoth = input !== undefined && output !== undefined && total === input + output;
  const counts = presentCounts({
    input_tokens: wholeInput,
    output_tokens: wholeOutput,
    total_tokens: isTotalOfBoth ? tokenCountOf((wholeInput ?? input) + (wholeOutput ?? output)) : total,
    reasoning_tokens: reasoning,
    cache_creation_tokens: cacheCreation,
    cache_read_tokens: cacheRead,
  });
  return Object.keys(counts).length === 0 ? undefined : counts;
}

function firstCount(...given: readonly unknown[]): number | undefined {
  return given.map(tokenCountOf).find((count) => count !== undefined);
}
