import type { FinishReason } from '@stepfold/events';

const known: ReadonlyMap<string, FinishReason> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  // Not the end of the turn: the next request goes on with it. The raw reason says so.
  ['pause_turn', 'stop'],
  ['tool_use', 'tool-calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content-filter'],
]);

/** The neutral word for a `stop_reason` of the Messages API; `other` for `compaction` and what is not known here. */
export function anthropicFinishReasonOf(stopReason: string): FinishReason {
  return known.get(stopReason) ?? 'other';
}
