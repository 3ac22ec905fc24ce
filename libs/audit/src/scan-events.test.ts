import { describe, expect, it } from '@jest/globals';
import { partitionOf } from '@stepfold/event-log';
import { encodeEvent, type Event } from '@stepfold/events';
import { scanEvents } from './scan-events.js';
import { InMemoryLog } from './testing/in-memory-log.js';

const encoder = new TextEncoder();

function heartbeat(chatId: string): Event {
  return { v: 1, chat_id: chatId, step_id: 's', at: 1_775_822_400_000_000, type: 'heartbeat' };
}

describe('a scan of the log', () => {
  it('finds what has to do with a chat in every partition and under every key, and nothing else', async () => {
    const log = new InMemoryLog(2);
    const home = partitionOf(encoder.encode('c'), 2);
    const put = (partition: number, key: string | null, value: Uint8Array): number =>
      log.appendRecord({ key: key === null ? null : encoder.encode(key), value }, partition);
    log.appendEvent(heartbeat('c'));
    put(home, 'd', encodeEvent(heartbeat('c')));
    put(home, null, encodeEvent(heartbeat('c')));
    put(home, 'd', encodeEvent(heartbeat('d')));
    put(1 - home, 'c', encodeEvent(heartbeat('c')));
    put(1 - home, 'c', encoder.encode('{'));
    put(1 - home, 'e', encoder.encode('{'));
    put(1 - home, null, encodeEvent(heartbeat('e')));

    const found: [string, string][] = [];
    for await (const { position, outcome } of scanEvents(log, 'c')) found.push([position, outcome]);
    expect(found.toSorted()).toEqual(
      [
        [`${home}:0`, 'not-open'],
        [`${home}:1`, 'wrong-key'],
        [`${home}:2`, 'wrong-key'],
        [`${1 - home}:0`, 'wrong-partition'],
        [`${1 - home}:1`, 'bad-json'],
      ].toSorted(),
    );
  });
});
