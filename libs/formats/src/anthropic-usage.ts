import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { presentCounts, tokenCountOf, tokenSumOf } from './token-counts.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Token counts of the Messages API as neutral ones. Anthropic's own input count leaves out what was read from the
 * cache and written to it, so these are added; its output count includes thinking.
 *
 * With `iterations` (compaction, advisor, loops of server tools) the counts beside them leave some of the work out,
 * compaction always: then the iterations of the model itself are added up, as the AI SDK does. Those of an advisor
 * are another model's. Where a fallback model served the answer, the counts beside the iterations are its own, and
 * they stand.
 *
 * @param given the `usage` of a message, with the last word of each field
 */
export function anthropicUsageOf(given: unknown): Usage | undefined {
  const usage = fieldsOf(given);
  const iterations = Array.isArray(usage['iterations']) ? usage['iterations'].map(fieldsOf) : [];
  const isFallback = iterations.some((iteration) => iteration['type'] === 'fallback_message');
  const own = iterations.filter(({ type }) => type === 'message' || type === 'compaction');
  const counted = isFallback || own.length === 0 ? [usage] : own;
  const sum = (name: string) => tokenSumOf(...counted.map((fields: Fields) => tokenCountOf(fields[name])));
  // Iterations of former betas did not tell about the cache.
  const cacheCreation =
    sum('cache_creation_input_tokens') ?? tokenCountOf(usage['cache_creation_input_tokens']);
  const cacheRead = sum('cache_read_input_tokens') ?? tokenCountOf(usage['cache_read_input_tokens']);
  const neutral = presentCounts({
    input_tokens: tokenSumOf(sum('input_tokens'), cacheCreation, cacheRead),
    output_tokens: sum('output_tokens'),
    reasoning_tokens: tokenCountOf(fieldsOf(usage['output_tokens_details'])['thinking_tokens']),
    cache_creation_tokens: cacheCreation,
    cache_read_tokens: cacheRead,
  });
  return Object.keys(neutral).length === 0 ? undefined : neutral;
}
