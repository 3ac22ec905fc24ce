import { copyWellFormed, PARTS_MAX, type Event, type EventOf, type Usage } from '@stepfold/events';
import { decide, type Outcome } from './acceptance.js';
import { closeBlocks, completeStep, cutOffStep } from './ending.js';
import { givenPart } from './given-part.js';
import { mergeMetadata } from './metadata.js';
import { initialState, noteAnomaly, noteError, noteGap, type PartState, type StepState } from './state.js';

/**
 * Folds one event into the state of its step, in place, and answers what became of it. Total: no event that
 * the codec lets through makes it throw. What is not accepted leaves the state as it was. Keeps no
 * reference to the event or anything in it.
 */
export function evolve(state: StepState, event: Event): Outcome {
  const outcome = decide(state, event);
  if (outcome !== 'accepted') return outcome;
  if (event.type === 'step-start' || event.type === 'message') {
    Object.assign(state, initialState());
    open(state, event);
  }
  count(state, event);
  if (event.enc !== undefined) applyUnreadable(state, event);
  else apply(state, event);
  return outcome;
}

function open(state: StepState, event: Event): void {
  state.chatId = event.chat_id;
  state.stepId = event.step_id;
  state.attempt = event.attempt ?? 0;
  state.opener = event.producer;
  state.startedAt = event.at;
}

/** What every accepted event does, whatever its type. */
function count(state: StepState, event: Event): void {
  state.events++;
  state.lastEventAt = lastMoment(event);
  if (event.producer !== undefined) {
    const seq = event.seq as number;
    const expected = state.producers.get(event.producer) ?? 0;
    if (seq > expected) noteGap(state, { producer: event.producer, from: expected, to: seq - 1 });
    state.producers.set(event.producer, seq + 1);
  }
  if (state.firstOutputAt === undefined && isOutput(event)) state.firstOutputAt = event.at;
}

/** Merged deltas happened until the last of them; of an event that nobody can read only the envelope counts. */
function lastMoment(event: Event): number {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
      return event.enc === undefined ? (event.until ?? event.at) : event.at;
    default:
      return event.at;
  }
}

function isOutput(event: Event): boolean {
  switch (event.type) {
    case 'step-start':
    case 'message':
    case 'heartbeat':
    case 'error':
    case 'step-end':
    case 'interrupt':
      return false;
    default:
      return true;
  }
}

/** An event whose fields nobody here can read still opens and ends its step, by what is in the clear. */
function applyUnreadable(state: StepState, event: Event): void {
  noteAnomaly(state, 'unreadable');
  if (event.type === 'message') endWhole(state, event.at);
  else if (event.type === 'step-end') completeStep(state, event.at);
  else if (event.type === 'interrupt') interruptStep(state, { reason: event.reason, at: event.at });
  else if (event.type === 'error' && event.fatal) cutOffStep(state, event.at, 'error');
}

function apply(state: StepState, event: Event): void {
  switch (event.type) {
    case 'step-start':
      return applyStepStart(state, event);
    case 'text-start':
    case 'reasoning-start':
      startBlock(state, event);
      return;
    case 'text-delta':
    case 'reasoning-delta':
      return applyBlockDelta(state, event);
    case 'text-end':
    case 'reasoning-end':
      return applyBlockEnd(state, event);
    case 'tool-input-start':
      return applyInputStart(state, event);
    case 'tool-input-delta':
      return applyInputDelta(state, event);
    case 'tool-input-end':
      return applyInputEnd(state, event);
    case 'tool-call':
      return applyCall(state, event);
    case 'tool-execution-start':
      return applyExecutionStart(state, event);
    case 'tool-approval':
      return applyApproval(state, event);
    case 'tool-result':
      return applyResult(state, event);
    case 'source':
      append(state, {
        ...newPart(state, 'source', event.at),
        source_type: event.source_type,
        source_id: wellFormed(event.source_id),
        url: wellFormed(event.url),
        title: wellFormed(event.title),
        media_type: wellFormed(event.media_type),
        filename: wellFormed(event.filename),
        metadata: mergeMetadata(undefined, event.metadata),
      });
      return;
    case 'file':
      append(state, {
        ...newPart(state, 'file', event.at),
        media_type: wellFormed(event.media_type),
        url: wellFormed(event.url),
        file_id: wellFormed(event.file_id),
        data: wellFormed(event.data),
        name: wellFormed(event.name),
        reasoning: flag(event.reasoning),
        metadata: mergeMetadata(undefined, event.metadata),
      });
      return;
    case 'data':
      return applyData(state, event);
    case 'heartbeat':
      return;
    case 'finish':
      return applyFinish(state, event);
    case 'step-end':
      return completeStep(state, event.at);
    case 'interrupt':
      return interruptStep(state, event);
    case 'error':
      noteError(state, {
        message: event.message.toWellFormed(),
        ...(event.code === undefined ? {} : { code: event.code.toWellFormed() }),
        ...(event.retryable === true ? { retryable: true } : {}),
        at: event.at,
      });
      if (event.fatal) cutOffStep(state, event.at, 'error');
      return;
    case 'message':
      state.role = event.role;
      for (const part of event.parts.slice(0, PARTS_MAX)) state.parts.push(givenPart(part, event.at));
      return endWhole(state, event.at);
  }
}

