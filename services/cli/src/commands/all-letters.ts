import { originOf } from '@stepfold/audit';
import type { EventLog } from '@stepfold/event-log';
import type { DeadLetterCode } from '@stepfold/events';
import type { DeadLetter, MessageStore } from '@stepfold/message-store';
import { deadLettersOf } from '../store-pages.js';

/**
 * The stored letters to retry, in order of their ids, but for those that this very retry brings about: what a writer
 * gives up again is a new letter, further on, and retrying that too would never end.
 */
export async function* allLetters(
  log: Pick<EventLog, 'topicPrefix' | 'partitionCount' | 'bounds'>,
  store: MessageStore,
  reason: DeadLetterCode | undefined,
): AsyncGenerator<DeadLetter, void, undefined> {
  const ends = new Map<number, number>();
  for (let partition = 0; partition < log.partitionCount; partition++) {
    ends.set(partition, (await log.bounds('steps', partition)).end);
  }
  for await (const letter of deadLettersOf(store)) {
    if (reason !== undefined && letter.reason !== reason) continue;
    const origin = originOf(log, letter);
    if (origin?.topic === 'steps' && origin.offset >= ends.get(origin.partition)!) {
      const { end } = await log.bounds('steps', origin.partition);
      // One that lies beyond the end even now is of another log, and is told as that.
      if (origin.offset < end) continue;
    }
    yield letter;
  }
}
