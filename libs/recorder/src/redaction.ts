import type { Event } from '@stepfold/events';
import type { Redact } from './recorder.js';

/** What is left of an event after redaction, and why that is less than was asked for. */
export interface Redacted {
  readonly events: readonly Event[];
  readonly error?: Error;
}

/** Fails closed, as `Redact` says. */
export function redacted(event: Event, redact: Redact): Redacted {
  const bare = bareEvent(event);
  try {
    const answer = redact(event);
    const events = answer === null ? [] : Array.isArray(answer) ? answer : [answer as Event];
    for (const given of events) demandSameStep(event, given);
    if (bare === undefined || events.some(({ type }) => type === event.type)) return { events };
    return { events: [...events, bare] };
  } catch (cause) {
    // The message may quote what was to be redacted.
    const error = new Error(`redact failed for a ${event.type} event`, { cause });
    return { events: bare === undefined ? [] : [bare], error };
  }
}

function demandSameStep(event: Event, given: Event): void {
  const isOfStep =
    given.chat_id === event.chat_id &&
    given.step_id === event.step_id &&
    (given.attempt ?? 0) === (event.attempt ?? 0);
  if (!isOfStep) throw new TypeError('redact answered an event of another step');
  if (given.type !== event.type && bareEvent(given) !== undefined) {
    throw new TypeError('redact answered an event that opens or ends the step');
  }
}

/** What opens or ends a step, without anything that a model, a tool or a person wrote. */
function bareEvent(event: Event): Event | undefined {
  const { v, chat_id, step_id, attempt, at } = event;
  const envelope = { v, chat_id, step_id, ...(attempt === undefined ? {} : { attempt }), at };
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
    case 'step-end':
      return { ...envelope, type: 'step-end' };
    case 'interrupt':
      return { ...envelope, type: 'interrupt', reason: event.reason };
    case 'error':
      return event.fatal ? { ...envelope, type: 'error', message: 'redacted', fatal: true } : undefined;
    default:
      return undefined;
  }
}
