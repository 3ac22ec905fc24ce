import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { readLag, type FoldedPosition } from './read-lag.js';
import { AT } from './testing/audit-world.js';
import { InMemoryLog } from './testing/in-memory-log.js';
import { InMemoryStore } from './testing/in-memory-store.js';

/** The log of the tests takes record n of a partition at this moment + n milliseconds. */
const APPENDED_MICROS = AT;

/** A log with this many events in each partition. */
function logWith(counts: readonly number[], holeBefore = 0): InMemoryLog {
  const log = new InMemoryLog(counts.length);
  const value = new TextEncoder().encode('{}');
  for (const [partition, count] of counts.entries()) {
    for (let i = 0; i < count; i++)
      log.appendRecord({ key: null, value }, partition, i === 0 ? holeBefore : 0);
  }
  return log;
}

function lagOf(
  log: InMemoryLog,
  store: InMemoryStore,
  committed: readonly (FoldedPosition | undefined)[] = [],
  nowMs = 10_000,
) {
  return readLag({
    log,
    store,
    folded: (partition) => Promise.resolve(committed[partition]),
    nowMicros: () => APPENDED_MICROS + nowMs * 1_000,
    lookupsAtOnceMax: 2,
  });
}

describe('the lag', () => {
  it('is nothing where everything is folded and stored', async () => {
    const store = new InMemoryStore();
    store.setProgress(5, 0);
    const reading = await lagOf(logWith([5, 0]), store, [{ lowWaterMark: 5, foldedTo: 5 }, undefined]);
    expect(reading).toEqual({
      lag: {
        partitions: [
          { partition: 0, end: 5, folded_to: 5, low_water: 5, stored_to: 5, oldest_open_ms: 0 },
          { partition: 1, end: 0, folded_to: 0, low_water: 0, stored_to: 0, oldest_open_ms: 0 },
        ],
        events: 0,
        seconds: 0,
      },
      wasEverFolded: true,
      wasEverStored: true,
    });
  });

  it('counts what is not stored, and is as old as the oldest of it and the oldest open step', async () => {
    const store = new InMemoryStore();
    store.setProgress(4, 0);
    store.setProgress(7, 2);
    const { lag } = await lagOf(logWith([10, 20, 7]), store, [
      { lowWaterMark: 3, foldedTo: 8 },
      { lowWaterMark: 6, foldedTo: 6 },
      { lowWaterMark: 0, foldedTo: 7 },
    ]);
    expect(lag).toEqual({
      partitions: [
        { partition: 0, end: 10, folded_to: 8, low_water: 3, stored_to: 4, oldest_open_ms: 9_997 },
        { partition: 1, end: 20, folded_to: 6, low_water: 6, stored_to: 0, oldest_open_ms: 0 },
        { partition: 2, end: 7, folded_to: 7, low_water: 0, stored_to: 7, oldest_open_ms: 10_000 },
      ],
      events: 6 + 20,
      seconds: 10,
    });
  });

  it('counts from the beginning of the log where nobody has folded or stored', async () => {
    const log = logWith([10]);
    log.deleteBefore(4);
    const { lag, ...ever } = await lagOf(log, new InMemoryStore());
    expect(lag).toMatchObject({
      partitions: [{ end: 10, folded_to: 4, low_water: 4, stored_to: 4 }],
      events: 6,
      seconds: 9.996,
    });
    expect(ever).toEqual({ wasEverFolded: false, wasEverStored: false });
  });

  it('is of the generation of the log alone', async () => {
    const store = new InMemoryStore();
    store.setProgress(5, 0, 3);
    expect((await lagOf(logWith([5]), store)).lag.events).toBe(5);
  });

  it('is as old as the record behind a hole', async () => {
    const { lag } = await lagOf(logWith([1], 6), new InMemoryStore());
    expect(lag).toMatchObject({ events: 7, seconds: 9.994 });
  });

  it('is never negative, whatever the clocks or another log say', async () => {
    const store = new InMemoryStore();
    store.setProgress(2, 0);
    store.setProgress(90, 1);
    const { lag } = await lagOf(logWith([5, 5]), store, [{ lowWaterMark: 0, foldedTo: 2 }], -60_000);
    expect(lag).toMatchObject({ events: 3, seconds: 0 });
    expect(lag.partitions.map(({ oldest_open_ms }) => oldest_open_ms)).toEqual([0, 0]);
  });

  it('asks for the end last, so that what is stored meanwhile does not lie beyond it', async () => {
    const log = logWith([1]);
    const store = new InMemoryStore();
    store.onCall = () => {
      // Published, folded and stored between two questions.
      log.appendEvent({ v: 1, chat_id: 'c', step_id: 's', at: AT, type: 'heartbeat' } as Event);
      store.setProgress(log.nextOffset());
    };
    const { lag } = await lagOf(log, store);
    expect(lag.partitions[0]).toMatchObject({ end: 2, stored_to: 2 });
  });
});
