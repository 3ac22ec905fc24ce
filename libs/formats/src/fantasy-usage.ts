import type { Usage } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { presentCounts, tokenCountOf, tokenSumOf } from './token-counts.js';

/**
 * Token counts of fantasy, as neutral ones. The names are the same, but each provider of fantasy counts as its own
 * service does: some leave cached tokens out of the input, or reasoning out of the output. Where the numbers prove that,
 * they are put back in: the total counts them, or there are more of them than of what should hold them. Anthropic's input
 * never has them. A usage of nothing but zeros is what Go writes where there is none.
 *
 * @param isAnthropic whether Anthropic counted
 */
export function fantasyUsageOf(given: unknown, isAnthropic: boolean): Usage | undefined {
  const fields = fieldsOf(given);
  const input = tokenCountOf(fields['input_tokens']);
  const output = tokenCountOf(fields['output_tokens']);
  const total = tokenCountOf(fields['total_tokens']);
  const reasoning = tokenCountOf(fields['reasoning_tokens']);
  const created = tokenCountOf(fields['cache_creation_tokens']);
  const read = tokenCountOf(fields['cache_read_tokens']);
  const counts = [input, output, total, reasoning, created, read];
  if (counts.every((count) => count === undefined || count === 0)) return undefined;

  const cached = (created ?? 0) + (read ?? 0);
  const thought = reasoning ?? 0;
  const sum = (input ?? 0) + (output ?? 0);
  const isTotal = (more: number): boolean => more > 0 && total === sum + more;
  const isCachedApart =
    isAnthropic || cached > (input ?? 0) || isTotal(cached) || (cached > 0 && isTotal(cached + thought));
  const isReasoningApart =
    thought > (output ?? 0) || isTotal(thought) || (thought > 0 && isTotal(cached + thought));
  const apartOfInput = input !== undefined && isCachedApart ? cached : 0;
  const apartOfOutput = output !== undefined && isReasoningApart ? thought : 0;
  return presentCounts({
    input_tokens: tokenSumOf(input, apartOfInput === 0 ? undefined : apartOfInput),
    output_tokens: tokenSumOf(output, apartOfOutput === 0 ? undefined : apartOfOutput),
    total_tokens: total === sum ? tokenSumOf(total, apartOfInput, apartOfOutput) : total,
    reasoning_tokens: reasoning,
    cache_creation_tokens: created,
    cache_read_tokens: read,
  });
}
