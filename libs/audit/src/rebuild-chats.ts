import { createEventCodec, type EventCodec } from '@stepfold/events';
import type { EventLog } from '@stepfold/event-log';
import type { CreateSha256 } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { checkRecord, keyedWith, partitionOfChat, type EventPartition } from './checked-record.js';
import { offerToLive } from './offer-to-live.js';
import { createReadProgress, type OnProgress } from './read-progress.js';
import { recordPages, type PageRange } from './record-pages.js';
import { createStepFolder, type FoldedStep } from './step-folder.js';
import { storedMessage } from './stored-message.js';
import type { StepDifference } from './tally.js';
import { verify } from './verify.js';

export interface RebuildChatsOptions extends Pick<PageRange, 'pageRecordsMax' | 'pageBytesMax' | 'signal'> {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly createSha256: CreateSha256;
  readonly chats: readonly string[];
  /** Only says what differs, and writes nothing. */
  readonly isDryRun?: boolean;
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
  /** Differences that are listed before and after; the rest is counted. Default 10,000. */
  readonly differencesMax?: number;
  /** Called page by page; the partitions are read two or three times, and all of it counts. */
  readonly onProgress?: OnProgress;
}

/** What a rebuild of chats found and did, in the form in which it is printed. */
export interface ChatsRebuild {
  /** Nothing differs from the log any more. */
  readonly ok: boolean;
  readonly dry_run: boolean;
  readonly chats: readonly string[];
  /** Steps that the log yields. Each was offered to the store, unless this was a dry run. */
  readonly folded: number;
  /** Of these: what the store took, equal content written once more included. */
  readonly written: number;
  /** Of these: what the store has already in a version of a higher rank, which is never replaced. */
  readonly newer: number;
  /** Of these: what the store can never take. */
  readonly refused: readonly RefusedStep[];
  /** Stored messages whose first event is no longer on the log. They were left alone. */
  readonly beyond_log: number;
  /** What differed before. */
  readonly differences: readonly StepDifference[];
  readonly differences_omitted?: number;
  /** What differs now; in a dry run the same as before. */
  readonly remaining: readonly StepDifference[];
  readonly remaining_omitted?: number;
}

export interface RefusedStep {
  readonly chat_id: string;
  readonly step_id: string;
  readonly detail: string;
}

/**
 * Folds chats from the log again and repairs the store in place. Safe beside a live system, at any moment and any
 * number of times:
 *
 * 1. What is offered is the fold of a prefix of one attempt, a fact that a projector could have emitted. `repair`
 *    never replaces a later version, so a step that goes on, or is tried again, meanwhile, keeps what it has.
 * 2. A step is offered only if its first event was on the log after its last one had been read: what retention
 *    has deleted in between would be missing in it, and its `rev` would not tell.
 * 3. A crash leaves some steps repaired and the others as they were.
 * 4. Nothing is deleted: a message that the log does not explain stays, and `remaining` names it.
 *
 * Memory: one page, the open steps of these chats and those that ended on the page, and a number for each other step.
 * @throws TransientError if the log or the store is away; some steps may have been repaired, repeating is safe
 */
export async function rebuildChats(options: RebuildChatsOptions): Promise<ChatsRebuild> {
  const { isDryRun = false, onProgress } = options;
  const chats = [...new Set(options.chats)];
  const passes = isDryRun ? 2 : 3;
  const verifyInPass = (pass: number) =>
    verify({ ...options, chats, ...progressOfPass(onProgress, pass, passes) });

  const before = await verifyInPass(0);
  const answers = await offerSteps({ ...options, chats, ...progressOfPass(onProgress, 1, passes) });
  const after = isDryRun ? before : await verifyInPass(2);

  const all = [...answers.values()];
  return {
    ok: after.ok,
    dry_run: isDryRun,
    chats,
    folded: all.length,
    written: all.filter((answer) => answer === 'written').length,
    newer: all.filter((answer) => answer === 'newer').length,
    refused: all.filter((answer) => typeof answer === 'object'),
    beyond_log: after.beyond_log,
    differences: before.differences,
    ...(before.differences_omitted === undefined ? {} : { differences_omitted: before.differences_omitted }),
    remaining: after.differences,
    ...(after.differences_omitted === undefined ? {} : { remaining_omitted: after.differences_omitted }),
  };
}

function progressOfPass(
  onProgress: OnProgress | undefined,
  pass: number,
  passes: number,
): { readonly onProgress?: OnProgress } {
  if (onProgress === undefined) return {};
  return { onProgress: (done, total) => onProgress(pass * total + done, passes * total) };
}

/** What became of the last version of a step that was offered. */
type Answer = 'not-offered' | 'written' | 'newer' | RefusedStep;

/** Folds the chats, partition by partition, and offers each step as soon as it is known. */
async function offerSteps(options: RebuildChatsOptions): Promise<ReadonlyMap<string, Answer>> {
  const { log, chats, createSha256, codec = createEventCodec() } = options;
  const reading = createReadProgress(options.onProgress);
  const answers = new Map<string, Answer>();
  const isWanted = keyedWith(new Set(chats));
  for (const partition of new Set(chats.map((chatId) => partitionOfChat(log, chatId)))) {
    const place: EventPartition = { log, partition, codec };
    const folder = createStepFolder({ createSha256 });
    const { begin, end } = await log.bounds('events', partition);
    reading.plan(partition, begin, end);
    for await (const records of recordPages(log, partition, { ...options, from: begin, to: end })) {
      /** The last attempt of each step that has ended on this page. */
      const ended = new Map<string, FoldedStep>();
      for (const record of records) {
        const event = isWanted(record) ? checkRecord(place, record).event : undefined;
        if (event === undefined) continue;
        const { outcome, step } = folder.fold(record, event);
        if (outcome === 'accepted' && step?.digest !== undefined) ended.set(step.key, step);
      }
      await offer(options, place, [...ended.values()], answers);
      reading.reach(partition, records.at(-1)!.offset + 1);
    }
    await offer(options, place, [...folder.openSteps.values()], answers);
    reading.reach(partition, end);
  }
  return answers;
}

async function offer(
  options: RebuildChatsOptions,
  place: EventPartition,
  steps: readonly FoldedStep[],
  answers: Map<string, Answer>,
): Promise<void> {
  if (steps.length === 0) return;
  const { log, store, createSha256, isDryRun = false } = options;
  // Asked for after their last events were read (2).
  const { begin } = await log.bounds('events', place.partition);
  const whole = steps.filter(({ firstOffset }) => firstOffset >= begin);
  if (isDryRun) {
    for (const { key } of whole) answers.set(key, 'not-offered');
    return;
  }
  const versions = whole.map((step) => storedMessage(step, place, createSha256));
  const outcomes = await offerToLive(store, 'repair', versions);
  for (const [index, { key, state }] of whole.entries()) {
    const outcome = outcomes[index]!;
    if (outcome.outcome === 'refused') {
      answers.set(key, { chat_id: state.chatId, step_id: state.stepId, detail: outcome.detail });
    } else {
      answers.set(key, outcome.outcome === 'applied' ? 'written' : 'newer');
    }
  }
}