function applyStepStart(state: StepState, event: EventOf<'step-start'>): void {
  state.role = event.role ?? 'assistant';
  state.provider = wellFormed(event.provider);
  state.model = wellFormed(event.model);
  state.runId = wellFormed(event.run_id);
  state.stepIndex = event.step_index;
  state.metadata = mergeMetadata(undefined, event.metadata);
}

/** A `message` is complete as soon as it is there. */
function endWhole(state: StepState, at: number): void {
  state.status = 'complete';
  state.endedAt = at;
}

// --- text and reasoning blocks -------------------------------------------------------------------

type BlockEvent = EventOf<
  'text-start' | 'text-delta' | 'text-end' | 'reasoning-start' | 'reasoning-delta' | 'reasoning-end'
>;

function blockKind(event: BlockEvent): 'text' | 'reasoning' {
  return event.type.startsWith('text') ? 'text' : 'reasoning';
}

function startBlock(state: StepState, event: BlockEvent): PartState | undefined {
  const type = blockKind(event);
  const key = `${type}:${event.id}`;
  const block: PartState = {
    ...newPart(state, type, event.at),
    id: event.id.toWellFormed(),
    text: '',
    redacted: event.type === 'reasoning-start' ? flag(event.redacted) : undefined,
    metadata: mergeMetadata(undefined, event.metadata),
  };
  // Beyond the limit nothing happens at all, so an open block of the same id goes on taking its deltas.
  if (!append(state, block)) return undefined;
  const former = state.openBlocks.get(key);
  if (former !== undefined) {
    state.openBlocks.delete(key);
    former.completed_at = event.at;
    former.end_reason = 'implied';
    former.last_event = state.events;
  }
  state.openBlocks.set(key, block);
  return block;
}

function applyBlockDelta(state: StepState, event: EventOf<'text-delta' | 'reasoning-delta'>): void {
  let block = state.openBlocks.get(`${blockKind(event)}:${event.id}`);
  if (block === undefined) {
    block = startBlock(state, event);
    if (block === undefined) return;
    noteAnomaly(state, 'implied-start');
  } else if (event.metadata !== undefined) {
    block.metadata = mergeMetadata(block.metadata, event.metadata);
  }
  block.text += event.text;
  block.last_delta_at = event.until ?? event.at;
  block.last_event = state.events;
}

function applyBlockEnd(state: StepState, event: EventOf<'text-end' | 'reasoning-end'>): void {
  const key = `${blockKind(event)}:${event.id}`;
  const block = state.openBlocks.get(key);
  if (block === undefined) return noteAnomaly(state, 'unknown-end');
  state.openBlocks.delete(key);
  block.metadata = mergeMetadata(block.metadata, event.metadata);
  if (event.type === 'reasoning-end' && event.redacted === true) block.redacted = true;
  block.completed_at = event.at;
  block.last_event = state.events;
}

// --- tools -----------------------------------------------------------------------------------------

/** A call has been made when its `tool-call` was accepted, and only that gives it `created_at`. */
function isMade(call: PartState): boolean {
  return call.created_at !== undefined;
}

function applyInputStart(state: StepState, event: EventOf<'tool-input-start'>): void {
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
  if (!append(state, call)) return undefined;
  state.calls.set(event.tool_call_id, call);
  return call;
}

