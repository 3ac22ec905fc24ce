import type { EventLog, LogRecord } from '@stepfold/event-log';
import { createEventCodec, type Event, type EventCodec } from '@stepfold/events';
import type { CreateSha256, Message } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { checkRecord, keyedWith, partitionOfChat } from './checked-record.js';
import {
  createPartitionCheck,
  foldEvent,
  mayOpen,
  settleOpenSteps,
  suspectWaiting,
  waitingTo,
  type PartitionCheck,
  type Suspicion,
} from './partition-check.js';
import { createReadProgress, type OnProgress, type ReadProgress } from './read-progress.js';
import { recordPages, type PageRange } from './record-pages.js';
import { ruleOnSuspicion } from './rule-on-suspicion.js';
import { stepKey } from './step-folder.js';
import { readVersion } from './stored-version.js';
import { createTally, type StepIds, type Tally, type Verification } from './tally.js';

export interface VerifyOptions extends Pick<PageRange, 'pageRecordsMax' | 'pageBytesMax' | 'signal'> {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly createSha256: CreateSha256;
  /** Only these chats; without it all that the log or the store has. */
  readonly chats?: readonly string[];
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
  /** Differences that are listed; the rest is counted. Default 10,000. */
  readonly differencesMax?: number;
  /** Messages that are read from the store at the same time. Default 16. */
  readonly lookupsAtOnceMax?: number;
  /** Called page by page. The total grows if the log has to be read on. */
  readonly onProgress?: OnProgress;
}

/** Messages of one page of a chat: any of them may be as large as messages get. */
const MESSAGES_OF_PAGE = 20;
const CHATS_OF_PAGE = 1_000;

/**
 * Folds the log again and compares every stored message with it, field by field and by its digest. Runs
 * beside a live system: what is being stored meanwhile is never a difference. The README of this package
 * lists what becomes of each case.
 *
 * 1. The stored progress is read first, then the end of each partition, then messages. So whatever the
 *    progress demands is stored by the time that it is looked up.
 * 2. Each partition is folded once from its beginning to that end; then the store is walked for messages that
 *    the log has not opened; then the log is read on to the end of those that were stored meanwhile.
 * 3. Memory: one page, the open steps with their stored messages, and 20 to 45 bytes for each other step.
 *
 * @throws TransientError if the log or the store is away; nothing is known then
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { log, store, chats, createSha256, differencesMax = 10_000 } = options;
  const progress = await store.progress(log.generation);
  const foldedTo = new Map(progress.map(({ partition, folded_to }) => [partition, folded_to]));
  const audit: Audit = {
    ...options,
    codec: options.codec ?? createEventCodec(),
    lookupsAtOnceMax: options.lookupsAtOnceMax ?? 16,
    tally: createTally(createSha256, differencesMax),
    checks: new Map(),
    lateSteps: new Map(),
    reading: createReadProgress(options.onProgress),
  };
  const partitions =
    chats === undefined
      ? Array.from({ length: log.partitionCount }, (_, partition) => partition)
      : [...new Set(chats.map((chatId) => partitionOfChat(log, chatId)))].sort((a, b) => a - b);
  if (options.onProgress !== undefined) {
    for (const partition of partitions) {
      const { begin, end } = await log.bounds('events', partition);
      audit.reading.plan(partition, begin, end);
    }
  }
  const isWanted = chats === undefined ? () => true : keyedWith(new Set(chats));
  for (const partition of partitions) {
    const { begin, end } = await log.bounds('events', partition);
    const check = createPartitionCheck({
      place: { log, partition, codec: audit.codec },
      createSha256,
      tally: audit.tally,
      foldedTo: foldedTo.get(partition) ?? 0,
      begin,
    });
    audit.checks.set(partition, check);
    await foldTo(audit, check, end, isWanted, () => true);
    settleOpenSteps(check);
  }
  await walkStore(audit);
  for (const check of audit.checks.values()) await readOn(audit, check);
  return audit.tally.result();
}

interface Audit extends VerifyOptions {
  readonly codec: EventCodec;
  readonly lookupsAtOnceMax: number;
  readonly tally: Tally;
  readonly checks: Map<number, PartitionCheck>;
  readonly reading: ReadProgress;
  /** Stored messages whose step was opened after the log was read, with their last offset. */
  readonly lateSteps: Map<string, StepIds & { readonly partition: number; readonly lastOffset: number }>;
}

