import type { Event } from '@stepfold/events';

/** Which events count, `contract/fold.md` § 1, found again for every event from the list of those that do. */
export type NaiveOutcome = 'accepted' | 'not-open' | 'duplicate' | 'out-of-order' | 'conflict' | 'superseded';

export const isOpening = (event: Event): boolean => event.type === 'step-start' || event.type === 'message';

export function isTerminal(event: Event): boolean {
  return event.type === 'step-end' || event.type === 'interrupt' || (event.type === 'error' && event.fatal);
}

/** True if a step with these accepted events has ended. */
export const hasEnded = (accepted: readonly Event[]): boolean =>
  accepted.some((event) => isTerminal(event) || event.type === 'message');

export const attemptOf = (event: Event | undefined): number => event?.attempt ?? 0;

const modelStreamTypes: ReadonlySet<string> = new Set([
  ...['text-start', 'text-delta', 'text-end', 'reasoning-start', 'reasoning-delta', 'reasoning-end'],
  ...['tool-input-start', 'tool-input-delta', 'tool-input-end', 'tool-call', 'finish'],
]);

/** What becomes of an event of a step whose present attempt has these accepted events so far. */
export function naiveOutcome(accepted: readonly Event[], event: Event): NaiveOutcome {
  const opening = accepted[0];
  if (opening === undefined) return isOpening(event) ? 'accepted' : 'not-open';
  const present = attemptOf(opening);
  const attempt = event.type === 'interrupt' && event.reason === 'user' ? present : attemptOf(event);
  if (attempt < present) return 'not-open';
  if (attempt > present) return isOpening(event) ? 'accepted' : 'not-open';
  if (hasEnded(accepted)) return 'not-open';
  const { producer, seq } = event;
  if (producer !== undefined && seq !== undefined && seq < expectedSeq(accepted, producer)) {
    const isInGap = gapsOf(accepted)
      .slice(0, 100)
      .some((gap) => gap.producer === producer && gap.from <= seq && seq <= gap.to);
    return isInGap ? 'out-of-order' : 'duplicate';
  }
  if (isOpening(event)) return 'conflict';
  if (modelStreamTypes.has(event.type) && opening.producer !== undefined && opening.producer !== producer) {
    return 'conflict';
  }
  const producers = new Set(accepted.map((one) => one.producer).filter((name) => name !== undefined));
  if (producer !== undefined && !producers.has(producer) && producers.size >= 256) return 'conflict';
  if (event.type === 'interrupt' && event.if_events !== undefined && event.if_events !== accepted.length) {
    return 'superseded';
  }
  return 'accepted';
}

/** The `seq` that the next event of a producer should have. */
export function expectedSeq(accepted: readonly Event[], producer: string): number {
  return 1 + (accepted.findLast((one) => one.producer === producer)?.seq ?? -1);
}

interface NaiveGap {
  readonly producer: string;
  readonly from: number;
  readonly to: number;
}

export function gapsOf(accepted: readonly Event[]): readonly NaiveGap[] {
  const expected = new Map<string, number>();
  const gaps: NaiveGap[] = [];
  for (const { producer, seq } of accepted) {
    if (producer === undefined || seq === undefined) continue;
    const next = expected.get(producer) ?? 0;
    if (seq > next) gaps.push({ producer, from: next, to: seq - 1 });
    expected.set(producer, seq + 1);
  }
  return gaps;
}

/** The accepted events of the present attempt, once `event` is accepted too. */
export function acceptedAfter(before: readonly Event[], event: Event): readonly Event[] {
  return isOpening(event) ? [event] : [...before, event];
}
