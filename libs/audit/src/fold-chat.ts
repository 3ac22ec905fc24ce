import type { EventLog } from '@stepfold/event-log';
import { createEventCodec, type EventCodec } from '@stepfold/events';
import type { CreateSha256, Message } from '@stepfold/fold';
import { checkRecord, keyedWith, partitionOfChat, type EventPartition } from './checked-record.js';
import { createLeftOutEvents } from './left-out-events.js';
import { createReadProgress, type OnProgress } from './read-progress.js';
import { recordPages, type PageRange } from './record-pages.js';
import { createStepFolder, type FoldedStep } from './step-folder.js';
import { storedMessage } from './stored-message.js';
import { endOffset, isInTime, type Until } from './until.js';

export interface FoldChatOptions extends Pick<PageRange, 'pageRecordsMax' | 'pageBytesMax' | 'signal'> {
  readonly log: EventLog;
  readonly chatId: string;
  readonly createSha256: CreateSha256;
  readonly until?: Until;
  /** Only this step: what the others are made of is not folded. */
  readonly stepId?: string;
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
  /** Called page by page, with the records of the chat's partition. */
  readonly onProgress?: OnProgress;
}

/**
 * The messages of a chat as the log yields them, with the same `log`, `digest` and elisions as the projector
 * stores, in the order in which their present attempts were opened. With `until`, as the chat stood then;
 * what a time leaves out makes no gaps. A step whose beginning has left the log is not among them.
 * All messages of the chat are held in memory.
 * @throws TransientError if the log is away
 * @throws UsageError if `until` is a position of another partition
 */
export async function foldChat(options: FoldChatOptions): Promise<Message[]> {
  const { log, chatId, createSha256, until, stepId, codec = createEventCodec() } = options;
  const partition = partitionOfChat(log, chatId);
  const place: EventPartition = { log, partition, codec };
  const isWanted = keyedWith(new Set([chatId]));
  const leftOut = createLeftOutEvents();
  const folder = createStepFolder({ createSha256, evolveStep: leftOut.evolve });
  const steps = new Map<string, FoldedStep>();
  const { begin, end } = await log.bounds('events', partition);
  const range = { ...options, from: begin, to: endOffset(until, partition, end) };
  const reading = createReadProgress(options.onProgress);
  reading.plan(partition, range.from, range.to);
  for await (const records of recordPages(log, partition, range)) {
    for (const record of records) {
      if (!isWanted(record)) continue;
      const { event } = checkRecord(place, record);
      if (event === undefined || (stepId !== undefined && event.step_id !== stepId)) continue;
      if (!isInTime(until, record, event)) {
        leftOut.leaveOut(event);
        continue;
      }
      const { step, isOpening } = folder.fold(record, event);
      if (step === undefined || !isOpening) continue;
      // Taken out first, so that a new attempt comes after what was opened before it.
      steps.delete(step.key);
      steps.set(step.key, step);
    }
    reading.reach(partition, records.at(-1)!.offset + 1);
  }
  reading.reach(partition, range.to);
  return [...steps.values()].map((step) => storedMessage(step, place, createSha256));
}
