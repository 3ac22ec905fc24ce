import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { partitionOf, type Topic } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { startKafka, startMongodb, type KafkaCluster, type MongodbServer } from '@stepfold/local-servers';
import { checkMessages, untilCaughtUp } from './check-outcome.js';
import {
  setOffsets,
  untilBothPassed,
  untilEnded,
  untilPassed,
  untilSaid,
  type FaultData,
} from './fault-data.js';
import { openFaultRun } from './fault-run.js';
import { publishSteadily } from './steady-publishing.js';

jest.setTimeout(300_000);

let kafka: KafkaCluster;
let mongodb: MongodbServer;

beforeAll(async () => {
  [kafka, mongodb] = await Promise.all([startKafka(), startMongodb()]);
});

afterAll(async () => {
  await Promise.all([kafka?.stop(), mongodb?.stop()]);
});

describe('one Kafka node, one store, 4 partitions: delivered again', () => {
  it('changes nothing when the offsets of both groups are set back', async () => {
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    const services = [data.start('projector'), data.start('writer')];
    await untilSaid(data, services[0]!, 'partition assigned');
    await publishing.more(1_000);
    await untilBothPassed(data);
    for (const service of services) expect(await untilEnded(data, service, 'SIGTERM')).toBe(0);
    await Promise.all([
      setOffsets(data, 'projector', 'events', () => 0),
      setOffsets(data, 'writer', 'steps', async (partition) => {
        const committed = await data.log.committed('writer', 'steps', partition);
        return Math.floor((committed?.nextOffset ?? 0) / 2);
      }),
    ]);
    data.start('projector');
    data.start('writer');
    await run.check();
  });
});

describe('one Kafka node, one store, 4 partitions: poison records', () => {
  it('makes a dead letter of each, under its reason, and delays nobody', async () => {
    await using run = await openFaultRun(kafka, mongodb);
    const { data } = run;
    data.start('projector');
    const writer = data.start('writer');
    await using poison = await openPoison(data);
    const letters: string[] = [];
    for (const { topic = 'events', reason, ...record } of poisonRecords()) {
      const position = await poison.send(topic, record);
      letters.push(`${position} ${reason}`);
    }
    // A dead letter that nobody can read is told of, and cannot become a dead letter.
    await poison.send('dead-letters', { key: 'poison', value: 'without headers' });

    const events = conflictingEvents();
    for (const { event, reason } of events) {
      const position = await poison.send('events', { key: event.chat_id, value: JSON.stringify(event) });
      if (reason !== undefined) letters.push(`${position} ${reason}`);
    }
    await run.check({
      deadLetters: letters,
      chats: new Map([['conflicting', events.map(({ event }) => event)]]),
    });
    expect(writer.log()).toContain('a dead letter without its headers');
  });
});

