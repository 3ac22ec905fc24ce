import type { Event } from '@stepfold/events';
import { evolve, type Outcome, type StepState } from '@stepfold/fold';

/** Gaps that a message lists; beyond them it only counts. */
const GAPS_MAX = 100;

/**
 * Events that a limit of time has taken out of the middle of a step. Their sequence numbers are missing to
 * the fold, but nothing was lost: they make no gaps.
 */
export interface LeftOutEvents {
  leaveOut(event: Event): void;
  /** As `evolve`, but of a gap that it notes only the numbers stay that really never came. */
  evolve(state: StepState, event: Event, recordBytes: number): Outcome;
}

export function createLeftOutEvents(): LeftOutEvents {
  /** Sequence numbers by step, attempt and producer. */
  const left = new Map<string, number[]>();

  return {
    leaveOut(event) {
      if (event.producer === undefined) return;
      const key = producerKey(event);
      const numbers = left.get(key);
      if (numbers === undefined) left.set(key, [event.seq as number]);
      else numbers.push(event.seq as number);
    },
    evolve(state, event, recordBytes) {
      const numbers = event.producer === undefined ? undefined : left.get(producerKey(event));
      if (numbers === undefined) return evolve(state, event, recordBytes);
      const isFresh = state.events === 0 || (event.attempt ?? 0) > state.attempt;
      const producer = event.producer as string;
      const expected = isFresh ? 0 : (state.producers.get(producer) ?? 0);
      const outcome = evolve(state, event, recordBytes);
      if (outcome === 'accepted' && (event.seq as number) > expected) {
        replaceLastGap(state, producer, missing(expected, event.seq as number, numbers));
      }
      return outcome;
    },
  };
}

/** Sequence numbers count for each of these. */
function producerKey(event: Event): string {
  return `${event.chat_id}:${event.step_id}:${event.attempt ?? 0}:${event.producer}`;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The numbers from `from` to before `end`, but for the given ones, as ranges. */
function missing(from: number, end: number, given: readonly number[]): Range[] {
  const ranges: Range[] = [];
  let next = from;
  for (const number of [...given, end].sort((a, b) => a - b)) {
    if (number < next || number > end) continue;
    if (number > next) ranges.push({ from: next, to: number - 1 });
    next = number + 1;
  }
  return ranges;
}

/** Puts these ranges in the place of the gap that was noted last. */
function replaceLastGap(state: StepState, producer: string, ranges: readonly Range[]): void {
  // A full list has not taken it.
  const isListed = state.gaps.length === state.gapCount;
  if (isListed) state.gaps.pop();
  state.gapCount += ranges.length - 1;
  for (const range of ranges) if (state.gaps.length < GAPS_MAX) state.gaps.push({ producer, ...range });
}
