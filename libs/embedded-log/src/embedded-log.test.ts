import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AssignedPartition, LogRecord } from '@stepfold/event-log';
import { createSystemRuntime, type Runtime } from '@stepfold/runtime';
import { FRAME_BYTES_MAX, openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './index.js';
import { encodeFrames } from './record-frame.js';

let directory = '';
let logs: EmbeddedLog[] = [];

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
});

afterEach(async () => {
  for (const log of logs) await log.close();
  logs = [];
  await fs.rm(directory, { recursive: true });
});

async function openLog(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
  const log = await openEmbeddedLog({ directory, runtime: createSystemRuntime(), ...options });
  logs.push(log);
  return log;
}

function record(text: string): { key: null; value: Buffer } {
  return { key: null, value: Buffer.from(text) };
}

function textsOf(records: readonly LogRecord[]): string[] {
  return records.map(({ value }) => Buffer.from(value ?? []).toString());
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('the embedded log', () => {
  it('keeps the order of appends that do not wait for each other, and shares commits among them', async () => {
    const log = await openLog();
    const texts = Array.from({ length: 500 }, (_, i) => String(i));
    const ranges = await Promise.all(texts.map((text) => log.append('events', 0, [record(text)])));
    expect(ranges.map(({ firstOffset }) => firstOffset)).toEqual(texts.map(Number));
    expect(textsOf((await log.read('events', 0, 0)).records)).toEqual(texts);
    expect(new Set(ranges.map(({ appendedAtMs }) => appendedAtMs)).size).toBeLessThan(100);
  });

  it('stamps no record earlier than the one before it, though the clock goes back', async () => {
    let nowMicros = 5_000_000_999;
    const runtime: Runtime = { ...createSystemRuntime(), nowMicros: () => nowMicros };
    const log = await openLog({ runtime });
    const stamps: number[] = [];
    for (const step of [0, -3_000_000, 2_000_000, 2_000_000]) {
      nowMicros += step;
      stamps.push((await log.append('events', 0, [record('x')])).appendedAtMs);
    }
    expect(stamps).toEqual([5_000_000, 5_000_000, 5_000_000, 5_001_000]);
    const other = await log.append('events', 1, [record('another partition has its own past')]);
    expect(other.appendedAtMs).toBe(5_001_000);
  });

  it('takes and gives the largest record byte for byte', async () => {
    const log = await openLog();
    const framing = encodeFrames([{ key: null, value: new Uint8Array(0) }])[0]!.length;
    const value = Buffer.alloc(FRAME_BYTES_MAX - framing, 'largest');
    await log.append('events', 0, [record('before'), { key: null, value }, record('after')]);
    const first = await log.read('events', 0, 0);
    expect(textsOf(first.records)).toEqual(['before']);
    const second = await log.read('events', 0, first.nextOffset);
    expect(second.records).toHaveLength(1);
    expect(Buffer.compare(second.records[0]!.value!, value)).toBe(0);
  });

  it.each([
    ['events', 4],
    ['events', -1],
    ['events', 0.5],
    ['nonsense', 0],
  ] as const)('has no partition %s %d', async (topic, partition) => {
    const log = await openLog();
    const unknown = { code: 'partition-unknown' };
    await expect(log.append(topic as 'events', partition, [record('x')])).rejects.toMatchObject(unknown);
    await expect(log.read(topic as 'events', partition, 0)).rejects.toMatchObject(unknown);
    await expect(log.bounds(topic as 'events', partition)).rejects.toMatchObject(unknown);
    await expect(log.committed('group', topic as 'events', partition)).rejects.toMatchObject(unknown);
  });

  it('serves timers while somebody only reads', async () => {
    const log = await openLog();
    await log.append('events', 0, [record('x')]);
    const timeUp = AbortSignal.timeout(20);
    while (!timeUp.aborted) await log.read('events', 0, 0);
    expect(timeUp.aborted).toBe(true);
  });

  it('fails appends that wait when it is closed, or keeps them', async () => {
    const log = await openLog();
    const appending = Array.from({ length: 50 }, (_, i) => log.append('events', i % 4, [record(String(i))]));
    const settling = Promise.allSettled(appending);
    await log.close();
    const kept: string[] = [];
    for (const [i, result] of (await settling).entries()) {
      if (result.status === 'fulfilled') kept.push(String(i));
      else expect(result.reason).toMatchObject({ code: 'log-closed' });
    }
    const reopened = await openLog();
    const stored: string[] = [];
    for (const partition of [0, 1, 2, 3]) {
      stored.push(...textsOf((await reopened.read('events', partition, 0)).records));
    }
    expect(stored.toSorted()).toEqual(kept.toSorted());
  });
});

describe('a member of a group of the embedded log', () => {
  function subscribe(
    log: EmbeddedLog,
    controller: AbortController,
    consume: (assigned: AssignedPartition) => Promise<void>,
  ): Promise<void> {
    return log.subscribe({ group: 'group', topics: ['events'], signal: controller.signal }, consume);
  }

  it('may not poll twice at once', async () => {
    const log = await openLog();
    const polling = subscribe(log, new AbortController(), async (assigned) => {
      await Promise.all([assigned.poll(), assigned.poll()]);
    });
    await expect(polling).rejects.toMatchObject({ code: 'invariant-violation' });
  });

  it.each([
    ['an offset below 0', { nextOffset: -1, metadata: '' }],
    ['no number', { nextOffset: Number.NaN, metadata: '' }],
    ['more than 1,000 bytes of metadata', { nextOffset: 0, metadata: 'ä'.repeat(501) }],
  ])('may not commit %s', async (_, position) => {
    const log = await openLog();
    const committing = subscribe(log, new AbortController(), (assigned) => assigned.commit(position));
    await expect(committing).rejects.toMatchObject({ code: 'invariant-violation' });
    expect(await log.committed('group', 'events', 0)).toBeUndefined();
  });

  it('is told that its position lies beyond the end, as in a log that was put back', async () => {
    const log = await openLog();
    const first = new AbortController();
    await subscribe(log, first, async (assigned) => {
      await assigned.commit({ nextOffset: 5, metadata: '' });
      first.abort();
    });
    const second = subscribe(log, new AbortController(), async (assigned) => {
      await assigned.poll();
    });
    await expect(second).rejects.toMatchObject({ name: 'CorruptStateError', code: 'position-beyond-end' });
  });

  it('keeps a partition that it has left early, and gives it up when another member comes', async () => {
    const log = await openLog();
    const first = new AbortController();
    const assigned: number[] = [];
    const ended = subscribe(log, first, async ({ partition }) => {
      assigned.push(partition);
    });
    await until(() => assigned.length === 4);
    const second = new AbortController();
    const taken: number[] = [];
    const other = subscribe(await openLog(), second, async ({ partition, signal }) => {
      taken.push(partition);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await until(() => taken.length === 2);
    expect(assigned).toHaveLength(4);
    first.abort();
    await ended;
    await until(() => taken.length === 4);
    second.abort();
    await other;
    expect(taken.toSorted()).toEqual([0, 1, 2, 3]);
  });

  it('keeps a partition that it is to give up until its consume has returned', async () => {
    const system = createSystemRuntime();
    let firedCount = 0;
    const runtime: Runtime = {
      ...system,
      setTimer: (delayMs, callback) =>
        system.setTimer(delayMs, () => {
          firedCount += 1;
          callback();
        }),
    };
    const options = { runtime, sessionTimeoutMs: 60_000, heartbeatIntervalMs: 5 };
    const log = await openLog(options);
    const first = new AbortController();
    const held = new Set<number>();
    const revoked: number[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const ended = subscribe(log, first, async ({ partition, signal }) => {
      held.add(partition);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      revoked.push(partition);
      await gate;
      held.delete(partition);
    });
    await until(() => held.size === 4);
    const second = new AbortController();
    const taken: number[] = [];
    const other = subscribe(await openLog(options), second, async ({ partition, signal }) => {
      expect(held.has(partition)).toBe(false);
      taken.push(partition);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await until(() => revoked.length === 2);
    // Many heartbeats of both go by.
    const before = firedCount;
    await until(() => firedCount > before + 100);
    expect(taken).toEqual([]);
    release();
    await until(() => taken.length === 2);
    first.abort();
    await ended;
    second.abort();
    await other;
    for (const partition of revoked.slice(0, 2)) expect(taken).toContain(partition);
  });

  it('loses a partition whose consume does not return in time, and does not work on it twice', async () => {
    const options = { sessionTimeoutMs: 300, heartbeatIntervalMs: 20 };
    const log = await openLog(options);
    const first = new AbortController();
    let release = (): void => undefined;
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    const runs = [0, 0, 0, 0];
    const running = [0, 0, 0, 0];
    const ended = subscribe(log, first, async ({ partition }) => {
      runs[partition]! += 1;
      running[partition]! += 1;
      expect(running[partition]).toBe(1);
      await stuck;
      running[partition]! -= 1;
    });
    await until(() => runs.every((count) => count === 1));
    const second = new AbortController();
    const taken: number[] = [];
    const other = subscribe(await openLog(options), second, async ({ partition, signal }) => {
      taken.push(partition);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await until(() => taken.length === 2);
    second.abort();
    await other;
    expect(runs).toEqual([1, 1, 1, 1]);
    release();
    await until(() => taken.every((partition) => runs[partition] === 2));
    first.abort();
    await ended;
    expect(running).toEqual([0, 0, 0, 0]);
  });

  it('ends while a consume is stuck when the log is closed, and leaves nothing behind', async () => {
    const log = await openLog();
    const stuck = subscribe(log, new AbortController(), () => new Promise<void>(() => undefined));
    const failure = stuck.catch((error: unknown) => error);
    void failure;
    const other = await openLog();
    await log.append('events', 0, [record('x')]);
    await log.close();
    const controller = new AbortController();
    const taken: number[] = [];
    const ended = subscribe(other, controller, async ({ partition }) => {
      taken.push(partition);
      if (taken.length === 4) controller.abort();
    });
    await ended;
    expect(taken.toSorted()).toEqual([0, 1, 2, 3]);
  });
});
