import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topics } from '@stepfold/event-log';
import type { Runtime } from '@stepfold/runtime';
import { resolveOptions, type KafkaLogOptions } from './kafka-log-options.js';
import { prepareTopics } from './topics.js';

type Admin = Parameters<typeof prepareTopics>[0];

/** An error as kafkajs makes them. */
const refusal = (type: string, retriable = false): Error =>
  Object.assign(new Error(`kafka says ${type}`), { type, retriable });
const aggregate = (...errors: Error[]): Error =>
  Object.assign(new Error('Topic creation errors'), { errors });

/** A cluster of one, whose answers a test can replace. */
function cluster(replaced: Partial<Admin> = {}) {
  const counts = new Map<string, number>();
  const admin: Admin = {
    fetchTopicMetadata: (asked?: { topics: string[] }) => {
      const name = asked?.topics[0];
      const count = counts.get(name!);
      if (count === undefined) return Promise.reject(refusal('UNKNOWN_TOPIC_OR_PARTITION'));
      const partitions = Array.from({ length: count }, (_, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 1,
        replicas: [1],
        isr: [1],
      }));
      return Promise.resolve({ topics: [{ name: name!, partitions }] });
    },
    createTopics: ({ topics: asked }) => {
      for (const { topic, numPartitions } of asked) counts.set(topic, numPartitions ?? 1);
      return Promise.resolve(true);
    },
    fetchTopicOffsets: () => Promise.resolve([]),
    describeConfigs: () => Promise.resolve({ resources: [], throttleTime: 0 }),
    ...replaced,
  };
  return { admin, counts };
}

/** Every wait is over at once, and has taken its time. */
function hastyRuntime(): Runtime {
  let nowMs = 0;
  return {
    nowMicros: () => 0,
    monotonicMs: () => nowMs,
    random: () => 0,
    setTimer(delayMs, callback) {
      nowMs += delayMs;
      queueMicrotask(callback);
      return () => undefined;
    },
  };
}

const options = (more: Partial<KafkaLogOptions> = {}) =>
  resolveOptions({ brokers: ['kafka-1:9092'], runtime: hastyRuntime(), ...more });

