import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { presentCounts, tokenCountOf, tokenSumOf } from './token-counts.js';

/**
 * A `usageMetadata` of Gemini as neutral counts; undefined if no count is there. The prompt includes what was cached;
 * the candidates leave thoughts out, and what a tool put into the prompt is counted apart.
 */
export function googleUsageOf(given: unknown): Usage | undefined {
  const usage = fieldsOf(given);
  const thoughts = tokenCountOf(usage['thoughtsTokenCount']);
  const counts = presentCounts({
    input_tokens: tokenSumOf(
      tokenCountOf(usage['promptTokenCount']),
      tokenCountOf(usage['toolUsePromptTokenCount']),
    ),
    output_tokens: tokenSumOf(tokenCountOf(usage['candidatesTokenCount']), thoughts),
    total_tokens: tokenCountOf(usage['totalTokenCount']),
    reasoning_tokens: thoughts,
    cache_read_tokens: tokenCountOf(usage['cachedContentTokenCount']),
  });
  return Object.keys(counts).length === 0 ? undefined : counts;
}
