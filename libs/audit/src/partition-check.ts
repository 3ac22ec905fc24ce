import type { LogRecord } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import type { CreateSha256, Message } from '@stepfold/fold';
import type { EventPartition } from './checked-record.js';
import { firstDifference } from './first-difference.js';
import { createStepFolder, stepKey, type FoldedStep, type StepFolder } from './step-folder.js';
import { storedMessage } from './stored-message.js';
import { compareToLog, readVersion, type Reached, type StoredVersion } from './stored-version.js';
import type { StepIds, Tally } from './tally.js';

/**
 * Holds the stored messages of one partition against its log, event by event. All of it is synchronous: the
 * loop around it reads the log, and the store. The cases V1 … are those of the README.
 *
 * 1. The stored message of a step is read when the log opens an attempt of it, after the stored progress
 *    was read: what the progress demands must be there by then.
 * 2. A version is a fact: it equals the fold of one prefix of its attempt, whatever has come since. So it is
 *    compared when the fold reaches that prefix, and a live system changes nothing about it.
 * 3. What does not fit is only suspected here. It counts after the store has been asked once more.
 * 4. Memory holds the open steps with their stored messages, and nothing of those that are done.
 */
export interface PartitionCheck {
  readonly place: EventPartition;
  readonly createSha256: CreateSha256;
  readonly tally: Tally;
  readonly folder: StepFolder;
  readonly watches: Map<string, Watch>;
  /** The stored progress: what ended before this offset must be stored. */
  readonly foldedTo: number;
  /** The first offset that is still on the log, as known last. */
  begin: number;
  /** Up to where the log was read. */
  readTo: number;
  suspicions: Suspicion[];
}

/** A step whose stored message is being held against the log. */
interface Watch extends StepIds {
  readonly attempt: number;
  readonly firstOffset: number;
  /** Undefined once the attempt has ended, while the stored message is of a later one. */
  step: FoldedStep | undefined;
  readonly stored: StoredVersion | undefined;
  /** The stored message lies before everything that the log has of the step. */
  readonly isBeyondLog: boolean;
  isCompared: boolean;
}

/** Something that does not fit, as of what was stored when it was read. */
export type Suspicion = StepIds &
  (
    | {
        /** The log yields this message, and the store has another version or none. */
        readonly about: 'message';
        readonly expected: Message;
        /** The store must have it, or a later version. */
        readonly isRequired: boolean;
      }
    | {
        /** The stored message is further than the log, read to its end, or than an attempt that is over. */
        readonly about: 'further';
        readonly reached: Reached;
        readonly firstOffset: number;
        readonly stored: StoredVersion;
        /** The log has left that attempt behind, so nothing more will come of it. */
        readonly isOver: boolean;
      }
    /** The log, as far as it was read, never opened the step. */
    | { readonly about: 'unopened' }
  );

export interface PartitionCheckOptions {
  readonly place: EventPartition;
  readonly createSha256: CreateSha256;
  readonly tally: Tally;
  readonly foldedTo: number;
  readonly begin: number;
}

export function createPartitionCheck(options: PartitionCheckOptions): PartitionCheck {
  const { createSha256, tally, begin } = options;
  return {
    ...options,
    folder: createStepFolder({ createSha256, openedAttempts: tally.openedAttempts }),
    watches: new Map(),
    readTo: begin,
    suspicions: [],
  };
}

/** Whether folding the event may open an attempt, so that the stored message of its step will be needed. */
export function mayOpen(check: PartitionCheck, event: Event): boolean {
  if (event.type !== 'step-start' && event.type !== 'message') return false;
  const opened = check.tally.openedAttempts.get(stepKey(event.chat_id, event.step_id));
  return (event.attempt ?? 0) > (opened ?? -1);
}

/** Folds one event and compares what it completes. `stored` is asked for the message of an opened step. */
export function foldEvent(
  check: PartitionCheck,
  record: LogRecord,
  event: Event,
  stored: (key: string) => Message | undefined,
): void {
  const { outcome, step, isOpening, formerAttempt } = check.folder.fold(record, event);
  if (outcome !== 'accepted' || step === undefined) return;
  if (isOpening) startWatch(check, step, stored(step.key), formerAttempt);
  const watch = check.watches.get(step.key);
  if (watch === undefined) return;
  if (isReached(watch, step)) compareMessages(check, watch, step);
  if (step.state.status !== 'open') endWatch(check, watch, step);
}

function startWatch(
  check: PartitionCheck,
  step: FoldedStep,
  message: Message | undefined,
  formerAttempt: number | undefined,
): void {
  const { state, key, firstOffset } = step;
  const former = check.watches.get(key);
  // V10: the stored message claims more of an attempt than the log has had of it.
  if (former !== undefined) suspectIfFurther(check, former, state.attempt);
  const ids = { chatId: state.chatId, stepId: state.stepId };
  const stored = message === undefined ? undefined : readVersion(message);
  const isBeyondLog = stored !== undefined && isBefore(check, stored, firstOffset);
  const watch: Watch = {
    ...ids,
    attempt: state.attempt,
    firstOffset,
    step,
    stored,
    isBeyondLog,
    isCompared: false,
  };
  check.watches.set(key, watch);
  check.tally.remove(ids, 'notYet');
  if (isBeyondLog) check.tally.add(ids, 'beyondLog');
  // V10: the stored message is of an attempt that the log never had.
  else if (
    stored !== undefined &&
    formerAttempt === undefined &&
    (stored.attempt ?? Infinity) < state.attempt
  ) {
    suspectFurther(check, watch, stored, true);
  }
}

