import { copyMetadata, type OwnMetadata } from './metadata.js';
import { FOLD_VERSION, revOf, type LogRange, type Message, type Part } from './message.js';
import { partFields } from './part-fields.js';
import type { PartState, StepState } from './state.js';

/**
 * The message that a state stands for. What comes later does not change it. Fields have a fixed order, so
 * equal states give equal bytes. `log` and `digest` are of whoever knows the log.
 */
export function toMessage(state: StepState, log?: LogRange, digest?: string): Message {
  return {
    chat_id: state.chatId,
    step_id: state.stepId,
    attempt: state.attempt,
    role: state.role,
    status: state.status,
    rev: revOf(state.attempt, state.events, state.status === 'open'),
    events: state.events,
    ...present('provider', state.provider),
    ...present('model', state.model),
    ...present('run_id', state.runId),
    ...present('step_index', state.stepIndex),
    ...present('response_id', state.responseId),
    ...present('metadata', state.metadata && copyMetadata(state.metadata)),
    parts: state.parts.map(toPart),
    ...(state.pendingToolCallIds.length === 0
      ? {}
      : { pending_tool_call_ids: [...state.pendingToolCallIds] }),
    ...present('finish_reason', state.finishReason),
    ...present('raw_finish_reason', state.rawFinishReason),
    ...present('usage', state.usage),
    ...present('interrupt', state.interrupt),
    ...noted('errors', state.errors, 'error_count', state.errorCount),
    started_at: state.startedAt,
    ...present('first_output_at', state.firstOutputAt),
    ...present('finished_at', state.finishedAt),
    ...present('ended_at', state.endedAt),
    last_event_at: state.lastEventAt,
    ...noted('gaps', state.gaps, 'gap_count', state.gapCount),
    ...noted('anomalies', state.anomalies, 'anomaly_count', state.anomalyCount),
    ...(state.omittedEvents === 0 ? {} : { omitted_events: state.omittedEvents }),
    ...present('log', log),
    fold_version: FOLD_VERSION,
    ...present('digest', digest),
  } as Message;
}

function present(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

/** A list, if it is not empty, and the count of all, if the list does not hold them. */
function noted(
  name: string,
  list: readonly unknown[],
  countName: string,
  count: number,
): Record<string, unknown> {
  if (list.length === 0) return {};
  return count > list.length ? { [name]: [...list], [countName]: count } : { [name]: [...list] };
}

function shownValue(name: string, value: unknown): unknown {
  if (name === 'text' || name === 'args_text') return (value as string).toWellFormed();
  return name === 'metadata' ? copyMetadata(value as OwnMetadata) : value;
}

function toPart(state: PartState): Part {
  const part: Record<string, unknown> = { type: state.type };
  for (const name of partFields[state.type]) {
    const value = partField(state, name);
    if (value !== undefined) part[name] = shownValue(name, value);
  }
  return part as unknown as Part;
}

/** What a part shows in a field, before it is made well-formed; undefined if the field is absent. */
export function partField(state: PartState, name: string): unknown {
  const value = (state as unknown as Readonly<Record<string, unknown>>)[name];
  if (value !== undefined || state.input === undefined) return value;
  if (name === 'args_text') return state.input.text;
  return name === 'input_open' && state.input.isOpen ? true : undefined;
}
