import type { EventLog } from '@stepfold/event-log';
import { createEventCodec } from '@stepfold/events';
import { readEvents, type ReadEvent, type ReadEventsOptions } from './read-events.js';

/**
 * Everything on the log that has to do with a chat, wherever it lies: in another partition than its own, or
 * under another key than its id. Reads all of the log, one partition after the other; `until` can only be a
 * time.
 * @throws TransientError if the log is away
 */
export async function* scanEvents(
  log: EventLog,
  chatId: string,
  options: ReadEventsOptions = {},
): AsyncGenerator<ReadEvent, void, void> {
  const { codec = createEventCodec() } = options;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  function isOfChat({ event, record: { key, value } }: ReadEvent): boolean {
    if (event !== undefined) return event.chat_id === chatId;
    if (key !== null && decoder.decode(key) === chatId) return true;
    const decoded = value === null ? undefined : codec.decode(value);
    return decoded?.ok === true && decoded.event.chat_id === chatId;
  }

  for (let partition = 0; partition < log.partitionCount; partition++) {
    for await (const read of readEvents(log, { partition }, { ...options, codec })) {
      if (isOfChat(read)) yield read;
    }
  }
}
