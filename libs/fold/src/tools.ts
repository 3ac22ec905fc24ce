import { copyWellFormed, type EventOf } from '@stepfold/events';
import { mergeMetadata } from './metadata.js';
import { appendPart, flag, newPart, wellFormed } from './new-part.js';
import { noteAnomaly, type PartState, type StepState } from './state.js';

/** Calls, approvals and results: `contract/fold.md`, section 2. */

/** A call has been made when its `tool-call` was accepted, and only that gives it `created_at`. */
function isMade(call: PartState): boolean {
  return call.created_at !== undefined;
}

export function applyInputStart(state: StepState, event: EventOf<'tool-input-start'>): void {
  const call = state.calls.get(event.tool_call_id);
  if (call === undefined) {
    startInput(state, event);
    return;
  }
  noteAnomaly(state, 'repeated-start');
  if (isMade(call)) return;
  call.input = { text: '', isOpen: true };
  setCallFields(call, event);
  call.last_event = state.events;
}

function startInput(
  state: StepState,
  event: EventOf<'tool-input-start' | 'tool-input-delta'>,
): PartState | undefined {
  const call: PartState = {
    ...newPart(state, 'tool-call'),
    tool_call_id: event.tool_call_id.toWellFormed(),
    input_started_at: event.at,
    input: { text: '', isOpen: true },
  };
  if (event.type === 'tool-input-start') setCallFields(call, event);
  if (!appendPart(state, call)) return undefined;
  state.calls.set(event.tool_call_id, call);
  return call;
}

export function applyInputDelta(state: StepState, event: EventOf<'tool-input-delta'>): void {
  let call = state.calls.get(event.tool_call_id);
  if (call === undefined) {
    call = startInput(state, event);
    if (call === undefined) return;
    noteAnomaly(state, 'implied-start');
  }
  if (call.input === undefined) return noteAnomaly(state, 'late-delta');
  call.input.text += event.text;
  call.last_event = state.events;
}

export function applyInputEnd(state: StepState, event: EventOf<'tool-input-end'>): void {
  const call = state.calls.get(event.tool_call_id);
  if (call?.input?.isOpen !== true) return noteAnomaly(state, 'unknown-end');
  call.input.isOpen = false;
  call.metadata = mergeMetadata(call.metadata, event.metadata);
  call.last_event = state.events;
}

export function applyCall(state: StepState, event: EventOf<'tool-call'>): void {
  let call = state.calls.get(event.tool_call_id);
  if (call === undefined) {
    call = { ...newPart(state, 'tool-call'), tool_call_id: event.tool_call_id.toWellFormed() };
    if (!appendPart(state, call)) return;
    state.calls.set(event.tool_call_id, call);
  } else if (isMade(call)) {
    noteAnomaly(state, 'repeated-call');
  }
  setCallFields(call, event);
  call.args = event.args === undefined ? undefined : copyWellFormed(event.args);
  call.args_text = wellFormed(event.args_text);
  call.invalid = flag(event.invalid);
  call.error = wellFormed(event.error);
  call.created_at = event.at;
  call.input = undefined;
  call.last_event = state.events;
}

/** Name, flags and metadata that the event has; what it lacks stays as it was. */
function setCallFields(call: PartState, event: EventOf<'tool-input-start' | 'tool-call'>): void {
  if (event.tool_name !== undefined) call.tool_name = event.tool_name.toWellFormed();
  if (event.provider_executed !== undefined) call.provider_executed = flag(event.provider_executed);
  if (event.dynamic !== undefined) call.dynamic = flag(event.dynamic);
  if (event.title !== undefined) call.title = event.title.toWellFormed();
  if (event.parent_tool_call_id !== undefined)
    call.parent_tool_call_id = event.parent_tool_call_id.toWellFormed();
  call.metadata = mergeMetadata(call.metadata, event.metadata);
}

export function applyExecutionStart(state: StepState, event: EventOf<'tool-execution-start'>): void {
  const call = state.calls.get(event.tool_call_id);
  if (call === undefined) return noteAnomaly(state, 'unknown-call');
  call.execution_started_at = event.at;
  call.last_event = state.events;
}

export function applyApproval(state: StepState, event: EventOf<'tool-approval'>): void {
  const approvalId = event.approval_id.toWellFormed();
  const call = state.calls.get(event.tool_call_id);
  if (call === undefined) {
    appendPart(state, {
      ...newPart(state, 'tool-approval', event.at),
      tool_call_id: event.tool_call_id.toWellFormed(),
      approval_id: approvalId,
      state: event.state,
      automatic: flag(event.automatic),
      reason: wellFormed(event.reason),
    });
    return;
  }
  const former = call.approval?.approval_id === approvalId ? call.approval : undefined;
  const isAutomatic = event.automatic ?? former?.automatic;
  const reason = wellFormed(event.reason) ?? former?.reason;
  const requestedAt = event.state === 'requested' ? event.at : former?.requested_at;
  const respondedAt = event.state === 'requested' ? former?.responded_at : event.at;
  call.approval = {
    approval_id: approvalId,
    state: event.state,
    ...(isAutomatic === true ? { automatic: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(requestedAt === undefined ? {} : { requested_at: requestedAt }),
    ...(respondedAt === undefined ? {} : { responded_at: respondedAt }),
  };
  call.last_event = state.events;
}

export function applyResult(state: StepState, event: EventOf<'tool-result'>): void {
  let result = state.results.get(event.tool_call_id);
  if (result === undefined) {
    result = { ...newPart(state, 'tool-result'), tool_call_id: event.tool_call_id.toWellFormed() };
    if (!appendPart(state, result)) return;
    state.results.set(event.tool_call_id, result);
  } else if (result.preliminary !== true) {
    if (event.preliminary === true) return noteAnomaly(state, 'late-preliminary');
    noteAnomaly(state, 'repeated-result');
  }
  result.tool_name = wellFormed(event.tool_name) ?? state.calls.get(event.tool_call_id)?.tool_name;
  result.result = copyWellFormed(event.result);
  result.is_error = flag(event.is_error);
  result.is_media = flag(event.is_media);
  result.preliminary = flag(event.preliminary);
  result.provider_executed = flag(event.provider_executed);
  if (event.execution_started_at !== undefined) result.execution_started_at = event.execution_started_at;
  result.metadata = mergeMetadata(result.metadata, event.metadata);
  result.created_at = event.at;
  result.last_event = state.events;
}
