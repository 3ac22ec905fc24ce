import { partitionOf, type EventLog } from '@stepfold/event-log';
import { createEventCodec, type Event } from '@stepfold/events';

const codec = createEventCodec();
const encoder = new TextEncoder();
const RECORDS_PER_APPEND = 1_000;

/** Appends events as a publisher would, but as fast as the log takes them. */
export async function appendEvents(log: EventLog, events: Iterable<Event>): Promise<void> {
  const waiting = new Map<number, { key: Uint8Array; value: Uint8Array }[]>();
  const send = async (partition: number): Promise<void> => {
    const records = waiting.get(partition) ?? [];
    waiting.delete(partition);
    await log.append('events', partition, records);
  };
  for (const event of events) {
    const key = encoder.encode(event.chat_id);
    const partition = partitionOf(key, log.partitionCount);
    const records = waiting.get(partition) ?? [];
    records.push({ key, value: codec.encode(event) });
    waiting.set(partition, records);
    if (records.length >= RECORDS_PER_APPEND) await send(partition);
  }
  for (const partition of [...waiting.keys()]) await send(partition);
}
