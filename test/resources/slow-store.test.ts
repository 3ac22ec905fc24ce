import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { sleep } from '@stepfold/runtime';
import { appendEvents } from '../support/append-events.js';
import { foldAll } from '../support/fold-all.js';
import { asStored, openTestData, type TestData } from '../support/test-data.js';
import { startServices, type RunningServices } from './services.js';

const BEGIN_MICROS = 1_790_000_000_000_000;
const BATCH_RECORDS = 50;

describe('a store that takes as long as it likes for a write', () => {
  let data: TestData;
  let services: RunningServices;
  let slow: ReturnType<typeof slowed>;

  beforeEach(async () => {
    data = await openTestData('embedded');
    slow = slowed(data.store);
    services = startServices(
      { ...data, store: slow.store },
      { projector: { openStepIntervalMs: 0 }, writer: { batchRecordsMax: BATCH_RECORDS } },
    );
  });

  afterEach(async () => {
    slow.release();
    await services.stop();
    await data[Symbol.asyncDispose]();
  });

  it('holds up neither the projector nor more than one batch of each partition, and misses nothing', async () => {
    const { log, runtime } = data;
    const chats = new Map(Array.from({ length: 40 }, (_, index) => [`c${index}`, chatOf(`c${index}`)]));
    const [first, ...others] = [...chats.values()];
    await appendEvents(log, first as Event[]);
    while (slow.waiting() === 0) await sleep(runtime, 1);

    for (const events of others) await appendEvents(log, events);
    await untilFolded(data);
    // Every partition has one write that waits, and nobody has begun another.
    while (slow.waiting() < log.partitionCount) await sleep(runtime, 1);
    expect(slow.calls).toHaveLength(log.partitionCount);
    expect((await data.store.chats()).items).toEqual([]);

    slow.release();
    await data.untilStored();
    for (const [chatId, events] of chats)
      expect(await data.messagesOf(chatId)).toEqual(foldAll(events).messages.map(asStored));
    expect(Math.max(...slow.calls)).toBeLessThanOrEqual(BATCH_RECORDS);
    expect(slow.mostAtOnce()).toBeLessThanOrEqual(log.partitionCount);
    // What has piled up goes in whole batches, and many versions of a message as one of them.
    let records = 0;
    for (let partition = 0; partition < log.partitionCount; partition++)
      records += (await log.bounds('steps', partition)).end;
    expect(slow.calls.length).toBeLessThan(records / 4);
    expect(slow.calls.reduce((sum, versions) => sum + versions, 0)).toBeLessThan(records);
    expect((await data.store.deadLetters()).items).toEqual([]);
  }, 120_000);
});

/** A store whose writes wait until they are let go. */
function slowed(store: MessageStore) {
  const calls: number[] = [];
  let waiting = 0;
  let mostAtOnce = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const write = async (collection: string, versions: readonly Message[]) => {
    calls.push(versions.length);
    mostAtOnce = Math.max(mostAtOnce, ++waiting);
    try {
      await released;
      return await store.write(collection, versions);
    } finally {
      waiting--;
    }
  };
  return {
    store: new Proxy(store, {
      get: (target, name) => {
        if (name === 'write') return write;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    }),
    /** How many versions each write had. */
    calls,
    waiting: () => waiting,
    mostAtOnce: () => mostAtOnce,
    release: () => release(),
  };
}

/** Waits until the projector has committed every event. */
async function untilFolded({ log, runtime }: TestData): Promise<void> {
  for (let partition = 0; partition < log.partitionCount; partition++) {
    const { end } = await log.bounds('events', partition);
    while ((await log.committed('projector', 'events', partition))?.nextOffset !== end)
      await sleep(runtime, 5);
  }
}

/** A step of text, of which every few deltas make a version. */
function chatOf(chatId: string): Event[] {
  const own: Record<string, unknown>[] = [{ type: 'step-start' }];
  for (let index = 0; index < 60; index++) {
    own.push({ type: 'text-start', id: `t${index}` }, { type: 'text-delta', id: `t${index}`, text: 'word ' });
  }
  own.push({ type: 'step-end' });
  return own.map(
    (fields, seq) =>
      ({
        v: 1,
        chat_id: chatId,
        step_id: 's',
        at: BEGIN_MICROS + seq,
        producer: 'p',
        seq,
        ...fields,
      }) as unknown as Event,
  );
}
