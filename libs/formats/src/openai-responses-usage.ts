import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';

/**
 * Token counts of a response, `{input_tokens, input_tokens_details: {cached_tokens, cache_write_tokens},
 * output_tokens, output_tokens_details: {reasoning_tokens}, total_tokens}`, as neutral ones. OpenAI counts cached
 * tokens as input and reasoning as output, which is what the neutral counts say too; where the numbers of
 * another service prove that it leaves them out, they are put back in. Counts that are no whole numbers ≥ 0 are
 * left out; undefined if none remains.
 */
export function openaiResponsesUsageOf(given: unknown): Usage | undefined {
  const usage = fieldsOf(given);
  const input = countOf(usage['input_tokens']);
  const output = countOf(usage['output_tokens']);
  const total = countOf(usage['total_tokens']);
  const inputDetails = fieldsOf(usage['input_tokens_details']);
  const cacheRead = countOf(inputDetails['cached_tokens']);
  const reasoning = countOf(fieldsOf(usage['output_tokens_details'])['reasoning_tokens']);
  const cachedApart = cacheRead !== undefined && input !== undefined && cacheRead > input ? cacheRead : 0;
  const reasoningApart = isReasoningApart(input, output, total, reasoning) ? (reasoning ?? 0) : 0;
  const isTotalOfBoth = input !== undefined && output !== undefined && total === input + output;
  const counts = {
    input_tokens: input === undefined ? undefined : input + cachedApart,
    output_tokens: output === undefined ? undefined : output + reasoningApart,
    total_tokens: isTotalOfBoth ? total + cachedApart + reasoningApart : total,
    reasoning_tokens: reasoning,
    cache_creation_tokens: countOf(inputDetails['cache_write_tokens']),
    cache_read_tokens: cacheRead,
  };
  const present = Object.entries(counts).filter(([, count]) => count !== undefined);
  return present.length === 0 ? undefined : (Object.fromEntries(present) as Usage);
}

function isReasoningApart(
  input: number | undefined,
  output: number | undefined,
  total: number | undefined,
  reasoning = 0,
): boolean {
  if (output === undefined || reasoning === 0) return false;
  return reasoning > output || (input !== undefined && total === input + output + reasoning);
}

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
