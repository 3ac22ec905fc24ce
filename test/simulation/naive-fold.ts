import type { Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { acceptedAfter, naiveOutcome, type NaiveOutcome } from './naive-acceptance.js';
import { shown } from './naive-document.js';
import { applied } from './naive-apply.js';
import { emptySnapshot, type Snapshot } from './naive-snapshot.js';

/**
 * A second fold, written from `contract/fold.md` and `contract/message.md` alone: slow, obvious, and of
 * another build than the product's, which it is held against. Nothing is updated in place. Which events
 * count is found again from the list of accepted events for every event, and a message is a series of
 * snapshots, one after each accepted event, so that every version that was ever stored can be checked.
 *
 * It shares nothing with the product's fold but the types.
 */

/** Folds the events of any number of steps. Messages are in the order in which their attempts began. */
export function naiveFold(events: Iterable<Event>): { outcomes: NaiveOutcome[]; messages: Message[] } {
  const outcomes: NaiveOutcome[] = [];
  const accepted = new Map<string, readonly Event[]>();
  for (const event of events) {
    const step = `${event.chat_id}:${event.step_id}`;
    const before = accepted.get(step) ?? [];
    const outcome = naiveOutcome(before, event);
    outcomes.push(outcome);
    if (outcome !== 'accepted') continue;
    const after = acceptedAfter(before, event);
    if (after.length === 1) accepted.delete(step);
    accepted.set(step, after);
  }
  return { outcomes, messages: [...accepted.values()].map((list) => naiveMessage(list)) };
}

/** The message that the accepted events of one attempt make. */
export function naiveMessage(accepted: readonly Event[]): Message {
  return shown(accepted.reduce<Snapshot>(applied, emptySnapshot), accepted);
}

/** The messages after the first accepted event of an attempt, after the second, and so on; made when asked. */
export function naiveVersions(accepted: readonly Event[]): readonly (() => Message)[] {
  let snapshot = emptySnapshot;
  return accepted.map((event, index) => {
    const next = applied(snapshot, event);
    snapshot = next;
    return () => shown(next, accepted.slice(0, index + 1));
  });
}
