import { copyWellFormed, PARTS_MAX, type Event, type EventOf, type Usage } from '@stepfold/events';
import { decide, type Outcome } from './acceptance.js';
import { applyBlockDelta, applyBlockEnd, startBlock } from './blocks.js';
import { closeBlocks, completeStep, cutOffStep } from './ending.js';
import { givenPart } from './given-part.js';
import { mergeMetadata } from './metadata.js';
import { appendPart, flag, newPart, wellFormed } from './new-part.js';
import { initialState, noteAnomaly, noteError, noteGap, type PartState, type StepState } from './state.js';
import {
  applyApproval,
  applyCall,
  applyExecutionStart,
  applyInputDelta,
  applyInputEnd,
  applyInputStart,
  applyResult,
} from './tools.js';

/**
 * Folds one event into the state of its step, in place, and answers what became of it. Total: no event that
 * the codec lets through makes it throw. What is not accepted leaves the state as it was. Keeps no
 * reference to the event or anything in it.
 * @param recordBytes length of the event on the log; without it the step has no limit of bytes
 */
export function evolve(state: StepState, event: Event, recordBytes = 0): Outcome {
  const outcome = decide(state, event);
  if (outcome !== 'accepted') return outcome;
  if (event.type === 'step-start' || event.type === 'message') {
    Object.assign(state, initialState());
    open(state, event);
  }
  state.bytes += recordBytes;
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
      appendPart(state, {
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
      appendPart(state, {
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
  if (appendPart(state, part) && key !== undefined) state.dataParts.set(key, part);
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
