import { copyMetadata, type OwnMetadata } from './metadata.js';
import { FOLD_VERSION, revOf, type LogRange, type Message, type Part } from './message.js';
import { partFields } from './part-fields.js';
import type { PartState, StepState } from './state.js';

/**
 * The message that a state stands for. What comes later does not change it. Fields have a fixed order, so
 * equal states give equal bytes. `log` and `digest` are of whoever knows the log.
 */
export function toMessage(state: StepState, log?: LogRange, digest?: string): Message {
  const message: Fields = {
    chat_id: state.chatId,
    step_id: state.stepId,
    attempt: state.attempt,
    role: state.role,
    status: state.status,
    rev: revOf(state.attempt, state.events, state.status === 'open'),
    events: state.events,
  };
  setIfPresent(message, 'provider', state.provider);
  setIfPresent(message, 'model', state.model);
  setIfPresent(message, 'run_id', state.runId);
  setIfPresent(message, 'step_index', state.stepIndex);
  setIfPresent(message, 'response_id', state.responseId);
  setIfPresent(message, 'metadata', state.metadata && copyMetadata(state.metadata));
  message['parts'] = state.parts.map(toPart);
  if (state.pendingToolCallIds.length > 0) message['pending_tool_call_ids'] = [...state.pendingToolCallIds];
  setIfPresent(message, 'finish_reason', state.finishReason);
  setIfPresent(message, 'raw_finish_reason', state.rawFinishReason);
  setIfPresent(message, 'usage', state.usage);
  setIfPresent(message, 'interrupt', state.interrupt);
  setNoted(message, 'errors', state.errors, 'error_count', state.errorCount);
  message['started_at'] = state.startedAt;
  setIfPresent(message, 'first_output_at', state.firstOutputAt);
  setIfPresent(message, 'finished_at', state.finishedAt);
  setIfPresent(message, 'ended_at', state.endedAt);
  message['last_event_at'] = state.lastEventAt;
  setNoted(message, 'gaps', state.gaps, 'gap_count', state.gapCount);
  setNoted(message, 'anomalies', state.anomalies, 'anomaly_count', state.anomalyCount);
  if (state.omittedEvents > 0) message['omitted_events'] = state.omittedEvents;
  setIfPresent(message, 'log', log);
  message['fold_version'] = FOLD_VERSION;
  setIfPresent(message, 'digest', digest);
  return message as unknown as Message;
}

/** Filled field by field: to spread an object for each field that may be absent takes several times as long. */
type Fields = Record<string, unknown>;

function setIfPresent(fields: Fields, name: string, value: unknown): void {
  if (value !== undefined) fields[name] = value;
}

/** Sets a list, if it is not empty, and the count of all, if the list does not hold them. */
function setNoted(
  fields: Fields,
  name: string,
  list: readonly unknown[],
  countName: string,
  count: number,
): void {
  if (list.length === 0) return;
  fields[name] = [...list];
  if (count > list.length) fields[countName] = count;
}

function shownValue(name: string, value: unknown): unknown {
  if (name === 'text' || name === 'args_text') return (value as string).toWellFormed();
  return name === 'metadata' ? copyMetadata(value as OwnMetadata) : value;
}

function toPart(state: PartState): Part {
  const part: Fields = { type: state.type };
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
