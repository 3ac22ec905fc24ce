import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import { eventExamples, eventTypes, type Event } from '@stepfold/events';
import { openOutbox } from '@stepfold/outbox';
import { runProjector } from '@stepfold/projector';
import { createPublisher } from '@stepfold/publisher';
import { createSystemRuntime, InMemoryMetrics, sleep, type Logger } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';
import { temporaryFolder, type TemporaryFolder } from '../../services/cli/src/testing/temporary-folder.js';

jest.setTimeout(60_000);

const SECRET = 'hunter2-d41d8cd9';
/** Ids and words of the contract, such as a type that nobody knows, which a dead letter names: applications choose the former, and are told to let them say nothing. */
const kept = new Set([
  ...[
    'v',
    'type',
    'chat_id',
    'step_id',
    'producer',
    'role',
    'state',
    'source_type',
    'finish_reason',
    'reason',
    'enc',
  ],
]);

/** The secret in every text that somebody writes, in every key and value of JSON, in ids of providers and names of tools. */
function planted(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return kept.has(name) ? value : `${value}${SECRET}`;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => planted(item));
  const isJson = ['args', 'result', 'data'].includes(name);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [isJson ? `${key}${SECRET}` : key, planted(item, key)]),
  );
}

describe('what was written', () => {
  let folder: TemporaryFolder;
  beforeEach(() => void (folder = temporaryFolder()));
  afterEach(() => folder[Symbol.dispose]());

  it('is in no line of a log, no metric and no error, whatever goes well or wrong', async () => {
    const runtime = createSystemRuntime();
    const said: string[] = [];
    const line =
      (level: string) =>
      (fields: object, message: string): void =>
        void said.push(
          `${level} ${message} ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? `${value.name}: ${value.message}` : value))}`,
        );
    const logger: Logger = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    };
    const metrics = new InMemoryMetrics();
    const log = await openEmbeddedLog({ directory: folder.file('log'), runtime, partitionCount: 1 });
    const store = await openEmbeddedStore({ directory: folder.file('store'), runtime });
    // One that refuses some for good, as a validator of the database may.
    const refusing = Object.assign(Object.create(store) as typeof store, {
      write: async (collection: string, versions: Parameters<typeof store.write>[1]) => {
        const outcomes = await store.write(collection, versions);
        return outcomes.map((outcome, index) =>
          versions[index]!.step_id === 'refused'
            ? { kind: 'refused', detail: 'refused by a validator' }
            : outcome,
        );
      },
    });
    const stop = new AbortController();
    const context = { log, runtime, logger, metrics, signal: stop.signal };
    const services = Promise.all([
      runProjector({ ...context, config: { eventBytesMax: 20_000, stepBytesMax: 60_000 } }),
      runWriter({ ...context, store: refusing }),
    ]);
    const errors: Error[] = [];
    const publisher = createPublisher({
      ...{ log, runtime, logger, outbox: openOutbox({ directory: folder.file('outbox'), logger }) },
      onError: (error) => void errors.push(error),
      eventBytesMax: 30_000,
      redact: (event) => {
        if (event.step_id === 'redacted') throw new Error(SECRET);
        return event;
      },
    });
    const give = (event: object): void =>
      void publisher.publish(event as never).catch((error: Error) => errors.push(error));
    for (const stepId of ['good', 'refused', 'redacted']) {
      give({
        ...(planted(eventExamples['step-start']) as Event),
        step_id: stepId,
        producer: undefined,
        seq: undefined,
      });
      for (const type of eventTypes) {
        const { producer: _producer, seq: _seq, ...event } = planted(eventExamples[type]) as Event;
        give({ ...event, step_id: stepId });
        // Wrong in each of its fields.
        for (const name of Object.keys(event))
          give({ ...event, step_id: stepId, [name]: { [SECRET]: SECRET } });
      }
      give({ chat_id: 'chat-1', step_id: stepId, type: 'text-delta', id: 't', text: SECRET.repeat(1_000) });
      give({ chat_id: 'chat-1', step_id: stepId, type: 'text-delta', id: 't', text: SECRET.repeat(10_000) });
    }
    await publisher.flush();
    const raw = [
      `{"v":1,"chat_id":"${SECRET}`,
      `{"${SECRET}":1}`,
      `{"v":1,"chat_id":"chat-1","step_id":"s","at":1,"type":7}`,
      `{"v":"${SECRET}"}`,
      SECRET.repeat(2_000),
    ];
    await log.append(
      'events',
      0,
      raw.map((text) => ({ key: Buffer.from('chat-1'), value: Buffer.from(text) })),
    );
    for (;;) {
      const [progress] = await store.progress(log.generation);
      const { end } = await log.bounds('events', 0);
      if ((progress?.folded_to ?? 0) >= end) break;
      await sleep(runtime, 20);
    }
    await publisher.close();
    stop.abort();
    await services;
    const letters = (await store.deadLetters({ limit: 1_000 })).items;
    await store.close();
    await log.close();

    expect(letters.length).toBeGreaterThan(5);
    expect(errors.length).toBeGreaterThan(20);
    expect(said.length).toBeGreaterThan(3);
    expect(said.filter((text) => text.includes(SECRET))).toEqual([]);
    expect([...metrics.values.keys()].filter((text) => text.includes(SECRET))).toEqual([]);
    expect(errors.map(({ message }) => message).filter((text) => text.includes(SECRET))).toEqual([]);
    expect(letters.map(({ detail }) => detail).filter((text) => text.includes(SECRET))).toEqual([]);
  });
});
