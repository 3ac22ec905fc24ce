import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { LogRecord } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { followEvents } from './follow-events.js';
import { readEvents } from './read-events.js';
import { readLag } from './read-lag.js';
import { AT, AuditWorld } from './testing/audit-world.js';
import { InMemoryLog } from './testing/in-memory-log.js';
import { InMemoryStore } from './testing/in-memory-store.js';

/** As in follow-events.ts. */
const STEPS_REMEMBERED_MAX = 100_000;
const MEBIBYTE = 1024 * 1024;

function message(step: number, text?: string): Event {
  const parts = text === undefined ? [] : [{ type: 'text', text }];
  return {
    ...{ v: 1, chat_id: 'c', step_id: `s${step}`, at: AT },
    ...{ type: 'message', role: 'user', parts },
  } as Event;
}

/** A log that notes what each read has given. */
function notingLog(): { readonly log: InMemoryLog; readonly pages: (readonly LogRecord[])[] } {
  const log = new InMemoryLog();
  const pages: (readonly LogRecord[])[] = [];
  const read = log.read.bind(log);
  log.read = async (...given) => {
    const result = await read(...given);
    if (result.records.length > 0) pages.push(result.records);
    return result;
  };
  return { log, pages };
}

function bytesOf(records: readonly LogRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + (key?.byteLength ?? 0) + (value?.byteLength ?? 0), 0);
}

/** Runs `work`, and answers how many calls of it were under way at once. */
function counted<A extends unknown[], T>(work: (...given: A) => Promise<T>) {
  let running = 0;
  const count = { most: 0 };
  const run = async (...given: A): Promise<T> => {
    count.most = Math.max(count.most, ++running);
    try {
      // Whoever is to run beside it begins before it goes on.
      await new Promise((resolve) => setImmediate(resolve));
      return await work(...given);
    } finally {
      running--;
    }
  };
  return { run, count };
}

describe('one page of the log', () => {
  const readers: readonly [string, (log: InMemoryLog) => Promise<unknown>][] = [
    [
      'reading',
      async (log) => {
        for await (const _ of readEvents(log, { partition: 0 }));
      },
    ],
    [
      'following',
      async (log) => {
        const follower = followEvents(log, { partition: 0 }, { from: 0 });
        while (!(await follower.next()).isAtEnd);
      },
    ],
  ];

  it.each(readers)('is at most pageRecordsMax records, 1,000: %s', async (_name, run) => {
    const { log, pages } = notingLog();
    for (let step = 0; step < 2_500; step++) log.appendEvent(message(step));
    await run(log);
    expect(pages.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  });

  it.each(readers)('is at most pageBytesMax bytes, 4 MiB, or one record: %s', async (_name, run) => {
    const { log, pages } = notingLog();
    for (const mebibytes of [1, 1, 1, 1, 5, 1]) log.appendEvent(message(0, 'x'.repeat(mebibytes * MEBIBYTE)));
    await run(log);
    expect(pages.map((page) => Math.floor(bytesOf(page) / MEBIBYTE))).toEqual([3, 1, 5, 1]);
  });
});

describe('lookupsAtOnceMax', () => {
  it('is 16 messages that verify asks the store for at the same time', async () => {
    const world = new AuditWorld(() => createHash('sha256'));
    for (let step = 0; step < 40; step++) world.appendStep(`s${step}`);
    world.storeUpTo();
    const { run, count } = counted(world.store.message.bind(world.store));
    world.store.message = run;
    expect(await world.verify()).toMatchObject({ ok: true, checked: 40 });
    expect(count.most).toBe(16);
  });

  it('is 16 partitions of which the lag is asked for at the same time', async () => {
    const { run, count } = counted(() => Promise.resolve(undefined));
    const log = new InMemoryLog(40);
    await readLag({ log, store: new InMemoryStore(), folded: run, nowMicros: () => AT });
    expect(count.most).toBe(16);
  });
});

describe('what a follower remembers', () => {
  it('are the attempts of the STEPS_REMEMBERED_MAX steps that were opened last', async () => {
    const log = new InMemoryLog();
    for (let step = 0; step <= STEPS_REMEMBERED_MAX; step++) log.appendEvent(message(step));
    const follower = followEvents(log, { partition: 0 }, { from: 0, pageRecordsMax: 50_000 });
    while (!(await follower.next()).isAtEnd);
    log.appendEvent(message(1));
    log.appendEvent(message(0));
    const { events } = await follower.next();
    // The first step was forgotten: a message of it that is told again is taken for a new one.
    expect(events.map(({ outcome }) => outcome)).toEqual(['not-open', 'accepted']);
  }, 60_000);
});