describe('preparing topics', () => {
  it('says which right is lacking to see them', async () => {
    const { admin } = cluster({
      fetchTopicMetadata: () => Promise.reject(refusal('TOPIC_AUTHORIZATION_FAILED')),
    });
    await expect(prepareTopics(admin, options())).rejects.toMatchObject({
      name: 'TransientError',
      code: 'log-access-denied',
      message: 'the topic stepfold.events cannot be seen: the user of the log needs the right Describe on it',
    });
  });

  it('asks again where kafkajs has forgotten why no broker answered', async () => {
    const { admin } = cluster();
    let unanswered = 2;
    const stumbling: Admin = {
      ...admin,
      fetchTopicMetadata: (asked) =>
        unanswered-- > 0
          ? Promise.reject(new TypeError("Cannot read properties of null (reading 'topicMetadata')"))
          : admin.fetchTopicMetadata(asked),
    };
    expect(await prepareTopics(stumbling, options())).toMatchObject({ partitionCount: 12 });
  });

  it('says that Kafka is away if no broker ever answers', async () => {
    const fetchTopicMetadata = () => Promise.reject(new TypeError('of null'));
    const { admin } = cluster({ fetchTopicMetadata });
    await expect(prepareTopics(admin, options())).rejects.toMatchObject({
      name: 'TransientError',
      code: 'log-unavailable',
      message: 'Kafka is away: no broker says what the topic stepfold.events is like',
    });
  });

  it.each(['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'])(
    'says which right is lacking to create them: %s',
    async (type) => {
      const { admin } = cluster({
        createTopics: () => Promise.reject(aggregate(refusal('TOPIC_ALREADY_EXISTS'), refusal(type))),
      });
      await expect(prepareTopics(admin, options())).rejects.toMatchObject({
        name: 'TransientError',
        code: 'log-access-denied',
        message: expect.stringMatching(/stepfold\.events.*right Create/),
      });
    },
  );

  it('passes on in words what the brokers have against them', async () => {
    const { admin } = cluster({ createTopics: () => Promise.reject(aggregate(refusal('POLICY_VIOLATION'))) });
    await expect(prepareTopics(admin, options())).rejects.toMatchObject({
      code: 'bad-configuration',
      message: expect.stringContaining('kafka says POLICY_VIOLATION'),
    });
  });

  it('goes on when the right to read settings is lacking, and tells it', async () => {
    const { admin } = cluster({
      describeConfigs: () => Promise.reject(refusal('TOPIC_AUTHORIZATION_FAILED')),
    });
    expect(await prepareTopics(admin, options())).toMatchObject({
      partitionCount: 12,
      differences: [],
      settingsUnread: expect.stringContaining('DescribeConfigs'),
    });
  });

  it('asks two of three replicas to be in step, and tells of topics that do not', async () => {
    const asked: Parameters<Admin['createTopics']>[0][] = [];
    const { admin } = cluster();
    const three: Admin = {
      ...admin,
      createTopics(request) {
        asked.push(request);
        return admin.createTopics(request);
      },
      async fetchTopicMetadata(names) {
        const found = await admin.fetchTopicMetadata(names);
        return {
          topics: found.topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map((partition) => ({ ...partition, replicas: [1, 2, 3] })),
          })),
        };
      },
      describeConfigs: ({ resources }) =>
        Promise.resolve({
          throttleTime: 0,
          resources: resources.map(({ name, type, configNames }) => ({
            errorCode: 0,
            errorMessage: '',
            resourceName: name,
            resourceType: type,
            configEntries: (configNames ?? []).map((configName) => ({
              configName,
              configValue: configName === 'min.insync.replicas' && name === 'stepfold.events' ? '1' : '3',
              configSource: 1,
              isDefault: false,
              isSensitive: false,
              readOnly: false,
              configSynonyms: [],
            })),
          })),
        }),
    };
    const { differences } = await prepareTopics(three, options({ replicationFactor: 3 }));
    for (const { configEntries } of asked.flatMap((request) => request.topics)) {
      expect(configEntries).toContainEqual({ name: 'min.insync.replicas', value: '2' });
    }
    expect(differences.filter(({ setting }) => setting === 'min.insync.replicas')).toEqual([
      { topic: 'stepfold.events', setting: 'min.insync.replicas', expected: '2', actual: '1' },
    ]);
  });

  it('asks again while the controller moves, and is content when another process was quicker', async () => {
    const { admin, counts } = cluster();
    const answers = [
      aggregate(refusal('NOT_CONTROLLER', true)),
      aggregate(refusal('TOPIC_ALREADY_EXISTS'), refusal('NOT_CONTROLLER', true)),
      aggregate(refusal('TOPIC_ALREADY_EXISTS')),
    ];
    const racing: Admin = {
      ...admin,
      createTopics() {
        const answer = answers.shift();
        if (answers.length === 0) for (const topic of topics) counts.set(`stepfold.${topic}`, 7);
        return answer === undefined ? Promise.resolve(true) : Promise.reject(answer);
      },
    };
    expect(await prepareTopics(racing, options())).toMatchObject({ partitionCount: 7, created: [] });
    expect(answers).toEqual([]);
  });

  it('answers the commands of docs/kafka.md where it may not create topics', async () => {
    const page = fs.readFileSync(path.resolve(__dirname, '../../../docs/kafka.md'), 'utf8');
    const commands = page.split('\n').filter((line) => /^kafka-topics\.sh .*--create/.test(line));
    const refused = prepareTopics(cluster().admin, options({ createTopics: false }));
    await expect(refused).rejects.toMatchObject({
      code: 'topics-missing',
      message: expect.stringContaining(`create them with\n${commands.join('\n')}`),
    });
    expect(commands).toHaveLength(3);
  });

  it('waits for leaders that do not serve their partitions yet', async () => {
    const answers = ['NOT_LEADER_FOR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'];
    const { admin } = cluster({
      fetchTopicOffsets() {
        const answer = answers.shift();
        return answer === undefined ? Promise.resolve([]) : Promise.reject(refusal(answer));
      },
    });
    expect(await prepareTopics(admin, options())).toMatchObject({ partitionCount: 12 });
    expect(answers).toEqual([]);
  });

  it('gives up with a transient error when leaders do not come', async () => {
    const { admin, counts } = cluster();
    const leaderless: Admin = {
      ...admin,
      async fetchTopicMetadata(asked) {
        const found = await admin.fetchTopicMetadata(asked);
        return {
          topics: found.topics.map(({ name, partitions }) => ({
            name,
            partitions: partitions.map((partition) => ({
              ...partition,
              leader: name.endsWith('steps') ? -1 : 1,
            })),
          })),
        };
      },
    };
    await expect(prepareTopics(leaderless, options())).rejects.toMatchObject({
      name: 'TransientError',
      code: 'log-unavailable',
      message: expect.stringMatching(/topics stepfold\.steps were created/),
    });
    expect(counts.size).toBe(3);
  });

  it('does not take an error of the connection for one of the topics', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { name: 'KafkaJSConnectionError' });
    for (const replaced of [
      { fetchTopicMetadata: () => Promise.reject(away) },
      { createTopics: () => Promise.reject(away) },
      { describeConfigs: () => Promise.reject(away) },
    ]) {
      await expect(prepareTopics(cluster(replaced).admin, options())).rejects.toBe(away);
    }
  });
});
