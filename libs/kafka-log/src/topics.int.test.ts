import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigResourceTypes } from 'kafkajs';
import { topics } from '@stepfold/event-log';
import { connectDevKafka, type DevKafka } from './testing/dev-kafka.js';
import { openKafkaLog } from './open-kafka-log.js';
import { prepareTopics, topicName } from './topics.js';

jest.setTimeout(120_000);

let dev: DevKafka;
beforeEach(async () => {
  dev = await connectDevKafka();
});
afterEach(async () => {
  await dev[Symbol.asyncDispose]();
});

const nameOf = (topic: (typeof topics)[number]) => topicName(dev.topicPrefix, topic);

async function settingsOf(name: string): Promise<Record<string, string>> {
  const { resources } = await dev.admin.describeConfigs({
    resources: [{ type: ConfigResourceTypes.TOPIC, name }],
    includeSynonyms: false,
  });
  return Object.fromEntries(
    resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
  );
}

async function create(
  counts: Partial<Record<(typeof topics)[number], number>>,
  settings = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value: String(value) }));
  await dev.createTopics(
    Object.entries(counts).map(([topic, numPartitions]) => ({
      topic: nameOf(topic as (typeof topics)[number]),
      numPartitions,
      configEntries,
    })),
  );
}

describe('the topics of a log', () => {
  it('are created with the settings of the contract', async () => {
    const prepared = await prepareTopics(dev.admin, dev.options());
    expect(prepared).toEqual({ partitionCount: 12, created: topics.map(nameOf), differences: [] });
    const common = {
      'cleanup.policy': 'delete',
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': '16777216',
    };
    expect(await settingsOf(nameOf('events'))).toMatchObject({ ...common, 'retention.ms': '2592000000' });
    expect(await settingsOf(nameOf('steps'))).toMatchObject({ ...common, 'retention.ms': '604800000' });
    expect(await settingsOf(nameOf('dead-letters'))).toMatchObject({
      ...common,
      'retention.ms': '2592000000',
    });
    const again = await prepareTopics(dev.admin, dev.options({ partitionCount: 12 }));
    expect(again).toEqual({ partitionCount: 12, created: [], differences: [] });
  });

  it('are the same for many processes that begin at once, whatever each of them wants', async () => {
    const wanted = [3, 5, 3, 5, 3, 5];
    const outcomes = await Promise.allSettled(
      wanted.map(async (partitionCount) => {
        const admin = dev.kafka.admin();
        await admin.connect();
        try {
          return await prepareTopics(admin, dev.options({ partitionCount }));
        } finally {
          await admin.disconnect();
        }
      }),
    );
    const { partitionCount: winner } = await prepareTopics(dev.admin, dev.options());
    expect([3, 5]).toContain(winner);
    for (const [index, outcome] of outcomes.entries()) {
      if (wanted[index] === winner) {
        expect(outcome).toMatchObject({
          status: 'fulfilled',
          value: { partitionCount: winner, differences: [] },
        });
      } else {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'partition-count-differs' } });
      }
    }
  });

  it('are completed where some are missing, with the number of partitions of the others', async () => {
    await create(
      { steps: 2 },
      { 'message.timestamp.type': 'LogAppendTime', 'max.message.bytes': 16_777_216 },
    );
    const { partitionCount, created } = await prepareTopics(dev.admin, dev.options());
    expect({ partitionCount, created }).toEqual({
      partitionCount: 2,
      created: [nameOf('events'), nameOf('dead-letters')],
    });
  });

  it('are left as they are where they differ, and every difference is told', async () => {
    await create({ events: 1, steps: 1, 'dead-letters': 1 });
    const prepared = await prepareTopics(dev.admin, dev.options({ retentionMs: { events: -1 } }));
    expect(prepared.created).toEqual([]);
    const difference = (setting: string, expected: string, actual: string) => ({ setting, expected, actual });
    for (const topic of topics) {
      const ofTopic = prepared.differences
        .filter(({ topic: name }) => name === nameOf(topic))
        .map(({ setting, expected, actual }) => ({ setting, expected, actual }));
      expect(ofTopic).toContainEqual(difference('message.timestamp.type', 'LogAppendTime', 'CreateTime'));
      expect(ofTopic).toContainEqual(difference('max.message.bytes', '16777216', '1048588'));
      if (topic === 'events') expect(ofTopic).toContainEqual(difference('retention.ms', '-1', '604800000'));
      if (topic === 'steps') expect(ofTopic).toHaveLength(2);
    }
    expect((await settingsOf(nameOf('events')))['message.timestamp.type']).toBe('CreateTime');
  });

  it('are told when the broker compresses them in a way that cannot be read', async () => {
    const settings = {
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': 16_777_216,
      'compression.type': 'zstd',
    };
    await create({ steps: 1 }, settings);
    const { differences } = await prepareTopics(dev.admin, dev.options());
    expect(differences).toEqual([
      { topic: nameOf('steps'), setting: 'compression.type', expected: 'producer', actual: 'zstd' },
    ]);
  });

  it('refuse another number of partitions than is configured, and say how to begin anew', async () => {
    await create({ events: 2, steps: 2, 'dead-letters': 2 });
    await expect(prepareTopics(dev.admin, dev.options({ partitionCount: 3 }))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'partition-count-differs',
      message: expect.stringMatching(
        /have 2 partitions, and 3 are configured.*new generation.*docs\/kafka\.md/,
      ),
    });
  });

  it('refuse numbers of partitions that differ from each other', async () => {
    await create({ events: 2, steps: 2, 'dead-letters': 1 });
    await expect(prepareTopics(dev.admin, dev.options())).rejects.toMatchObject({
      code: 'partition-count-differs',
      message: expect.stringMatching(/events 2, .*steps 2, .*dead-letters 1/),
    });
    // Partitions that somebody added: keys would lie in other partitions from now on.
    await dev.admin.createPartitions({ topicPartitions: [{ topic: nameOf('events'), count: 4 }] });
    await expect(prepareTopics(dev.admin, dev.options())).rejects.toMatchObject({
      code: 'partition-count-differs',
    });
  });

  it('are not created where that is not wanted, but the commands for it are told', async () => {
    await create({ steps: 3 });
    const options = dev.options({ createTopics: false, replicationFactor: 2 });
    const failure = prepareTopics(dev.admin, options);
    await expect(failure).rejects.toMatchObject({ name: 'UsageError', code: 'topics-missing' });
    const { message } = await failure.then(
      () => new Error('it was prepared'),
      (error: Error) => error,
    );
    expect(message).toContain(`there is no topic ${nameOf('events')}, ${nameOf('dead-letters')},`);
    expect(message).toContain(
      `kafka-topics.sh --bootstrap-server ${dev.brokers[0]} --create --topic ${nameOf('events')} ` +
        '--partitions 3 --replication-factor 2 --config cleanup.policy=delete --config retention.ms=2592000000 ' +
        '--config message.timestamp.type=LogAppendTime --config max.message.bytes=16777216',
    );
    expect(message).not.toContain(`--topic ${nameOf('steps')}`);
    expect(await dev.admin.listTopics()).not.toContain(nameOf('events'));
  });

  it('refuse more replicas than there are brokers', async () => {
    await expect(prepareTopics(dev.admin, dev.options({ replicationFactor: 99 }))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'bad-configuration',
      message: expect.stringContaining('fewer brokers up than 99 replicas need'),
    });
  });
});

