import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { isReasoningApart, presentCounts, tokenCountOf } from './token-counts.js';

/**
 * Token counts of a response, `{input_tokens, input_tokens_details: {cached_tokens, cache_write_tokens},
 * output_tokens, output_tokens_details: {reasoning_tokens}, total_tokens}`, as neutral ones. OpenAI counts cached
 * tokens as input and reasoning as output, which is what the neutral counts say too; where the numbers of
 * another service prove that it leaves them out, they are put back in. Counts that are no whole numbers ≥ 0 are
 * left out; undefined if none remains.
 */
export function openaiResponsesUsageOf(given: unknown): Usage | undefined {
  const usage = fieldsOf(given);
  const input = tokenCountOf(usage['input_tokens']);
  const output = tokenCountOf(usage['output_tokens']);
  const total = tokenCountOf(usage['total_tokens']);
  const inputDetails = fieldsOf(usage['input_tokens_details']);
  const cacheRead = tokenCountOf(inputDetails['cached_tokens']);
  const reasoning = tokenCountOf(fieldsOf(usage['output_tokens_details'])['reasoning_tokens']);
  const cachedApart = cacheRead !== undefined && input !== undefined && cacheRead > input ? cacheRead : 0;
  const reasoningApart = isReasoningApart({ input, output, total, reasoning }) ? (reasoning ?? 0) : 0;
  const isTotalOfBoth = input !== undefined && output !== undefined && total === input + output;
  const counts = presentCounts({
    input_tokens: input === undefined ? undefined : input + cachedApart,
    output_tokens: output === undefined ? undefined : output + reasoningApart,
    total_tokens: isTotalOfBoth ? total + cachedApart + reasoningApart : total,
    reasoning_tokens: reasoning,
    cache_creation_tokens: tokenCountOf(inputDetails['cache_write_tokens']),
    cache_read_tokens: cacheRead,
  });
  return Object.keys(counts).length === 0 ? undefined : counts;
}
