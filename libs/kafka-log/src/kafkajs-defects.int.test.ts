import type net from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Topic } from '@stepfold/event-log';
import { CorruptStateError, InMemoryMetrics, TransientError, type Metrics } from '@stepfold/runtime';
import { appendRecords } from './append-records.js';
import { clientConfig, createSocket } from './client-config.js';
import { openKafkaLog } from './open-kafka-log.js';
import { createProtocolClient } from './protocol-client.js';
import { connectDevKafka, type DevKafka } from './testing/dev-kafka.js';

/**
 * The defects of kafkajs that can be provoked from outside, on a real broker. `docs/kafka.md` lists all of
 * them, with the test of each.
 */
jest.setTimeout(60_000);

let kafka: DevKafka;

beforeAll(async () => {
  kafka = await connectDevKafka();
});

afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

let logs = 0;

/** A log of its own for one test, with two partitions. */
async function openLog(metrics: Metrics = new InMemoryMetrics()) {
  const { brokers, runtime } = kafka;
  const topicPrefix = `${kafka.topicPrefix}${logs++}.`;
  const log = await openKafkaLog({ brokers, runtime, topicPrefix, partitionCount: 2, metrics });
  return { log, topicPrefix };
}

const record = (text: string) => ({ key: Buffer.from('key'), value: Buffer.from(text) });

function textsOf(records: readonly { readonly value: Uint8Array | null }[]): string[] {
  return records.map(({ value }) => Buffer.from(value ?? []).toString());
}

describe('records of transactions', () => {
  it('are given to readers whatever became of them, and markers are passed over (C1, C9)', async () => {
    const { log, topicPrefix } = await openLog();
    const topic = `${topicPrefix}events`;
    const producers = ['one', 'other'].map((name) =>
      kafka.kafka.producer({
        transactionalId: `${topicPrefix}${name}`,
        maxInFlightRequests: 1,
        idempotent: true,
      }),
    );
    for (const producer of producers) await producer.connect();
    // Two transactions that overlap and are both aborted: kafkajs' own filter gives some of them away.
    const transactions = [];
    for (const producer of producers) transactions.push(await producer.transaction());
    for (const [i, transaction] of [...transactions, ...transactions].entries()) {
      await transaction.send({ topic, messages: [{ partition: 0, key: 'key', value: String(i) }] });
    }
    for (const transaction of transactions) await transaction.abort();
    for (const producer of producers) await producer.disconnect();

    const { records, nextOffset } = await log.read('events', 0, 0);
    expect(textsOf(records)).toEqual(['0', '1', '2', '3']);
    // Two markers stand behind them, soon: nobody may wait before those for ever.
    while ((await log.bounds('events', 0)).end < 6);
    const end = await log.read('events', 0, nextOffset);
    expect(end).toEqual({ records: [], nextOffset: 6, endOffset: 6 });

    const stop = new AbortController();
    const polls: { readonly texts: string[]; readonly nextOffset: number }[] = [];
    await log.subscribe({ group: 'group', topics: ['events'], signal: stop.signal }, async (partition) => {
      if (partition.partition !== 0) return;
      while (polls.at(-1)?.nextOffset !== 6) {
        const result = await partition.poll();
        polls.push({ texts: textsOf(result.records), nextOffset: result.nextOffset });
      }
      stop.abort();
    });
    expect(polls.flatMap(({ texts }) => texts)).toEqual(['0', '1', '2', '3']);
    await log.close();
  });
});