describe('a new generation', () => {
  it('begins at offset 0 with its own number of partitions, and without the positions of the old one', async () => {
    const { brokers, runtime, topicPrefix } = dev;
    const record = { key: null, value: Buffer.from('value') };
    const old = await openKafkaLog({ brokers, runtime, topicPrefix, partitionCount: 2 });
    await old.append('events', 1, [record]);
    const stop = new AbortController();
    await old.subscribe(
      { group: 'projector', topics: ['events'], signal: stop.signal },
      async (partition) => {
        if (partition.partition !== 1) return;
        await partition.commit({ nextOffset: 1, metadata: 'old' });
        stop.abort();
      },
    );
    expect(await old.committed('projector', 'events', 1)).toEqual({ nextOffset: 1, metadata: 'old' });
    await old.close();

    await dev.admin.deleteTopics({ topics: topics.map(nameOf) });
    await using next = await openKafkaLog({
      brokers,
      runtime,
      topicPrefix,
      partitionCount: 3,
      generation: 1,
    });
    expect([next.generation, next.partitionCount]).toEqual([1, 3]);
    for (let partition = 0; partition < 3; partition++) {
      expect(await next.bounds('events', partition)).toEqual({ begin: 0, end: 0 });
      expect(await next.committed('projector', 'events', partition)).toBeUndefined();
    }
    expect(await next.append('events', 1, [record])).toMatchObject({ firstOffset: 0 });
  });

  it('leaves the old one alone under another prefix', async () => {
    await prepareTopics(dev.admin, dev.options({ partitionCount: 1 }));
    const topicPrefix = `${dev.topicPrefix}g1.`;
    const options = dev.options({ partitionCount: 2, generation: 1, topicPrefix });
    expect(await prepareTopics(dev.admin, options)).toMatchObject({ partitionCount: 2, differences: [] });
    expect(await prepareTopics(dev.admin, dev.options())).toMatchObject({ partitionCount: 1, created: [] });
  });
});
