import type { FinishReason } from '@stepfold/events';

const known: ReadonlyMap<string, FinishReason> = new Map([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content-filter'],
  ['RECITATION', 'content-filter'],
  ['BLOCKLIST', 'content-filter'],
  ['PROHIBITED_CONTENT', 'content-filter'],
  ['SPII', 'content-filter'],
  ['IMAGE_SAFETY', 'content-filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content-filter'],
  ['IMAGE_RECITATION', 'content-filter'],
  ['MALFORMED_FUNCTION_CALL', 'error'],
]);

/**
 * The neutral word for a `finishReason` of Gemini; `other` for what is not known here. It says STOP of a response that
 * asks for tools, too.
 */
export function googleFinishReasonOf(finishReason: string, hasCalls: boolean): FinishReason {
  const reason = known.get(finishReason) ?? 'other';
  return reason === 'stop' && hasCalls ? 'tool-calls' : reason;
}
