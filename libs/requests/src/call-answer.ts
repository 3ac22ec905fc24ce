import type { JsonValue } from '@stepfold/events';
import type { Elided, ToolCallPart } from '@stepfold/fold';
import type { Call } from './chat-turns.js';

/** What a call of the client is answered with. */
export interface CallAnswer {
  readonly value: JsonValue;
  readonly isError: boolean;
}

/** Whether a call that never got a result is answered with an error, or left for whoever makes the request. */
export interface AnswerOptions {
  /**
   * `close` (default): every call has an answer, so that a provider takes the request as it is. `leave`: calls of the
   * last turn that have none stay open, for a caller who adds their results.
   */
  readonly unanswered?: 'close' | 'leave';
}

/** The answer of a call: its result, or an error that says why it has none. Undefined if it is to be left open. */
export function answerOf(call: Call, isLastTurn: boolean, options: AnswerOptions): CallAnswer | undefined {
  const { result, approval } = call;
  if (result !== undefined) {
    const value =
      result.result ?? (result.result_elided === undefined ? null : tooLarge(result.result_elided));
    return { value, isError: result.is_error === true };
  }
  if (approval?.state === 'denied') {
    return { value: approval.reason || 'the tool call was denied', isError: true };
  }
  if (isLastTurn && options.unanswered === 'leave') return undefined;
  return { value: 'the tool call never got a result', isError: true };
}

/** An answer as text: text as it is, anything else as JSON. Never empty, which some providers refuse of an error. */
export function answerText({ value, isError }: CallAnswer): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.trim() === '' && isError ? 'error' : text;
}

/**
 * The arguments of a call as JSON that any provider takes. What the model wrote that was no JSON is there under the name
 * that the AI SDK gives it.
 */
export function argumentsOf(part: ToolCallPart): JsonValue {
  if (part.args !== undefined) return part.args;
  const elided = part.args_elided ?? part.args_text_elided;
  if (elided !== undefined) return tooLarge(elided);
  return part.args_text === undefined ? {} : { rawInvalidInput: part.args_text };
}

/** The same as an object: some providers take no other arguments. */
export function argumentsObject(part: ToolCallPart): { readonly [key: string]: JsonValue } {
  const args = argumentsOf(part);
  return typeof args === 'object' && args !== null && !Array.isArray(args)
    ? (args as { readonly [key: string]: JsonValue })
    : { rawInvalidInput: args };
}

/** What stands in the place of a value that was too large for its message. */
function tooLarge({ bytes, sha256 }: Elided): JsonValue {
  return { $elided: { bytes, sha256 } };
}
