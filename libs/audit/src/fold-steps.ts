import type { EventCodec } from '@stepfold/events';
import type { EventLog } from '@stepfold/event-log';
import type { CreateSha256, Message, Outcome } from '@stepfold/fold';
import { checkRecord, keyedWith, type EventPartition } from './checked-record.js';
import { recordPages } from './record-pages.js';
import { createStepFolder, stepKey, type FoldedStep } from './step-folder.js';
import { storedMessage } from './stored-message.js';
import type { StepIds } from './tally.js';

export interface FoldStepsOptions {
  readonly log: EventLog;
  readonly createSha256: CreateSha256;
  readonly codec: EventCodec;
  readonly signal?: AbortSignal;
}

/** Some steps of one partition, folded from its beginning to its end. */
export interface FoldedSteps {
  /** Undefined if nothing on the log opens the step, or its beginning was deleted during the reading. */
  message(step: StepIds): Message | undefined;
  /** What became of the event at an offset, of one of these steps. */
  outcomeAt(offset: number): Outcome | undefined;
}

/**
 * Folds some steps of one partition. All of them are held in memory.
 * @throws TransientError if the log is away
 */
export async function foldSteps(
  options: FoldStepsOptions,
  partition: number,
  steps: readonly StepIds[],
): Promise<FoldedSteps> {
  const { log, createSha256, codec, signal } = options;
  const place: EventPartition = { log, partition, codec };
  const keys = new Set(steps.map(({ chatId, stepId }) => stepKey(chatId, stepId)));
  const isWanted = keyedWith(new Set(steps.map(({ chatId }) => chatId)));
  const folder = createStepFolder({ createSha256 });
  const folded = new Map<string, FoldedStep>();
  const outcomes = new Map<number, Outcome>();
  const { begin, end } = await log.bounds('events', partition);
  const range = { from: begin, to: end, ...(signal === undefined ? {} : { signal }) };
  for await (const records of recordPages(log, partition, range)) {
    for (const record of records) {
      const event = isWanted(record) ? checkRecord(place, record).event : undefined;
      if (event === undefined || !keys.has(stepKey(event.chat_id, event.step_id))) continue;
      const { outcome, step } = folder.fold(record, event);
      outcomes.set(record.offset, outcome);
      if (step !== undefined) folded.set(step.key, step);
    }
  }
  // Asked for after the reading: a step that begins before it may lack events that were deleted meanwhile.
  const { begin: beginNow } = await log.bounds('events', partition);
  return {
    message({ chatId, stepId }) {
      const step = folded.get(stepKey(chatId, stepId));
      if (step === undefined || step.firstOffset < beginNow) return undefined;
      return storedMessage(step, place, createSha256);
    },
    outcomeAt: (offset) => outcomes.get(offset),
  };
}