describe('one Kafka node, one store, 4 partitions: a log whose beginning was deleted', () => {
  it('stops the projector, and goes on without the lost events when its operator has set it forward', async () => {
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing: before } = run;
    const projector = data.start('projector');
    const writer = data.start('writer');
    await untilSaid(data, projector, 'partition assigned');
    await before.more(300);
    await before.end();
    await untilCaughtUp(data);
    for (const service of [projector, writer]) expect(await untilEnded(data, service, 'SIGTERM')).toBe(0);

    const lost = publishSteadily(data, 'lost-');
    await lost.more(300);
    await lost.end();
    const ends = await endsOf(data, 'events');
    const kept = publishSteadily(data, 'kept-');
    await kept.more(300);
    await kept.end();
    await deleteBelow(data, 'events', ends);

    const stopped = data.start('projector');
    expect(await untilEnded(data, stopped)).toBe(1);
    expect(stopped.log()).toMatch(
      /stepfold: group \S+\.projector stands at \S+\.events, partition \d, offset \d+; the log begins at \d+/,
    );
    expect(stopped.log()).toContain('docs/operating.md');

    await setOffsets(data, 'projector', 'events', async (partition) => ends[partition]!);
    data.start('projector');
    data.start('writer');
    await untilCaughtUp(data);
    await checkMessages(data, [...before.chats, ...kept.chats]);
    expect((await data.store.deadLetters()).items).toEqual([]);
    await run.watcher.end();
    expect(run.watcher.falls).toEqual([]);
  });

  it('stops the writer, and has everything stored when its operator lets the events be folded again', async () => {
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    const projector = data.start('projector');
    const writer = data.start('writer');
    await publishing.more(300);
    await untilBothPassed(data);
    expect(await untilEnded(data, writer, 'SIGTERM')).toBe(0);
    await publishing.more(600);
    await publishing.end();
    await untilPassed(data, 'projector');
    await deleteBelow(data, 'steps', await endsOf(data, 'steps'));

    const stopped = data.start('writer');
    expect(await untilEnded(data, stopped)).toBe(1);
    expect(stopped.log()).toMatch(
      /stepfold: group \S+\.writer stands at \S+\.steps, partition \d, offset \d+; the log begins at \d+/,
    );
    expect(stopped.log()).toContain('docs/operating.md');

    expect(await untilEnded(data, projector, 'SIGTERM')).toBe(0);
    await Promise.all([
      setOffsets(
        data,
        'projector',
        'events',
        async (partition) => (await data.log.bounds('events', partition)).begin,
      ),
      setOffsets(
        data,
        'writer',
        'steps',
        async (partition) => (await data.log.bounds('steps', partition)).begin,
      ),
    ]);
    data.start('projector');
    data.start('writer');
    await run.check();
  });
});

interface RawRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: that of the key. */
  readonly partition?: number;
  readonly compression?: CompressionTypes;
}

interface PoisonRecord extends RawRecord {
  readonly topic?: Topic;
  readonly reason: string;
}

const CHAT = 'poisoned';

/** What a stranger may write into the topics, one record of each kind. */
function poisonRecords(): readonly PoisonRecord[] {
  const event = (fields: object): string =>
    JSON.stringify({ v: 1, chat_id: CHAT, step_id: 'step', at: 1_767_225_600_000_000, ...fields });
  const start = event({ type: 'step-start' });
  const other = 'other-poisoned';
  const elsewhere = (partitionOf(Buffer.from(CHAT), 4) + 1) % 4;
  return [
    { key: CHAT, value: '{"v":1,', reason: 'bad-json' },
    { key: CHAT, value: '', reason: 'bad-json' },
    { key: CHAT, value: null, reason: 'bad-json' },
    { key: null, value: null, partition: 2, reason: 'bad-json' },
    { key: CHAT, value: Buffer.from([0xff, 0xfe, 0x00]), reason: 'bad-json' },
    { key: CHAT, value: '[]', reason: 'bad-event' },
    { key: CHAT, value: 'null', reason: 'bad-event' },
    { key: CHAT, value: event({ type: 'text-delta', id: '0', text: 5 }), reason: 'bad-event' },
    { key: CHAT, value: event({ type: 'step-start', at: 'now' }), reason: 'bad-event' },
    { key: CHAT, value: event({ v: 2, type: 'step-start' }), reason: 'unknown-version' },
    { key: CHAT, value: event({ type: 'step-begin' }), reason: 'unknown-type' },
    {
      key: CHAT,
      value: event({ type: 'text-delta', id: '0', text: 'x'.repeat(8 * 1024 * 1024) }),
      compression: CompressionTypes.GZIP,
      reason: 'oversize',
    },
    { key: other, value: start, reason: 'wrong-key' },
    { key: null, value: start, partition: 1, reason: 'wrong-key' },
    { key: CHAT, value: start, partition: elsewhere, reason: 'wrong-partition' },
    {
      key: CHAT,
      value: event({ type: 'tool-call', tool_call_id: 'call', tool_name: 'f', args: {} }),
      headers: { 'stepfold-reason': 'a stranger’s' },
      reason: 'not-open',
    },
    { topic: 'steps', key: `${CHAT}:step`, value: '{', reason: 'bad-json' },
    { topic: 'steps', key: null, value: null, partition: 0, reason: 'bad-json' },
    { topic: 'steps', key: ':progress', value: '{"generation":0}', partition: 0, reason: 'bad-json' },
    { topic: 'steps', key: `${CHAT}:step`, value: '{"chat_id":"poisoned"}', reason: 'bad-json' },
    // What looks like a version, with parts that no message has.
    { topic: 'steps', key: `${CHAT}:step`, value: versionOf('[null, 5]'), reason: 'bad-json' },
    {
      topic: 'steps',
      key: `${CHAT}:step`,
      value: versionOf(`[{"type":"data","name":"n","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`),
      reason: 'store-refused',
    },
  ];
}

