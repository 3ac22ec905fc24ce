import type { FinishReason } from '@stepfold/events';

const known: ReadonlyMap<string, FinishReason> = new Map([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['model_length', 'length'],
  ['max_tokens', 'length'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['tool_use', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['sensitive', 'content-filter'],
  ['error', 'error'],
  ['network_error', 'error'],
]);

/** The neutral word for a `finish_reason` of chat completions and its dialects; `other` for what is not known here. */
export function openaiChatFinishReasonOf(finishReason: string): FinishReason {
  return known.get(finishReason.toLowerCase()) ?? 'other';
}
