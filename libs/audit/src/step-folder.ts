import type { LogRecord } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import {
  createEventDigest,
  evolve,
  initialState,
  type CreateSha256,
  type EventDigest,
  type Outcome,
  type StepState,
} from '@stepfold/fold';

/**
 * Folds the events of many steps as a fold of the whole history does, and holds no more than the steps
 * that are open and the highest attempt of each of the others: an event of a step that has ended is
 * `not-open` whatever its producer, unless it opens a higher attempt.
 */
export interface StepFolder {
  readonly openSteps: Map<string, FoldedStep>;
  fold(record: LogRecord, event: Event): FoldedEvent;
}

/** One attempt of a step, with its place on the log. */
export interface FoldedStep {
  readonly key: string;
  readonly state: StepState;
  /** Offset of the event that opened the attempt. */
  readonly firstOffset: number;
  /** Offset of the last accepted event. */
  lastOffset: number;
  /** Set when the step has ended, if digests are made. */
  digest: string | undefined;
}

export interface FoldedEvent {
  readonly outcome: Outcome;
  /** The attempt that the event was offered to; undefined if none was open. */
  readonly step: FoldedStep | undefined;
  /** The event opened the attempt. */
  readonly isOpening: boolean;
  /** Of an opening: the highest attempt that was open before. */
  readonly formerAttempt: number | undefined;
}

/** The highest attempt that was ever opened of each step. A `Map` will do where steps are few. */
export interface OpenedAttempts {
  get(key: string): number | undefined;
  set(key: string, attempt: number): unknown;
}

export interface StepFolderOptions {
  readonly openedAttempts?: OpenedAttempts;
  /** Digests are made only if this is given. */
  readonly createSha256?: CreateSha256;
  /** Folds one event; `evolve` unless something has to happen around it. */
  readonly evolveStep?: (state: StepState, event: Event, recordBytes: number) => Outcome;
}

/** Ids hold no colon, so the key is unambiguous. */
export function stepKey(chatId: string, stepId: string): string {
  return `${chatId}:${stepId}`;
}

export function createStepFolder(options: StepFolderOptions = {}): StepFolder {
  const { openedAttempts = new Map<string, number>(), createSha256, evolveStep = evolve } = options;
  const openSteps = new Map<string, FoldedStep>();
  const hashes = new Map<string, EventDigest>();

  function opening(key: string, event: Event): { readonly former: number | undefined } | undefined {
    if (event.type !== 'step-start' && event.type !== 'message') return undefined;
    const former = openedAttempts.get(key);
    return (event.attempt ?? 0) > (former ?? -1) ? { former } : undefined;
  }

  return {
    openSteps,
    fold(record, event) {
      const key = stepKey(event.chat_id, event.step_id);
      const opened = opening(key, event);
      if (opened !== undefined) {
        openedAttempts.set(key, event.attempt ?? 0);
        openSteps.set(key, newStep(key, record));
        if (createSha256 !== undefined) hashes.set(key, createEventDigest(createSha256));
      }
      const isOpening = opened !== undefined;
      const formerAttempt = opened?.former;
      const step = openSteps.get(key);
      if (step === undefined) return { outcome: 'not-open', step, isOpening, formerAttempt };
      const value = record.value as Uint8Array;
      const outcome = evolveStep(step.state, event, value.byteLength);
      if (outcome === 'accepted') {
        step.lastOffset = record.offset;
        hashes.get(key)?.add(value);
        if (step.state.status !== 'open') {
          step.digest = hashes.get(key)?.finish();
          hashes.delete(key);
          openSteps.delete(key);
        }
      }
      return { outcome, step, isOpening, formerAttempt };
    },
  };
}

function newStep(key: string, record: LogRecord): FoldedStep {
  return {
    key,
    state: initialState(),
    firstOffset: record.offset,
    lastOffset: record.offset,
    digest: undefined,
  };
}
