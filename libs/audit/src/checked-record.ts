import { partitionOf, type EventLog, type LogRecord } from '@stepfold/event-log';
import type { Event, EventCodec, EventProblem } from '@stepfold/events';

/** The events of one partition, and who reads them. */
export interface EventPartition {
  readonly log: Pick<EventLog, 'generation' | 'partitionCount' | 'topicPrefix'>;
  readonly partition: number;
  /** Must have the limits and upcasters of the projector, or other records count as events. */
  readonly codec: EventCodec;
}

/** Why a record of the topic of events counts for nothing, by its dead-letter code. */
export type RecordProblemCode = EventProblem['code'] | 'wrong-key' | 'wrong-partition';

export type CheckedRecord =
  | { readonly event: Event }
  | { readonly event?: undefined; readonly code: RecordProblemCode; readonly detail: string };

const encoder = new TextEncoder();

/** Reads a record by the rules of the projector: what one refuses, the other must not fold. */
export function checkRecord(place: EventPartition, record: LogRecord): CheckedRecord {
  if (record.value === null) return { code: 'bad-json', detail: 'the record has no value' };
  const decoded = place.codec.decode(record.value);
  if (!decoded.ok) return { code: decoded.code, detail: decoded.detail };
  const { event } = decoded;
  const key = encoder.encode(event.chat_id);
  if (record.key === null || !equalBytes(record.key, key)) {
    return { code: 'wrong-key', detail: 'the key of the record is not the chat_id of its event' };
  }
  const { partitionCount } = place.log;
  const partition = partitionOf(key, partitionCount);
  if (partition !== place.partition) {
    return {
      code: 'wrong-partition',
      detail: `the key belongs to partition ${partition} of ${partitionCount} by murmur2`,
    };
  }
  return { event };
}

/** The partition that holds the events of a chat. */
export function partitionOfChat(log: Pick<EventLog, 'partitionCount'>, chatId: string): number {
  return partitionOf(encoder.encode(chatId), log.partitionCount);
}

/** A test for records that are keyed with one of these chats; cheaper than decoding the event. */
export function keyedWith(chatIds: ReadonlySet<string>): (record: LogRecord) => boolean {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return ({ key }) => key !== null && chatIds.has(decoder.decode(key));
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
