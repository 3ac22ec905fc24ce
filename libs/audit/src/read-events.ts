import { formatPosition, type EventLog, type LogRecord } from '@stepfold/event-log';
import { createEventCodec, type Event, type EventCodec } from '@stepfold/events';
import type { Outcome } from '@stepfold/fold';
import {
  checkRecord,
  keyedWith,
  partitionOfChat,
  type EventPartition,
  type RecordProblemCode,
} from './checked-record.js';
import { recordPages, type PageRange } from './record-pages.js';
import { createStepFolder, type StepFolder } from './step-folder.js';
import { endOffset, isInTime, type Until } from './until.js';

/** A whole partition, or the records keyed with one chat. */
export type EventSource = { readonly partition: number } | { readonly chatId: string };

export interface ReadEventsOptions extends Pick<PageRange, 'pageRecordsMax' | 'pageBytesMax' | 'signal'> {
  /** The first offset to answer. What lies before it is still folded: outcomes depend on it. */
  readonly from?: number;
  readonly until?: Until;
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
}

/** One record of the topic of events, and what became of it. */
export type ReadEvent = {
  /** `partition:offset`. */
  readonly position: string;
  readonly record: LogRecord;
} & (
  | { readonly event: Event; readonly outcome: Outcome }
  /** No valid event: the dead-letter code, and a sentence. */
  | { readonly event?: undefined; readonly outcome: RecordProblemCode; readonly detail: string }
);

/**
 * The events on the log in order, with the outcome that each has in a fold of the whole history. `until` a
 * time leaves events out of the answer, not out of that fold. Ends at the end that the log had when the
 * reading began. Memory grows with the steps that are open, and by one number for each other step.
 * @throws TransientError if the log is away
 * @throws UsageError if `until` is a position of another partition
 */
export async function* readEvents(
  log: EventLog,
  source: EventSource,
  options: ReadEventsOptions = {},
): AsyncGenerator<ReadEvent, void, void> {
  const { from = 0, until, codec = createEventCodec() } = options;
  const partition = 'chatId' in source ? partitionOfChat(log, source.chatId) : source.partition;
  const isWanted = 'chatId' in source ? keyedWith(new Set([source.chatId])) : () => true;
  const place: EventPartition = { log, partition, codec };
  const folder = createStepFolder();
  const { begin, end } = await log.bounds('events', partition);
  const range = { ...options, from: begin, to: endOffset(until, partition, end) };
  for await (const records of recordPages(log, partition, range)) {
    for (const record of records) {
      if (!isWanted(record)) continue;
      const read = readRecord(place, folder, record);
      if (record.offset < from || !isInTime(until, record, read.event)) continue;
      yield read;
    }
  }
}

/** Folds one record, and answers what became of it. */
export function readRecord(place: EventPartition, folder: StepFolder, record: LogRecord): ReadEvent {
  const position = formatPosition({ partition: place.partition, offset: record.offset });
  const checked = checkRecord(place, record);
  if (checked.event === undefined) return { position, record, outcome: checked.code, detail: checked.detail };
  const { event } = checked;
  return { position, record, event, outcome: folder.fold(record, event).outcome };
}
