import type { JsonValue } from '@stepfold/events';
import type { CreateSha256 } from '@stepfold/fold';
import type { MessageDifference } from './first-difference.js';
import { stepKey, type OpenedAttempts } from './step-folder.js';
import { createStepTable } from './step-table.js';

/** What was found, in the form in which it is printed. */
export interface Verification {
  /** False only if there are differences. */
  readonly ok: boolean;
  /** Steps whose stored message was compared with the log. */
  readonly checked: number;
  /** Steps of which the log has more than the store must have yet; what is stored of them was checked too. */
  readonly not_yet: number;
  /** Stored messages whose first event is no longer on the log, or is on another one. */
  readonly beyond_log: number;
  /** At most one of each step, in order of partition and log; those of steps that the log lacks come last. */
  readonly differences: readonly StepDifference[];
  /** How many more there were than are listed. */
  readonly differences_omitted?: number;
}

export type DifferenceKind = 'different' | 'missing' | 'extra' | 'ahead' | 'orphaned';

export interface StepDifference {
  readonly chat_id: string;
  readonly step_id: string;
  readonly kind: DifferenceKind;
  readonly path?: string;
  readonly expected?: JsonValue;
  readonly stored?: JsonValue;
}

export interface StepIds {
  readonly chatId: string;
  readonly stepId: string;
}

/** What is said of a step; each counts once. */
export type Remark = 'checked' | 'notYet' | 'beyondLog' | 'reported';

const remarkBits: { readonly [R in Remark]: number } = { checked: 1, notYet: 2, beyondLog: 4, reported: 8 };
const REMARKS_END = 16;

/** What is known of every step of the log, in a few bytes each: its highest attempt, and the remarks. */
export interface Tally {
  readonly openedAttempts: OpenedAttempts;
  add(step: StepIds, remark: Remark): void;
  remove(step: StepIds, remark: Remark): void;
  /** Lists a difference, the first of each step. */
  report(step: StepIds, kind: DifferenceKind, difference?: Partial<MessageDifference>): void;
  result(): Verification;
}

export function createTally(createSha256: CreateSha256, differencesMax: number): Tally {
  /** (highest attempt + 1, or 0 if none was opened) · REMARKS_END + remarks */
  const table = createStepTable(createSha256);
  const counts: Record<Remark, number> = { checked: 0, notYet: 0, beyondLog: 0, reported: 0 };
  const differences: StepDifference[] = [];

  /** Answers whether that was new. */
  function change(step: StepIds, remark: Remark, isSet: boolean): boolean {
    const key = stepKey(step.chatId, step.stepId);
    const value = table.get(key);
    const bit = remarkBits[remark];
    if (((value & bit) !== 0) === isSet) return false;
    counts[remark] += isSet ? 1 : -1;
    table.set(key, isSet ? value + bit : value - bit);
    return true;
  }

  return {
    openedAttempts: {
      get(key) {
        const attempts = Math.floor(table.get(key) / REMARKS_END);
        return attempts === 0 ? undefined : attempts - 1;
      },
      set(key, attempt) {
        table.set(key, (attempt + 1) * REMARKS_END + (table.get(key) % REMARKS_END));
      },
    },
    add: (step, remark) => void change(step, remark, true),
    remove: (step, remark) => void change(step, remark, false),
    report(step, kind, difference = {}) {
      if (!change(step, 'reported', true)) return;
      if (differences.length >= differencesMax) return;
      differences.push({ chat_id: step.chatId, step_id: step.stepId, kind, ...difference });
    },
    result() {
      const omitted = counts.reported - differences.length;
      return {
        ok: counts.reported === 0,
        checked: counts.checked,
        not_yet: counts.notYet,
        beyond_log: counts.beyondLog,
        differences,
        ...(omitted === 0 ? {} : { differences_omitted: omitted }),
      };
    },
  };
}