/** Folds the log up to an offset, and settles what does not fit. */
async function foldTo(
  audit: Audit,
  check: PartitionCheck,
  to: number,
  isWantedRecord: (record: LogRecord) => boolean,
  isWantedStep: (key: string) => boolean,
): Promise<void> {
  const { partition } = check.place;
  const range = { ...audit, from: check.readTo, to };
  audit.reading.plan(partition, check.readTo, to);
  for await (const records of recordPages(audit.log, partition, range)) {
    const events = records.flatMap((record) => {
      if (!isWantedRecord(record)) return [];
      const { event } = checkRecord(check.place, record);
      return event !== undefined && isWantedStep(keyOf(event)) ? [{ record, event }] : [];
    });
    const opening = events.map(({ event }) => event).filter((event) => mayOpen(check, event));
    const stored = await lookUp(audit, opening);
    for (const { record, event } of events) foldEvent(check, record, event, (key) => stored.get(key));
    await settleSuspicions(audit, check);
    audit.reading.reach(partition, records.at(-1)!.offset + 1);
  }
  audit.reading.reach(partition, to);
  check.readTo = Math.max(check.readTo, to);
}

function keyOf(event: Event): string {
  return stepKey(event.chat_id, event.step_id);
}

/** The stored messages of the steps that these events may open. */
async function lookUp(audit: Audit, events: readonly Event[]): Promise<ReadonlyMap<string, Message>> {
  const { store, lookupsAtOnceMax } = audit;
  const found = new Map<string, Message>();
  const steps = [...new Map(events.map((event) => [keyOf(event), event]))];
  for (let i = 0; i < steps.length; i += lookupsAtOnceMax) {
    const asked = steps.slice(i, i + lookupsAtOnceMax);
    const answers = await Promise.all(asked.map(([, event]) => store.message(event.chat_id, event.step_id)));
    for (const [index, [key]] of asked.entries()) {
      const message = answers[index];
      if (message !== undefined) found.set(key, message);
    }
  }
  return found;
}

/** Asks the store once more about everything that did not fit. */
async function settleSuspicions(audit: Audit, check: PartitionCheck): Promise<void> {
  const { suspicions } = check;
  check.suspicions = [];
  for (const suspicion of suspicions) await settleSuspicion(audit, check, suspicion);
}

async function settleSuspicion(audit: Audit, check: PartitionCheck, suspicion: Suspicion): Promise<void> {
  const message = await audit.store.message(suspicion.chatId, suspicion.stepId);
  // Asked for after the message, so that it is not before what the message was made of.
  const bounds = await audit.log.bounds('events', check.place.partition);
  ruleOnSuspicion(check, suspicion, message, bounds);
}

/** Looks for stored messages of steps that the log has not opened. */
async function walkStore(audit: Audit): Promise<void> {
  const { store, chats, signal } = audit;
  if (chats !== undefined) {
    for (const chatId of new Set(chats)) await walkChat(audit, chatId);
    return;
  }
  let cursor: string | undefined;
  do {
    signal?.throwIfAborted();
    const page = await store.chats({ limit: CHATS_OF_PAGE, ...(cursor === undefined ? {} : { cursor }) });
    for (const { chat_id } of page.items) await walkChat(audit, chat_id);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function walkChat(audit: Audit, chatId: string): Promise<void> {
  const { store, log, tally, checks, lateSteps, signal } = audit;
  const partition = partitionOfChat(log, chatId);
  const check = checks.get(partition)!;
  let cursor: string | undefined;
  do {
    signal?.throwIfAborted();
    const limit = MESSAGES_OF_PAGE;
    const page = await store.messages(chatId, { limit, ...(cursor === undefined ? {} : { cursor }) });
    for (const message of page.items) {
      const ids = { chatId, stepId: message.step_id };
      const key = stepKey(ids.chatId, ids.stepId);
      if (tally.openedAttempts.get(key) !== undefined) continue;
      const { firstOffset = 0, lastOffset = firstOffset, generation } = readVersion(message);
      const isOfThisLog = (generation ?? log.generation) === log.generation;
      if (isOfThisLog && firstOffset >= check.readTo) lateSteps.set(key, { ...ids, partition, lastOffset });
      else await settleSuspicion(audit, check, { ...ids, about: 'unopened' });
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Reads the log on, as far as messages lie that were stored since its end was asked for. */
async function readOn(audit: Audit, check: PartitionCheck): Promise<void> {
  const { partition } = check.place;
  const late = [...audit.lateSteps].filter(([, step]) => step.partition === partition);
  if (check.watches.size > 0 || late.length > 0) {
    const keys = new Set([...check.watches.keys(), ...late.map(([key]) => key)]);
    const chatIds = new Set(
      [...check.watches.values(), ...late.map(([, step]) => step)].map(({ chatId }) => chatId),
    );
    const lastOffset = Math.max(waitingTo(check) - 1, ...late.map(([, step]) => step.lastOffset));
    const { end } = await audit.log.bounds('events', partition);
    await foldTo(audit, check, Math.min(end, lastOffset + 1), keyedWith(chatIds), (key) => keys.has(key));
    settleOpenSteps(check);
    suspectWaiting(check);
    for (const [key, { chatId, stepId }] of late) {
      if (audit.tally.openedAttempts.get(key) !== undefined) continue;
      check.suspicions.push({ chatId, stepId, about: 'unopened' });
    }
  }
  await settleSuspicions(audit, check);
}
