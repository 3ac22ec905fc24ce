import type { EventLog } from '@stepfold/event-log';
import { createEventCodec, type EventCodec } from '@stepfold/events';
import { keyedWith, partitionOfChat, type EventPartition } from './checked-record.js';
import { readRecord, type EventSource, type ReadEvent } from './read-events.js';
import { createRecentAttempts } from './recent-attempts.js';
import { createStepFolder } from './step-folder.js';

export interface FollowOptions {
  /**
   * Where to begin to fold. Outcomes depend on it: from the beginning of the log they are those of the whole
   * history, from the low-water mark of a projector those of every step that was open there.
   */
  readonly from: number;
  /** Records of one look. Default 1,000. */
  readonly pageRecordsMax?: number;
  /** Bytes of one look; a single larger record still comes. Default 4 MiB. */
  readonly pageBytesMax?: number;
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
}

/** Reads one partition on and on, without a group: nobody is disturbed, and nothing is committed. */
export interface EventFollower {
  /** The offset that is read next. */
  readonly nextOffset: number;
  /**
   * The events of the next look, as `readEvents` answers them, and whether the end of the log was reached.
   * Answers at once. After an error it can be called again, and nothing is missed.
   * @throws TransientError if the log is away
   */
  next(): Promise<{ readonly events: readonly ReadEvent[]; readonly isAtEnd: boolean }>;
}

/** Ended steps that are remembered, so that a repeated start of one of them is known for what it is. */
const STEPS_REMEMBERED_MAX = 100_000;

/**
 * Follows a partition, or the records keyed with one chat. Memory: the steps that are open, one look, and one
 * number for each of the last 100,000 steps. What retention takes away before it was read is
 * passed over; a step whose beginning is gone has events that are `not-open`, as for every reader of this log.
 */
export function followEvents(log: EventLog, source: EventSource, options: FollowOptions): EventFollower {
  const { pageRecordsMax: recordsMax = 1_000, pageBytesMax: bytesMax = 4 * 1024 * 1024 } = options;
  const { codec = createEventCodec() } = options;
  const partition = 'chatId' in source ? partitionOfChat(log, source.chatId) : source.partition;
  const isWanted = 'chatId' in source ? keyedWith(new Set([source.chatId])) : () => true;
  const place: EventPartition = { log, partition, codec };
  const folder = createStepFolder({ openedAttempts: createRecentAttempts(STEPS_REMEMBERED_MAX) });
  let nextOffset = options.from;
  return {
    get nextOffset() {
      return nextOffset;
    },
    async next() {
      const read = await log.read('events', partition, nextOffset, { recordsMax, bytesMax });
      nextOffset = read.nextOffset;
      const events = read.records.filter(isWanted).map((record) => readRecord(place, folder, record));
      return { events, isAtEnd: read.nextOffset >= read.endOffset };
    },
  };
}
