import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { verify } from '@stepfold/audit';
import type { Topic } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import type { DeadLetter } from '@stepfold/message-store';
import { asStored } from '../support/test-data.js';
import { foldAll } from '../support/fold-all.js';
import { until, type FaultData } from './fault-data.js';
import type { RevWatcher } from '../support/rev-watcher.js';
import type { Acknowledged, SteadyPublishing } from './steady-publishing.js';

export interface ExpectedOutcome {
  /** `topic:partition:offset reason` of every dead letter, the prefix of the topic left out. Default: none. */
  readonly deadLetters?: readonly string[];
  /** Events of further chats that are on the log, in its order. */
  readonly chats?: ReadonlyMap<string, readonly Event[]>;
  /** How long the services may take to catch up. Default 120,000. */
  readonly timeoutMs?: number;
}

/**
 * What has to hold after every fault, once it is over and the services run (ARCHITECTURE.md, Invariants):
 *
 * 1. The lag is zero: both groups have committed the ends of their topics, and the stored progress is the end (10).
 * 2. Every acknowledged event lies on the log where its publisher was told (1).
 * 3. The stored messages are the plain fold of what was published, byte for byte, and there are no others (1, 3).
 * 4. `verify` finds no difference, and nothing that is not yet stored.
 * 5. The dead letters are those that are expected.
 * 6. Nobody ever saw a `rev` fall, or a message vanish (4).
 */
export async function checkOutcome(
  data: FaultData,
  publishing: SteadyPublishing,
  watcher: RevWatcher,
  { deadLetters = [], chats = new Map(), timeoutMs = 120_000 }: ExpectedOutcome = {},
): Promise<void> {
  await untilCaughtUp(data, timeoutMs);
  await checkAcknowledged(data, publishing.acknowledged);
  const published = [...publishing.chats].filter(([, events]) => events.length > 0);
  expect(publishing.acknowledged).toHaveLength(published.flatMap(([, events]) => events).length);
  await checkMessages(data, [...published, ...chats]);
  const { log, store } = data;
  const verified = await verify({ log, store, createSha256: () => createHash('sha256') });
  expect(verified).toMatchObject({ ok: true, not_yet: 0, beyond_log: 0, differences: [] });
  expect((await allDeadLetters(data)).map(({ id, reason }) => `${id} ${reason}`).sort()).toEqual(
    deadLetters.map((letter) => `${data.topicPrefix}${letter}`).sort(),
  );
  await watcher.end();
  expect(watcher.falls).toEqual([]);
  expect(watcher.rises()).toBeGreaterThanOrEqual(published.length);
}

/** Waits until nothing is left to be done, and says where something is if that does not come. */
export async function untilCaughtUp(data: FaultData, timeoutMs = 120_000): Promise<void> {
  let lag: readonly string[] = [];
  try {
    await until(
      data.runtime,
      'the lag goes to zero',
      async () => (lag = await lagOf(data)).length === 0,
      timeoutMs,
    );
  } catch (error) {
    throw new Error(`${String(error)}; behind are: ${lag.join('; ')}`, { cause: error });
  }
}

async function lagOf({ log, store }: FaultData): Promise<readonly string[]> {
  const stored = new Map(
    (await store.progress(log.generation)).map(({ partition, folded_to }) => [partition, folded_to]),
  );
  const readers: readonly (readonly [string, Topic])[] = [
    ['projector', 'events'],
    ['writer', 'steps'],
    ['writer', 'dead-letters'],
  ];
  const lag: string[] = [];
  for (let partition = 0; partition < log.partitionCount; partition++) {
    for (const [group, topic] of readers) {
      const { begin, end } = await log.bounds(topic, partition);
      const at = (await log.committed(group, topic, partition))?.nextOffset ?? begin;
      if (at !== end) lag.push(`${group} at ${at} of ${end} in ${topic}:${partition}`);
    }
    const { end } = await log.bounds('events', partition);
    const storedTo = stored.get(partition) ?? 0;
    if (storedTo !== end) lag.push(`stored to ${storedTo} of ${end} in events:${partition}`);
  }
  return lag;
}

async function checkAcknowledged(data: FaultData, acknowledged: readonly Acknowledged[]): Promise<void> {
  const records = await eventsOnLog(data);
  const lost = acknowledged.filter(({ event, position }) => {
    const found = records.get(`${position.partition}:${position.offset}`);
    if (found === undefined) return true;
    const { v: _v, producer: _producer, seq: _seq, ...own } = found;
    const { v: _ownV, ...wanted } = event;
    return JSON.stringify(sorted(own)) !== JSON.stringify(sorted(wanted));
  });
  expect(lost).toEqual([]);
}

function sorted(fields: object): unknown {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every event of the log by its position, as its bytes say and no code of the product. */
async function eventsOnLog({ log }: FaultData): Promise<ReadonlyMap<string, Event>> {
  const events = new Map<string, Event>();
  for (let partition = 0; partition < log.partitionCount; partition++) {
    let { begin: offset } = await log.bounds('events', partition);
    for (;;) {
      const { records, nextOffset, endOffset } = await log.read('events', partition, offset);
      for (const record of records) {
        const event = parsed(record.value);
        if (event !== undefined) events.set(`${partition}:${record.offset}`, event);
      }
      offset = nextOffset;
      if (offset >= endOffset) break;
    }
  }
  return events;
}

/** Undefined for a poison record. */
function parsed(value: Uint8Array | null): Event | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(value ?? undefined)) as Event;
  } catch {
    return undefined;
  }
}

/** The stored chats are these, and their messages are the plain fold of these events. */
export async function checkMessages(
  { store }: FaultData,
  published: readonly (readonly [string, readonly Event[]])[],
): Promise<void> {
  const different: string[] = [];
  for (const [chatId, events] of published) {
    const { items } = await store.messages(chatId, { limit: 1_000 });
    const stored = items.map(({ log: _log, digest: _digest, ...message }) => message);
    const expected = foldAll(events).messages.map(asStored);
    if (JSON.stringify(stored) !== JSON.stringify(expected)) different.push(chatId);
  }
  expect(different).toEqual([]);
  expect(await chatIds(store)).toEqual(published.map(([chatId]) => chatId).sort());
}

async function chatIds(store: FaultData['store']): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.chats({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...page.items.map(({ chat_id }) => chat_id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids.sort();
}

export async function allDeadLetters({ store }: FaultData): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.deadLetters({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    letters.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return letters;
}
