import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { topics, type PartitionBounds, type Topic } from '@stepfold/event-log';
import { createSystemRuntime, type Runtime } from '@stepfold/runtime';
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './index.js';

const DAY_MICROS = 24 * 3_600_000_000;

let directory = '';
let dayOfClock = 0;
let logs: EmbeddedLog[] = [];

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
  dayOfClock = 20_000;
});

afterEach(async () => {
  for (const log of logs) await log.close();
  logs = [];
  await fs.rm(directory, { recursive: true });
});

/** The wall clock stands at the beginning of a day until the test moves it. */
async function openLog(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
  const runtime: Runtime = { ...createSystemRuntime(), nowMicros: () => dayOfClock * DAY_MICROS };
  const log = await openEmbeddedLog({ directory, runtime, fsync: false, ...options });
  logs.push(log);
  return log;
}

async function append(log: EmbeddedLog, topic: Topic, count: number, bytes = 10): Promise<PartitionBounds> {
  await log.append(
    topic,
    0,
    Array.from({ length: count }, () => ({ key: null, value: Buffer.alloc(bytes) })),
  );
  return log.bounds(topic, 0);
}

describe('retention', () => {
  it('keeps events and dead letters for 30 days and steps for 7, and deletes what is older', async () => {
    const log = await openLog();
    for (const topic of topics) await append(log, topic, 3);
    dayOfClock += 7;
    for (const topic of topics) await append(log, topic, 2);
    expect(await log.deleteExpired()).toBe(0);
    dayOfClock += 1;
    expect(await log.deleteExpired()).toBe(3);
    expect(await log.bounds('steps', 0)).toEqual({ begin: 3, end: 5 });
    dayOfClock += 23;
    expect(await log.deleteExpired()).toBe(8);
    expect(await log.bounds('steps', 0)).toEqual({ begin: 5, end: 5 });
    expect(await log.bounds('events', 0)).toEqual({ begin: 3, end: 5 });
    expect(await log.bounds('dead-letters', 0)).toEqual({ begin: 3, end: 5 });
  });

  it('deletes the oldest records beyond a number of bytes', async () => {
    const log = await openLog({ retention: { events: { bytesMax: 50_000 } } });
    await append(log, 'events', 100, 1_000);
    expect(await log.deleteExpired()).toBe(51);
    expect(await log.bounds('events', 0)).toEqual({ begin: 51, end: 100 });
    expect(await log.deleteExpired()).toBe(0);
    await append(log, 'events', 1, 1_000);
    expect(await log.deleteExpired()).toBe(1);
  });

  it('deletes each record once when several processes delete at the same time, in several transactions', async () => {
    const first = await openLog();
    await append(first, 'events', 2_300);
    dayOfClock += 31;
    await append(first, 'events', 7);
    const others = [await openLog(), await openLog()];
    const deleted = await Promise.all([first, ...others].map((log) => log.deleteExpired()));
    expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(2_300);
    expect(await first.bounds('events', 0)).toEqual({ begin: 2_300, end: 2_307 });
    const { records } = await first.read('events', 0, 0);
    expect(records.map(({ offset }) => offset)).toEqual([2_300, 2_301, 2_302, 2_303, 2_304, 2_305, 2_306]);
  });

  it('goes on while records are appended', async () => {
    const log = await openLog();
    await append(log, 'events', 1_200);
    dayOfClock += 31;
    const deleting = log.deleteExpired();
    for (let i = 0; i < 10; i++) await append(log, 'events', 10);
    expect(await deleting).toBe(1_200);
    expect(await log.bounds('events', 0)).toEqual({ begin: 1_200, end: 1_300 });
  });

  it('deletes by itself while somebody subscribes', async () => {
    const log = await openLog({ retentionIntervalMs: 5 });
    await append(log, 'events', 3);
    dayOfClock += 31;
    await append(log, 'events', 1);
    const controller = new AbortController();
    await log.subscribe(
      { group: 'group', topics: ['steps'], signal: controller.signal },
      async (assigned) => {
        if (assigned.partition !== 0) return;
        while ((await log.bounds('events', 0)).begin < 3)
          await new Promise((resolve) => setTimeout(resolve, 2));
        controller.abort();
      },
    );
    expect(await log.bounds('events', 0)).toEqual({ begin: 3, end: 4 });
  });
});
