import type { Event } from '@stepfold/events';
import { evolve, initialState, toMessage, type Message, type Outcome, type StepState } from '@stepfold/fold';

/** Folds the events of any number of steps with the product's fold; messages in the order of their attempts. */
export function foldAll(events: Iterable<Event>): { outcomes: Outcome[]; messages: Message[] } {
  const steps = new Map<string, StepState>();
  const outcomes: Outcome[] = [];
  for (const event of events) {
    const key = `${event.chat_id}:${event.step_id}`;
    const state = steps.get(key) ?? initialState();
    const attempt = state.attempt;
    const isNew = state.events === 0;
    const outcome = evolve(state, event);
    outcomes.push(outcome);
    if (outcome === 'accepted' && (isNew || state.attempt !== attempt)) {
      steps.delete(key);
      steps.set(key, state);
    }
  }
  return { outcomes, messages: [...steps.values()].map((state) => toMessage(state)) };
}