/**
 * V15, V16: whether a stored message lies before everything that this log has of its step. What it says of its
 * place is believed only if it does not contradict itself: else a false place would hide it.
 */
function isBefore(check: PartitionCheck, stored: StoredVersion, openedAt: number): boolean {
  const { generation } = check.place.log;
  const { firstOffset = Infinity, lastOffset = Infinity } = stored;
  if ((stored.generation ?? generation) !== generation) return firstOffset !== openedAt;
  return firstOffset < check.begin && lastOffset < openedAt;
}

/** Whether the fold has come to the prefix that is stored, or can come no closer to it. */
function isReached(watch: Watch, step: FoldedStep): boolean {
  const { stored, isCompared, isBeyondLog } = watch;
  if (stored === undefined || isCompared || isBeyondLog) return false;
  if ((stored.attempt ?? watch.attempt) !== watch.attempt) return false;
  return step.state.status !== 'open' || (!stored.isEnded && stored.events === step.state.events);
}

/** V1, V2: holds the stored version against the log's. */
function compareMessages(check: PartitionCheck, watch: Watch, step: FoldedStep): void {
  const expected = storedMessage(step, check.place, check.createSha256);
  watch.isCompared = true;
  check.tally.add(watch, 'checked');
  if (firstDifference(expected, watch.stored?.message, check.createSha256) === undefined) return;
  const isRequired = isRequiredEnd(check, step);
  check.suspicions.push({ ...idsOf(watch), about: 'message', expected, isRequired });
}

/** What ended before the progress must be stored. */
function isRequiredEnd(check: PartitionCheck, step: FoldedStep): boolean {
  return step.state.status !== 'open' && step.lastOffset < check.foldedTo;
}

function endWatch(check: PartitionCheck, watch: Watch, step: FoldedStep): void {
  const { stored } = watch;
  watch.step = undefined;
  const standing = stored === undefined ? 'older' : compareToLog(stored, step.state);
  // V5: to be compared when the log comes to that attempt.
  if (standing === 'newer' && !watch.isBeyondLog) return;
  check.watches.delete(step.key);
  if (standing !== 'older') return;
  // V3, V4, V6: nothing is stored of the attempt, or not its end.
  if (!isRequiredEnd(check, step)) {
    check.tally.add(watch, 'notYet');
    return;
  }
  const expected = storedMessage(step, check.place, check.createSha256);
  check.suspicions.push({ ...idsOf(watch), about: 'message', expected, isRequired: true });
}

/**
 * Settles the steps that are open where the reading stopped. Those whose stored message is further than
 * that stay, to be compared when more has been read.
 */
export function settleOpenSteps(check: PartitionCheck): void {
  for (const [key, watch] of check.watches) {
    if (isWaiting(watch)) continue;
    check.watches.delete(key);
    check.folder.openSteps.delete(key);
    const state = watch.step?.state;
    if (state === undefined) continue;
    if (watch.stored === undefined || compareToLog(watch.stored, state) === 'older') {
      check.tally.add(watch, 'notYet');
    }
  }
}

/** The stored message lies further than the log was read. */
function isWaiting(watch: Watch): boolean {
  const { stored, step, isCompared, isBeyondLog } = watch;
  if (stored === undefined || isCompared || isBeyondLog) return false;
  return step === undefined || compareToLog(stored, step.state) === 'newer';
}

/** The offset to read to, so that every waiting message that the log explains is reached. */
export function waitingTo(check: PartitionCheck): number {
  let to = check.readTo;
  for (const { stored } of check.watches.values()) to = Math.max(to, (stored?.lastOffset ?? -1) + 1);
  return to;
}

/** V9: the log has been read far enough, and has not come to what is stored. */
export function suspectWaiting(check: PartitionCheck): void {
  for (const watch of check.watches.values()) suspectFurther(check, watch, watch.stored, false);
  check.watches.clear();
  check.folder.openSteps.clear();
}

function suspectIfFurther(check: PartitionCheck, watch: Watch, nextAttempt: number): void {
  const { attempt = watch.attempt } = watch.stored ?? {};
  if (isWaiting(watch) && attempt < nextAttempt) suspectFurther(check, watch, watch.stored, true);
}

function suspectFurther(
  check: PartitionCheck,
  watch: Watch,
  stored: StoredVersion | undefined,
  isOver: boolean,
): void {
  if (stored === undefined) return;
  const { attempt, firstOffset, step } = watch;
  // An attempt that is no longer folded has ended.
  const { status, events } = step?.state ?? { status: 'complete', events: Infinity };
  const reached = { attempt, status, events } as const;
  check.suspicions.push({ ...idsOf(watch), about: 'further', reached, firstOffset, stored, isOver });
}

function idsOf({ chatId, stepId }: StepIds): StepIds {
  return { chatId, stepId };
}