describe('an append whose answer is lost', () => {
  it('is told as a failure, and repeating it loses nothing and keeps the order (C3, C6, C7)', async () => {
    const { log, topicPrefix } = await openLog();
    const { runtime } = kafka;
    const config = clientConfig(kafka.options());
    const cutting = { isArmed: false };
    const client = createProtocolClient({
      config: {
        ...config,
        socketFactory: (options) => {
          const socket = createSocket(options) as net.Socket;
          const write = socket.write.bind(socket) as (data: Buffer, encoding: BufferEncoding) => boolean;
          socket.write = ((data: Buffer, encoding: BufferEncoding) => {
            if (cutting.isArmed) {
              cutting.isArmed = false;
              // The broker gets the request and does it; its answer reaches nobody.
              socket.removeAllListeners('data');
              socket.on('data', () => socket.destroy(new Error('cut')));
            }
            return write(data, encoding);
          }) as typeof socket.write;
          return socket;
        },
      },
      runtime,
      topics: [`${topicPrefix}events`],
    });
    const append = (...texts: string[]) =>
      appendRecords({ client, runtime, codec: 0 }, `${topicPrefix}events`, 0, texts.map(record));

    await append('a', 'b');
    cutting.isArmed = true;
    await expect(append('c', 'd')).rejects.toBeInstanceOf(TransientError);
    expect(cutting.isArmed).toBe(false);
    // Something else of the same length: kafkajs' idempotent producer has it taken for what came before.
    await append('e', 'f');
    cutting.isArmed = true;
    await expect(append('g')).rejects.toMatchObject({ code: 'log-unavailable' });
    await append('g');
    expect(textsOf((await log.read('events', 0, 0)).records)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      'g',
      'g',
    ]);
    await client.close();
    await log.close();
  });
});

describe('a position that is not on the log', () => {
  async function commitAndStop(
    log: Awaited<ReturnType<typeof openLog>>['log'],
    nextOffset: number,
  ): Promise<void> {
    const stop = new AbortController();
    await log.subscribe({ group: 'group', topics: ['events'], signal: stop.signal }, async (partition) => {
      if (partition.partition !== 0) return;
      await partition.commit({ nextOffset, metadata: '' });
      stop.abort();
    });
  }

  function pollForever(log: Awaited<ReturnType<typeof openLog>>['log']): Promise<void> {
    return log.subscribe(
      { group: 'group', topics: ['events'], signal: new AbortController().signal },
      async (partition) => {
        for (;;) await partition.poll();
      },
    );
  }

  it('ends the subscription and is counted, and nothing is skipped or committed (C8)', async () => {
    const metrics = new InMemoryMetrics();
    const { log, topicPrefix } = await openLog(metrics);
    await log.append('events', 0, ['a', 'b', 'c', 'd'].map(record));
    await commitAndStop(log, 1);
    const topic = `${topicPrefix}events`;
    await kafka.admin.fetchTopicOffsets(topic);
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] });
    const reading = pollForever(log);
    await expect(reading).rejects.toBeInstanceOf(CorruptStateError);
    await expect(reading).rejects.toMatchObject({ code: 'position-deleted' });
    expect(metrics.value('log_positions_deleted_total', { topic: 'events' })).toBe(1);
    expect(await log.committed('group', 'events', 0)).toMatchObject({ nextOffset: 1 });
    await log.close();
  });

  it('ends it too if it lies beyond the end, as after a log was replaced (C8)', async () => {
    const metrics = new InMemoryMetrics();
    const { log } = await openLog(metrics);
    await log.append('events', 0, [record('a')]);
    await commitAndStop(log, 50);
    await expect(pollForever(log)).rejects.toMatchObject({ code: 'position-beyond-end' });
    expect(metrics.value('log_positions_beyond_end_total', { topic: 'events' })).toBe(1);
    await log.close();
  });
});

describe('reading', () => {
  it('makes no group, not for a moment (L8)', async () => {
    const { log, topicPrefix } = await openLog();
    await log.append('steps', 1, [record('a')]);
    const groupsOf = async (): Promise<string[]> =>
      (await kafka.admin.listGroups()).groups
        .map(({ groupId }) => groupId)
        .filter((id) => id.includes(topicPrefix));
    const reads = Array.from({ length: 20 }, (_, i) => log.read('steps' as Topic, i % 2, 0));
    expect(await groupsOf()).toEqual([]);
    await Promise.all(reads);
    expect(await groupsOf()).toEqual([]);
    await log.close();
  });
});