function applyInputDelta(state: StepState, event: EventOf<'tool-input-delta'>): void {
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

function applyInputEnd(state: StepState, event: EventOf<'tool-input-end'>): void {
  const call = state.calls.get(event.tool_call_id);
  if (call?.input?.isOpen !== true) return noteAnomaly(state, 'unknown-end');
  call.input.isOpen = false;
  call.metadata = mergeMetadata(call.metadata, event.metadata);
  call.last_event = state.events;
}

function applyCall(state: StepState, event: EventOf<'tool-call'>): void {
  let call = state.calls.get(event.tool_call_id);
  if (call === undefined) {
    call = { ...newPart(state, 'tool-call'), tool_call_id: event.tool_call_id.toWellFormed() };
    if (!append(state, call)) return;
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

function applyExecutionStart(state: StepState, event: EventOf<'tool-execution-start'>): void {
  const call = state.calls.get(event.tool_call_id);
  if (call === undefined) return noteAnomaly(state, 'unknown-call');
  call.execution_started_at = event.at;
  call.last_event = state.events;
}

function applyApproval(state: StepState, event: EventOf<'tool-approval'>): void {
  const approvalId = event.approval_id.toWellFormed();
  const call = state.calls.get(event.tool_call_id);
  if (call === undefined) {
    append(state, {
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

function applyResult(state: StepState, event: EventOf<'tool-result'>): void {
  let result = state.results.get(event.tool_call_id);
  if (result === undefined) {
    result = { ...newPart(state, 'tool-result'), tool_call_id: event.tool_call_id.toWellFormed() };
    if (!append(state, result)) return;
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

// --- the rest --------------------------------------------------------------------------------------

function applyData(state: StepState, event: EventOf<'data'>): void {
  if (event.transient === true) return;
  // A data id holds no NUL, so the first one of the key ends it.
  const key = event.data_id === undefined ? undefined : `${event.data_id}\0${event.name}`;
  const former = key === undefined ? undefined : state.dataParts.get(key);
  if (former !== undefined) {
    former.data = copyWellFormed(event.data);
    former.updated_at = event.at;
    former.last_event = state.events;
    return;
  }
  const part: PartState = {
    ...newPart(state, 'data', event.at),
    name: event.name.toWellFormed(),
    data_id: wellFormed(event.data_id),
    data: copyWellFormed(event.data),
  };
  if (append(state, part) && key !== undefined) state.dataParts.set(key, part);
}

function applyFinish(state: StepState, event: EventOf<'finish'>): void {
  closeBlocks(state, event.at, 'implied');
  state.finishReason = event.finish_reason ?? state.finishReason;
  state.rawFinishReason = wellFormed(event.raw_finish_reason) ?? state.rawFinishReason;
  state.usage = mergedUsage(state.usage, event.usage);
  state.responseId = wellFormed(event.response_id) ?? state.responseId;
  state.model = wellFormed(event.model) ?? state.model;
  state.metadata = mergeMetadata(state.metadata, event.metadata);
  state.finishedAt = event.at;
}

function interruptStep(
  state: StepState,
  event: Pick<EventOf<'interrupt'>, 'reason' | 'at' | 'message' | 'detected_at'>,
): void {
  cutOffStep(state, event.at, 'interrupt');
  state.interrupt = {
    reason: event.reason,
    ...(event.message === undefined ? {} : { message: event.message.toWellFormed() }),
    at: event.at,
    ...(event.detected_at === undefined ? {} : { detected_at: event.detected_at }),
  };
}

function newPart(state: StepState, type: PartState['type'], createdAt?: number): PartState {
  return { type, first_event: state.events, last_event: state.events, created_at: createdAt };
}

/** Appends a part, or counts the event as omitted if there is no room. Answers whether there was. */
function append(state: StepState, part: PartState): boolean {
  if (state.parts.length >= PARTS_MAX) {
    state.omittedEvents++;
    return false;
  }
  state.parts.push(part);
  return true;
}

function flag(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

function wellFormed(text: string | undefined): string | undefined {
  return text?.toWellFormed();
}

const usageFields = [
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'reasoning_tokens',
  'cache_creation_tokens',
  'cache_read_tokens',
] as const satisfies readonly (keyof Usage)[];

function mergedUsage(former: Usage | undefined, later: Usage | undefined): Usage | undefined {
  if (later === undefined) return former;
  const merged: Usage = { ...former };
  for (const name of usageFields) if (later[name] !== undefined) merged[name] = later[name];
  return Object.keys(merged).length === 0 ? undefined : merged;
}
