import type { FinishReason } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { textOf } from './json-of.js';

/** How a response ended, from the event that ended it. */
export type ResponseEnd = 'finished' | 'failed' | 'cancelled';

/** What the last event of a response says: its type, and the status of the response in it. */
export function responseEndOf(type: string, response: Readonly<Record<string, unknown>>): ResponseEnd {
  if (type === 'response.failed' || response['status'] === 'failed') return 'failed';
  return type === 'response.cancelled' || response['status'] === 'cancelled' ? 'cancelled' : 'finished';
}

/**
 * The finish reason of a response. What cut it short counts first; a response that is whole ended for its tool
 * calls if the client has one to run.
 */
export function openaiResponsesFinishReasonOf(
  type: string,
  response: Readonly<Record<string, unknown>>,
  hasClientCall: boolean,
): { readonly finishReason: FinishReason; readonly rawFinishReason?: string } {
  const end = responseEndOf(type, response);
  const reason = textOf(fieldsOf(response['incomplete_details'])['reason']);
  if (end === 'cancelled') return { finishReason: 'interrupted', rawFinishReason: 'cancelled' };
  if (reason === 'max_output_tokens' || reason === 'max_tokens') {
    return { finishReason: 'length', rawFinishReason: reason };
  }
  if (reason === 'content_filter') return { finishReason: 'content-filter', rawFinishReason: reason };
  if (end === 'failed') return { finishReason: 'error', rawFinishReason: reason ?? 'failed' };
  const isIncomplete =
    reason !== undefined || type === 'response.incomplete' || response['status'] === 'incomplete';
  if (isIncomplete) {
    return { finishReason: hasClientCall ? 'tool-calls' : 'other', rawFinishReason: reason ?? 'incomplete' };
  }
  return { finishReason: hasClientCall ? 'tool-calls' : 'stop' };
}
