import { formatStamp, type JsonObject, type JsonValue, type Usage } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';
import type { UiCall } from './ui-message-calls.js';
import { present } from './ui-message-part.js';

/** What a `UIMessage` has no field for, of one step: fields as `native` has them. */
export function uiStepMetadata(message: Message): JsonObject {
  const { errors, interrupt } = message;
  return {
    step_id: message.step_id,
    ...(message.attempt === 0 ? {} : { attempt: message.attempt }),
    status: message.status,
    ...present('provider', message.provider),
    ...present('model', message.model),
    ...present('response_id', message.response_id),
    ...present('finish_reason', message.finish_reason),
    ...present('raw_finish_reason', message.raw_finish_reason),
    ...present('usage', message.usage as JsonObject | undefined),
    ...(interrupt === undefined
      ? {}
      : { interrupt: { reason: interrupt.reason, ...present('message', interrupt.message) } }),
    ...(errors === undefined
      ? {}
      : { errors: errors.map(({ message: text, code }) => ({ message: text, ...present('code', code) })) }),
    ...stamps({
      started_at: message.started_at,
      first_output_at: message.first_output_at,
      finished_at: message.finished_at,
      ended_at: message.ended_at,
    }),
    ...duration(message.started_at, message.ended_at),
  };
}

/** When a part happened and how long it took, in microseconds. */
export function uiPartMetadata(part: Part): JsonObject {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return {
        ...stamps({
          created_at: part.created_at,
          last_delta_at: part.last_delta_at,
          completed_at: part.completed_at,
        }),
        ...present('end_reason', part.end_reason),
        ...duration(part.created_at, part.completed_at),
      };
    case 'data':
      return stamps({ created_at: part.created_at, updated_at: part.updated_at });
    default:
      return stamps({ created_at: part.created_at });
  }
}

export function uiCallMetadata({ part, result, answer }: UiCall): JsonObject {
  const executionStartedAt = result?.execution_started_at ?? part.execution_started_at;
  return {
    ...stamps({
      input_started_at: part.input_started_at,
      created_at: part.created_at,
      requested_at: part.approval?.requested_at,
      responded_at: answer?.created_at ?? part.approval?.responded_at,
      execution_started_at: executionStartedAt,
      result_at: result?.created_at,
    }),
    ...present('partial', part.partial),
    ...present('synthetic', result?.synthetic),
    // Text that is no JSON stands in no field that every version has.
    ...present('args_text', part.args_text),
    ...(result?.synthetic === true || result?.preliminary === true
      ? {}
      : duration(executionStartedAt ?? part.created_at, result?.created_at)),
  };
}

/** The token counts of all steps together. */
export function uiUsage(messages: readonly Message[]): Usage | undefined {
  const sum: Record<string, number> = {};
  for (const { usage } of messages) {
    for (const [name, count] of Object.entries(usage ?? {})) sum[name] = (sum[name] ?? 0) + (count ?? 0);
  }
  return Object.keys(sum).length === 0 ? undefined : sum;
}

/** Only where both ends are known, and the end is not before the start. */
function duration(start: number | undefined, end: number | undefined): { readonly duration_us?: number } {
  return start === undefined || end === undefined || end < start ? {} : { duration_us: end - start };
}

function stamps(given: Readonly<Record<string, number | undefined>>): Readonly<Record<string, JsonValue>> {
  const known = Object.entries(given).filter(([, micros]) => micros !== undefined);
  return Object.fromEntries(known.map(([name, micros]) => [name, formatStamp(micros as number)]));
}