/** With the parts as JSON text. */
function versionOf(parts: string): string {
  const rest = JSON.stringify({
    ...{ chat_id: CHAT, step_id: 'step', rev: 4_294_967_295, fold_version: 1, status: 'complete' },
    ...{ started_at: 1_767_225_600_000_000, last_event_at: 1_767_225_600_000_000 },
    log: { generation: 0, topic: 'events', partition: 0, first_offset: 0, last_offset: 0 },
  });
  return `${rest.slice(0, -1)},"parts":${parts}}`;
}

/** A step that two processes believe to be theirs, and what comes of each event that has content. */
function conflictingEvents(): readonly { readonly event: Event; readonly reason?: string }[] {
  const at = 1_767_225_600_000_000;
  const event = (seq: number, fields: object, producer = 'one'): Event =>
    ({ v: 1, chat_id: 'conflicting', step_id: 'step', at: at + seq, producer, seq, ...fields }) as Event;
  const source = { type: 'source', source_type: 'url', url: 'https://example.test/' };
  return [
    { event: event(0, { type: 'step-start' }) },
    { event: event(0, { type: 'step-start' }, 'two'), reason: 'conflict' },
    { event: event(2, source) },
    { event: event(2, source) },
    { event: event(1, source), reason: 'out-of-order' },
    { event: event(3, { type: 'text-delta', id: '0', text: 'late' }) },
    { event: event(4, { type: 'step-end' }) },
    { event: event(2, source) },
    { event: event(5, source), reason: 'not-open' },
    { event: event(6, { type: 'text-delta', id: '0', text: 'tail' }) },
  ];
}

interface Poison extends AsyncDisposable {
  /** Answers `topic:partition:offset`, without the prefix of the topic. */
  send(topic: Topic, record: RawRecord): Promise<string>;
}

async function openPoison({ brokers, topicPrefix, log }: FaultData): Promise<Poison> {
  const kafkajs = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const producer: Producer = kafkajs.producer();
  await producer.connect();
  return {
    async send(topic, { key, value, headers, compression, ...record }) {
      const partition = record.partition ?? partitionOf(Buffer.from(key ?? ''), log.partitionCount);
      const [sent] = await producer.send({
        topic: `${topicPrefix}${topic}`,
        messages: [{ key, value, partition, ...(headers === undefined ? {} : { headers }) }],
        ...(compression === undefined ? {} : { compression }),
      });
      return `${topic}:${partition}:${sent!.baseOffset}`;
    },
    [Symbol.asyncDispose]: () => producer.disconnect(),
  };
}

async function endsOf({ log }: FaultData, topic: Topic): Promise<readonly number[]> {
  const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
  return Promise.all(partitions.map(async (partition) => (await log.bounds(topic, partition)).end));
}

async function deleteBelow(
  { admin, topicPrefix }: FaultData,
  topic: Topic,
  offsets: readonly number[],
): Promise<void> {
  // Without it kafkajs does not know the leaders.
  await admin.fetchTopicOffsets(`${topicPrefix}${topic}`);
  await admin.deleteTopicRecords({
    topic: `${topicPrefix}${topic}`,
    partitions: offsets.map((offset, partition) => ({ partition, offset: String(offset) })),
  });
}
