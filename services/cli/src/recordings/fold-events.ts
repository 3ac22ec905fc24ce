import type { Event } from '@stepfold/events';
import { elideLargest, evolve, initialState, toMessage, type Message, type StepState } from '@stepfold/fold';
import { sha256 } from './sha256.js';

/**
 * Folds the events of any number of steps into the messages that would be stored, but for `log` and `digest`,
 * which need a log. In the order in which the present attempts were opened.
 */
export function* foldEvents(events: Iterable<Event>): Generator<Message, void, undefined> {
  const steps = new Map<string, StepState>();
  for (const event of events) {
    const key = `${event.chat_id}:${event.step_id}`;
    const known = steps.get(key);
    const state = known ?? initialState();
    const attempt = state.attempt;
    if (evolve(state, event) !== 'accepted') continue;
    // A new attempt takes a new place: that of the event that opened it.
    if (known !== undefined && state.attempt !== attempt) steps.delete(key);
    if (known === undefined || state.attempt !== attempt) steps.set(key, state);
  }
  for (const state of steps.values()) yield elideLargest(toMessage(state), sha256);
}
