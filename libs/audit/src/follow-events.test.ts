import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { TransientError } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { followEvents, type EventFollower } from './follow-events.js';
import { readEvents, type ReadEvent } from './read-events.js';
import { createRecentAttempts } from './recent-attempts.js';
import { AT } from './testing/audit-world.js';
import { InMemoryLog } from './testing/in-memory-log.js';

async function toEnd(follower: EventFollower): Promise<ReadEvent[]> {
  const found: ReadEvent[] = [];
  for (;;) {
    const { events, isAtEnd } = await follower.next();
    found.push(...events);
    if (isAtEnd) return found;
  }
}

async function allOf(log: InMemoryLog, chatId: string): Promise<ReadEvent[]> {
  const found: ReadEvent[] = [];
  for await (const read of readEvents(log, { chatId })) found.push(read);
  return found;
}

function event(type: string, fields: Readonly<Record<string, unknown>> = {}): Event {
  return { v: 1, chat_id: 'c', step_id: 's', at: AT, type, ...fields } as unknown as Event;
}

describe('following the events of a chat', () => {
  it('answers what reading them does, however the log grows between two looks', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryEvents(),
        fc.array(fc.nat({ max: 9 }), { maxLength: 9 }),
        async (events, sizes) => {
          const log = new InMemoryLog();
          const follower = followEvents(log, { chatId: 'chat-0' }, { from: 0, pageRecordsMax: 3 });
          const found: ReadEvent[] = [];
          const waiting = [...events];
          for (const size of [...sizes, waiting.length]) {
            for (const each of waiting.splice(0, size)) log.appendEvent(each);
            found.push(...(await toEnd(follower)));
          }
          expect(found).toEqual(await allOf(log, 'chat-0'));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('misses nothing after the log was away', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event('step-start'));
    const follower = followEvents(log, { chatId: 'c' }, { from: 0 });
    log.onCall = () => {
      throw new TransientError('log-unavailable', 'away');
    };
    await expect(follower.next()).rejects.toThrow(TransientError);
    log.onCall = () => undefined;
    expect((await toEnd(follower)).map(({ position }) => position)).toEqual(['0:0']);
  });

  it('goes on behind what retention has taken, with the events of what was cut off as not open', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event('step-start'));
    for (let i = 0; i < 3; i++) log.appendEvent(event('heartbeat'));
    log.deleteBefore(2);
    log.appendEvent(event('step-start', { attempt: 1 }));
    const found = await toEnd(followEvents(log, { partition: 0 }, { from: 0 }));
    expect(found.map(({ position, outcome }) => [position, outcome])).toEqual([
      ['0:2', 'not-open'],
      ['0:3', 'not-open'],
      ['0:4', 'accepted'],
    ]);
  });

  it('gives nothing twice behind a hole', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event('step-start'));
    log.appendEvent(event('heartbeat'), 5);
    const follower = followEvents(log, { partition: 0 }, { from: 0 });
    expect(await toEnd(follower)).toHaveLength(2);
    expect(follower.nextOffset).toBe(7);
    expect(await toEnd(follower)).toEqual([]);
  });
});

describe('the memory of attempts', () => {
  it('holds the steps that were opened last, and no more', () => {
    const attempts = createRecentAttempts(2);
    for (const [key, attempt] of [
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['c', 0],
    ] as const)
      attempts.set(key, attempt);
    expect(['a', 'b', 'c'].map((key) => attempts.get(key))).toEqual([1, undefined, 0]);
  });
});
