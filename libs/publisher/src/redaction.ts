import type { Event } from '@stepfold/events';
import type { WireEvent } from './wire-event.js';

/**
 * What may leave the process instead of an event: another one of the same step, several, or none.
 *
 * Fails closed: when it throws, or answers what is no event of that step, nothing of the event leaves but what the step needs to
 * be opened and ended; the error is told, and the message has a `data` part `redaction-failed`. What opens or ends a step
 * cannot be withheld: then it leaves without anything that somebody wrote. Heartbeats are not shown to it.
 *
 * What is deep inside an event may be the application's own object: answer a changed copy, and leave the original as it is.
 */
export type Redact = (event: Event) => Event | readonly Event[] | null;

/** What is left of an event, and why that is less than was asked for. */
export interface Redacted {
  readonly wires: readonly WireEvent[];
  readonly error?: Error;
}

/** @param write checks and writes an event; throws if it is none */
export function redacted(event: Event, redact: Redact, write: (event: Event) => WireEvent): Redacted {
  const bare = bareEvent(event);
  try {
    // A copy: a hook that changes what it is given must not move the event to another step.
    const answer = redact({ ...event });
    // It is no event, and its rejection would be nobody's.
    if (answer instanceof Promise) answer.catch(() => undefined);
    const events = answer === null ? [] : Array.isArray(answer) ? answer : [answer as Event];
    for (const given of events) demandSameStep(event, given);
    if (event.producer !== undefined && events.length > 1) {
      throw new TypeError('redact answered several events with one number');
    }
    const isLacking = bare !== undefined && !events.some(({ type }) => type === event.type);
    return { wires: (isLacking ? [...events, bare] : events).map((given) => write(given)) };
  } catch (cause) {
    // The message may quote what was to be redacted.
    const error = new Error(`redact failed for a ${event.type} event`, { cause });
    return { wires: bare === undefined ? [] : [write(bare)], error };
  }
}

/** What says in the message that something of the step was withheld. */
export function redactionNote({ v, chat_id, step_id, attempt, at, type }: Event): Event {
  const envelope = { v, chat_id, step_id, ...(attempt === undefined ? {} : { attempt }), at };
  return { ...envelope, type: 'data', name: 'redaction-failed', data: { type } };
}

function demandSameStep(event: Event, given: Event): void {
  const isOfStep =
    given.chat_id === event.chat_id &&
    given.step_id === event.step_id &&
    (given.attempt ?? 0) === (event.attempt ?? 0);
  if (!isOfStep) throw new TypeError('redact answered an event of another step');
  if (given.producer !== event.producer || given.seq !== event.seq) {
    throw new TypeError('redact answered an event of another number');
  }
  if (given.type !== event.type && bareEvent(given) !== undefined) {
    throw new TypeError('redact answered an event that opens or ends the step');
  }
}

/** What opens or ends a step, without anything that a model, a tool or a person wrote. */
export function bareEvent(event: Event): Event | undefined {
  const { v, chat_id, step_id, attempt, producer, seq, at } = event;
  const envelope = {
    ...{ v, chat_id, step_id },
    ...(attempt === undefined ? {} : { attempt }),
    ...(producer === undefined ? {} : { producer, seq: seq! }),
    at,
  };
  switch (event.type) {
    case 'step-start': {
      const { role, run_id, step_index } = event;
      return {
        ...envelope,
        type: 'step-start',
        ...(role === undefined ? {} : { role }),
        ...(run_id === undefined ? {} : { run_id }),
        ...(step_index === undefined ? {} : { step_index }),
      };
    }
    case 'message':
      return { ...envelope, type: 'message', role: event.role, parts: [] };
    case 'step-end':
      return { ...envelope, type: 'step-end' };
    case 'interrupt': {
      const { reason, detected_at, if_events } = event;
      return {
        ...envelope,
        type: 'interrupt',
        reason,
        ...(detected_at === undefined ? {} : { detected_at }),
        ...(if_events === undefined ? {} : { if_events }),
      };
    }
    case 'error':
      return event.fatal ? { ...envelope, type: 'error', message: 'redacted', fatal: true } : undefined;
    default:
      return undefined;
  }
}
