import { formatPosition, type EventLog } from '@stepfold/event-log';
import { createEventCodec, type Event, type EventCodec } from '@stepfold/events';
import { evolvePart, type CreateSha256, type Message, type PartChange } from '@stepfold/fold';
import { UsageError } from '@stepfold/runtime';
import { checkRecord, keyedWith, partitionOfChat, type EventPartition } from './checked-record.js';
import { recordPages, type PageRange } from './record-pages.js';
import { createStepFolder, type FoldedStep } from './step-folder.js';
import { storedMessage } from './stored-message.js';

export interface ExplainPartOptions extends Pick<PageRange, 'pageRecordsMax' | 'pageBytesMax' | 'signal'> {
  readonly log: EventLog;
  readonly chatId: string;
  readonly stepId: string;
  /** Index in the `parts` of the message. */
  readonly partIndex: number;
  readonly createSha256: CreateSha256;
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
}

/** The events that made one part of a message. */
export interface PartExplanation {
  /** The message as the projector stores it: of the present attempt, with what is too large elided. */
  readonly message: Message;
  /** In log order: the first is the part's `first_event`, the last its `last_event`. */
  readonly events: readonly PartEvent[];
}

export interface PartEvent {
  /** `partition:offset`. */
  readonly position: string;
  readonly event: Event;
  /**
   * The fields of the part to which this event gave a value, or another one than they had, or which it took
   * away, in the order of the part. Not `type`, `first_event` and `last_event`, which every such event moves.
   * A value that is elided in the part goes by its own name, `text` and not `text_elided`.
   */
  readonly sets: readonly string[];
}

/**
 * Which events of the log made a part of a message, and which fields each of them set. Folds the chat once;
 * costs one look at the part for each event of its step, however long its texts are. The events of the part
 * are held in memory: a step has at most `step_bytes_max` of them.
 * @throws TransientError if the log is away
 * @throws UsageError `bad-usage` if the log has no such chat, step or part
 */
export async function explainPart(options: ExplainPartOptions): Promise<PartExplanation> {
  const { log, chatId, stepId, partIndex, createSha256, codec = createEventCodec() } = options;
  const partition = partitionOfChat(log, chatId);
  const place: EventPartition = { log, partition, codec };
  const isOfChat = keyedWith(new Set([chatId]));
  let change: PartChange | undefined;
  const folder = createStepFolder({
    createSha256,
    evolveStep(state, event, recordBytes) {
      change = evolvePart(state, event, partIndex, recordBytes);
      return change.outcome;
    },
  });
  let isChatKnown = false;
  let present: FoldedStep | undefined;
  let events: PartEvent[] = [];
  const { begin, end } = await log.bounds('events', partition);
  for await (const records of recordPages(log, partition, { ...options, from: begin, to: end })) {
    for (const record of records) {
      if (!isOfChat(record)) continue;
      const { event } = checkRecord(place, record);
      if (event === undefined) continue;
      isChatKnown = true;
      if (event.step_id !== stepId) continue;
      change = undefined;
      const { step, isOpening } = folder.fold(record, event);
      if (isOpening) {
        present = step;
        events = [];
      }
      const { isTouched, fields } = (change as PartChange | undefined) ?? { isTouched: false, fields: [] };
      if (!isTouched) continue;
      events.push({ position: formatPosition({ partition, offset: record.offset }), event, sets: fields });
    }
  }
  if (!isChatKnown) throw new UsageError('bad-usage', `the log has no chat ${chatId}`);
  if (present === undefined) {
    throw new UsageError('bad-usage', `the log has no beginning of a step ${stepId} in chat ${chatId}`);
  }
  checkIndex(stepId, partIndex, present.state.parts.length);
  return { message: storedMessage(present, place, createSha256), events };
}

function checkIndex(stepId: string, index: number, count: number): void {
  if (index < count) return;
  const parts =
    count === 0 ? 'no parts' : count === 1 ? '1 part, number 0' : `${count} parts, 0 to ${count - 1}`;
  throw new UsageError('bad-usage', `step ${stepId} has ${parts}: there is no part ${index}`);
}
