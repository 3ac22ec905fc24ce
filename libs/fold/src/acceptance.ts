import { mayEndStep, type Event } from '@stepfold/events';
import type { StepState } from './state.js';

/** What becomes of an event: `contract/fold.md`, section 1. Only accepted ones change the message. */
export const outcomes = [
  'accepted',
  'not-open',
  'out-of-order',
  'duplicate',
  'conflict',
  'superseded',
] as const;
export type Outcome = (typeof outcomes)[number];

/** What each of them says, for docs/events.md. */
export const outcomeMeanings: Readonly<Record<Outcome, string>> = {
  accepted: 'it is in the message',
  'not-open': 'the step has not begun, has ended, or is at another attempt: what comes after a stop button',
  'out-of-order': 'it fills a gap, but what its producer sent later was folded already',
  duplicate: 'the same `producer` and `seq` were accepted before',
  conflict:
    'the step is open already, or its model stream has another writer, or it has too many producers or bytes',
  superseded: 'an `interrupt` with `if_events`, and the step went on in the meantime',
};

/** Producers of one attempt. One more is a conflict. */
export const PRODUCERS_MAX = 256;

/**
 * Bytes on the log of the accepted events of one attempt. When they are reached, an event that does not end the step is a
 * conflict. A projector closes a step long before, but its closing stands behind what is on the log already, and
 * strings of twice as many characters there are none.
 */
export const STEP_BYTES_MAX = 256 * 1024 * 1024;

/** Decides, and changes nothing. The cases are checked in the order of the contract; the first that fits counts. */
export function decide(state: StepState, event: Event): Outcome {
  const opens = event.type === 'step-start' || event.type === 'message';
  if (state.events === 0) return opens ? 'accepted' : 'not-open';

  const attempt = attemptOf(state, event);
  if (attempt < state.attempt) return 'not-open';
  if (attempt > state.attempt) return opens ? 'accepted' : 'not-open';
  if (state.status !== 'open') return 'not-open';

  const { producer } = event;
  if (producer !== undefined) {
    const seq = event.seq as number;
    const expected = state.producers.get(producer) ?? 0;
    if (seq < expected) return isMissing(state, producer, seq) ? 'out-of-order' : 'duplicate';
  }
  if (opens) return 'conflict';
  if (isOfModelStream(event) && state.opener !== undefined && producer !== state.opener) return 'conflict';
  if (producer !== undefined && state.producers.size >= PRODUCERS_MAX && !state.producers.has(producer)) {
    return 'conflict';
  }
  if (state.bytes >= STEP_BYTES_MAX && !mayEndStep(event)) return 'conflict';
  if (event.type === 'interrupt' && event.if_events !== undefined && event.if_events !== state.events) {
    return 'superseded';
  }
  return 'accepted';
}

/** The attempt that an event belongs to. A stop button does not know attempts and means the present one. */
function attemptOf(state: StepState, event: Event): number {
  return event.type === 'interrupt' && event.reason === 'user' ? state.attempt : (event.attempt ?? 0);
}

/** What is remembered of an attempt to tell repetitions from events that never came. */
export type SeenEvents = Pick<StepState, 'producers' | 'gaps'>;

/** True if the producer's event was accepted before: what is told again has been told. */
export function isKnownDuplicate(seen: SeenEvents, event: Event): boolean {
  const { producer, seq } = event;
  if (producer === undefined || seq === undefined) return false;
  return seq < (seen.producers.get(producer) ?? 0) && !isMissing(seen, producer, seq);
}

function isMissing(seen: SeenEvents, producer: string, seq: number): boolean {
  return seen.gaps.some((gap) => gap.producer === producer && gap.from <= seq && seq <= gap.to);
}

function isOfModelStream(event: Event): boolean {
  switch (event.type) {
    case 'text-start':
    case 'text-delta':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-delta':
    case 'reasoning-end':
    case 'tool-input-start':
    case 'tool-input-delta':
    case 'tool-input-end':
    case 'tool-call':
    case 'finish':
      return true;
    default:
      return false;
  }
}
