import type { Admin, ITopicMetadata } from 'kafkajs';
import { topics, type Topic } from '@stepfold/event-log';
import { sleep, TransientError, UsageError, type Runtime, type StepfoldError } from '@stepfold/runtime';
import { typeOf } from './kafka-error.js';
import { DEFAULT_PARTITION_COUNT, type ResolvedKafkaLogOptions } from './kafka-log-options.js';
import { compareSettings, settingsOf, type ComparedSettings } from './topic-settings.js';

/** What was found of the topics of a log, or was made. */
export interface PreparedTopics extends ComparedSettings {
  /** How many partitions each of the topics has. */
  readonly partitionCount: number;
  /** Names of the topics that this process has made; none if another process was quicker with one of them. */
  readonly created: readonly string[];
}

type AdminOfTopics = Pick<
  Admin,
  'createTopics' | 'fetchTopicMetadata' | 'fetchTopicOffsets' | 'describeConfigs'
>;
type OptionsOfTopics = Pick<
  ResolvedKafkaLogOptions,
  | 'brokers'
  | 'createTopics'
  | 'partitionCount'
  | 'replicationFactor'
  | 'retentionMs'
  | 'runtime'
  | 'topicPrefix'
>;

/** For how long new topics may lack leaders, and creation may be refused for a while, in milliseconds. */
const READY_TIMEOUT_MS = 30_000;
const LOOK_MS = 50;
/** About 1.5 s in all. */
const UNANSWERED_LOOKS_MAX = 5;
const CREATE_TIMEOUT_MS = 10_000;

/** The name of a topic on Kafka. */
export function topicName(prefix: string, topic: Topic): string {
  return `${prefix}${topic}`;
}

/**
 * Finds the topics of a log, creates the missing ones if it may, and compares the others with what they
 * should be. Any number of processes may do so at once. When it resolves, every partition has a leader.
 * Never changes a topic that exists.
 * @throws UsageError `topics-missing` if topics are missing and `createTopics` is false
 * @throws UsageError `partition-count-differs` if the topics have another number of partitions than is
 *   configured, or than each other
 * @throws TransientError `log-access-denied` if the user may not see or not create them
 * @throws UsageError `bad-configuration` if the brokers refuse topics as they were to be
 * @throws TransientError `log-unavailable` if they have no leaders in time
 * @throws errors of kafkajs as they are, for the caller to translate
 */
export async function prepareTopics(admin: AdminOfTopics, options: OptionsOfTopics): Promise<PreparedTopics> {
  const { topicPrefix } = options;
  const found = await findTopics(admin, topicPrefix, options.runtime);
  const missing = topics.filter((topic) => !found.has(topic));
  let created: readonly string[] = [];
  if (missing.length > 0) {
    if (!options.createTopics) throw topicsMissing(missing, found, options);
    if (await createMissing(admin, missing, found, options)) {
      created = missing.map((topic) => topicName(topicPrefix, topic));
    }
  }
  const ready = missing.length === 0 ? found : await whenReady(admin, options);
  const partitionCount = checkPartitionCounts(ready, options);
  const expected = [...ready].map(
    ([topic, { replicaCount }]) =>
      [topicName(topicPrefix, topic), settingsOf(topic, options.retentionMs, replicaCount)] as const,
  );
  return { partitionCount, created, ...(await compareSettings(admin, new Map(expected))) };
}

/** The topics that are there. */
type FoundTopics = ReadonlyMap<Topic, FoundTopic>;

interface FoundTopic {
  readonly partitionCount: number;
  readonly replicaCount: number;
}

async function findTopics(admin: AdminOfTopics, prefix: string, runtime: Runtime): Promise<FoundTopics> {
  const found = new Map<Topic, FoundTopic>();
  for (const topic of topics) {
    const metadata = await metadataOf(admin, topicName(prefix, topic), runtime);
    if (metadata !== undefined) found.set(topic, shapeOf(metadata));
  }
  return found;
}

function shapeOf({ partitions }: ITopicMetadata): FoundTopic {
  return {
    partitionCount: partitions.length,
    replicaCount: Math.min(...partitions.map(({ replicas }) => replicas.length)),
  };
}

/**
 * Asked one by one: of several topics of which one is missing, kafkajs answers with nothing but the error.
 * And asked again where no broker answered: kafkajs forgets why none did and stumbles over the missing
 * answer, so a connection that broke in a bad moment would end a service at its start.
 */
async function metadataOf(
  admin: AdminOfTopics,
  name: string,
  runtime: Runtime,
): Promise<ITopicMetadata | undefined> {
  for (let looks = 1; ; looks++) {
    try {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: [name] });
      return found[0];
    } catch (error) {
      const type = typeOf(error);
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
      if (type === 'TOPIC_AUTHORIZATION_FAILED') {
        throw new TransientError(
          'log-access-denied',
          `the topic ${name} cannot be seen: the user of the log needs the right Describe on it`,
          { cause: error },
        );
      }
      if (!(error instanceof TypeError)) throw error;
      if (looks === UNANSWERED_LOOKS_MAX) {
        throw new TransientError(
          'log-unavailable',
          `Kafka is away: no broker says what the topic ${name} is like`,
          { cause: error },
        );
      }
      await sleep(runtime, LOOK_MS * 2 ** looks);
    }
  }
}

/** Answers whether all of them were made here. */
async function createMissing(
  admin: AdminOfTopics,
  missing: readonly Topic[],
  found: FoundTopics,
  options: OptionsOfTopics,
): Promise<boolean> {
  const { runtime, topicPrefix, replicationFactor } = options;
  const request = {
    topics: missing.map((topic) => ({
      topic: topicName(topicPrefix, topic),
      numPartitions: countForNew(found, options),
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
      configEntries: [...settingsOf(topic, options.retentionMs, options.replicationFactor)].map(
        ([name, value]) => ({
          name,
          value,
        }),
      ),
    })),
    timeout: CREATE_TIMEOUT_MS,
    // kafkajs leaves this out where another process was quicker; `whenReady` does it in every case.
    waitForLeaders: false,
  };
  const giveUpAtMs = runtime.monotonicMs() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      // All in one request, which the controller carries out at once: of two processes with different
      // numbers of partitions one makes all the topics, and the other finds that they differ.
      // False if another process was quicker with some of them, and nothing else is wrong.
      return await admin.createTopics(request);
    } catch (error) {
      const refusals = refusalsOf(error).filter(({ type }) => type !== 'TOPIC_ALREADY_EXISTS');
      if (refusals.length === 0) {
        if (refusalsOf(error).length > 0) return false;
        throw error;
      }
      for (const refusal of refusals) if (!refusal.isPassing) throw creationError(refusal, options, error);
      if (runtime.monotonicMs() > giveUpAtMs) throw error;
      await sleep(runtime, LOOK_MS);
    }
  }
}

/** The same number as the topics that are there have, where nobody asks for another. */
function countForNew(found: FoundTopics, { partitionCount }: OptionsOfTopics): number {
  const [ofOthers] = found.values();
  return partitionCount ?? ofOthers?.partitionCount ?? DEFAULT_PARTITION_COUNT;
}

/** Why a topic was not created. */
interface Refusal {
  readonly type: string;
  readonly message: string;
  /** The same request may succeed in a moment. */
  readonly isPassing: boolean;
}

function refusalsOf(error: unknown): readonly Refusal[] {
  const errors = isAggregate(error) ? error.errors : [error];
  return errors.flatMap((each) => {
    const type = typeOf(each);
    if (type === undefined || !(each instanceof Error)) return [];
    return [{ type, message: each.message, isPassing: 'retriable' in each && each.retriable === true }];
  });
}

function creationError(refusal: Refusal, options: OptionsOfTopics, cause: unknown): StepfoldError {
  const { topicPrefix, replicationFactor } = options;
  const named = topics.map((topic) => topicName(topicPrefix, topic)).join(', ');
  if (refusal.type.endsWith('_AUTHORIZATION_FAILED')) {
    return new TransientError(
      'log-access-denied',
      `the topics ${named} cannot be created: the user of the log needs the right Create on them or on the ` +
        'cluster; or have them created by somebody who may',
      { cause },
    );
  }
  const reason =
    refusal.type === 'INVALID_REPLICATION_FACTOR'
      ? `the cluster has fewer brokers up than ${replicationFactor ?? 'its default number of'} replicas need`
      : refusal.message;
  return new UsageError('bad-configuration', `the topics ${named} cannot be created: ${reason}`, { cause });
}

/** What a leader answers that the metadata names already, while it is still taking its partitions over. */
const answersOfNewLeaders: ReadonlySet<unknown> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

async function isServed(admin: AdminOfTopics, name: string): Promise<boolean> {
  try {
    await admin.fetchTopicOffsets(name);
    return true;
  } catch (error) {
    if (answersOfNewLeaders.has(typeOf(error))) return false;
    throw error;
  }
}

/** Waits until all topics are there, and every partition of them has a leader that serves it. */
async function whenReady(
  admin: AdminOfTopics,
  { runtime, topicPrefix }: OptionsOfTopics,
): Promise<FoundTopics> {
  const giveUpAtMs = runtime.monotonicMs() + READY_TIMEOUT_MS;
  const ready = new Map<Topic, FoundTopic>();
  for (;;) {
    for (const topic of topics) {
      if (ready.has(topic)) continue;
      const name = topicName(topicPrefix, topic);
      const metadata = await metadataOf(admin, name, runtime);
      if (metadata === undefined) continue;
      const { partitions } = metadata;
      const hasLeaders = partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
      if (hasLeaders && (await isServed(admin, name))) ready.set(topic, shapeOf(metadata));
    }
    if (ready.size === topics.length) return ready;
    if (runtime.monotonicMs() > giveUpAtMs) {
      const late = topics.filter((topic) => !ready.has(topic)).map((topic) => topicName(topicPrefix, topic));
      throw new TransientError(
        'log-unavailable',
        `the topics ${late.join(', ')} were created, but not all of their partitions have a leader after ` +
          `${READY_TIMEOUT_MS / 1_000} s`,
      );
    }
    await sleep(runtime, LOOK_MS);
  }
}

function checkPartitionCounts(found: FoundTopics, options: OptionsOfTopics): number {
  const { partitionCount, topicPrefix } = options;
  const [count, ...others] = [...found.values()].map((topic) => topic.partitionCount);
  const counts = [...found].map(
    ([topic, shape]) => `${topicName(topicPrefix, topic)} ${shape.partitionCount}`,
  );
  if (count === undefined || others.some((other) => other !== count)) {
    throw new UsageError(
      'partition-count-differs',
      `the topics have different numbers of partitions (${counts.join(', ')}), and must have the same: ` +
        newGenerationHint,
    );
  }
  if (partitionCount !== undefined && count !== partitionCount) {
    throw new UsageError(
      'partition-count-differs',
      `the topics ${topicPrefix}* have ${count} partitions, and ${partitionCount} are configured: configure ` +
        `${count}, or, since the number is fixed for a generation, ${newGenerationHint}`,
    );
  }
  return count;
}

/** How an operator gets topics of another shape. Where partitions were added, a key lies in another one now. */
const newGenerationHint =
  'begin a new generation with new topics (stop the publishers, let projector and writer finish, then choose ' +
  'another topic prefix or delete the topics, and raise the generation by 1; see docs/kafka.md)';

function topicsMissing(missing: readonly Topic[], found: FoundTopics, options: OptionsOfTopics): UsageError {
  const names = missing.map((topic) => topicName(options.topicPrefix, topic));
  const commands = missing.map((topic) => creationCommand(topic, found, options));
  return new UsageError(
    'topics-missing',
    `there is no topic ${names.join(', ')}, and none is to be created here; create them with\n${commands.join('\n')}`,
  );
}

function creationCommand(topic: Topic, found: FoundTopics, options: OptionsOfTopics): string {
  const [{ host, port } = { host: 'BROKER', port: 9092 }] = options.brokers;
  const { replicationFactor } = options;
  return [
    `kafka-topics.sh --bootstrap-server ${host.includes(':') ? `[${host}]` : host}:${port} --create`,
    `--topic ${topicName(options.topicPrefix, topic)} --partitions ${countForNew(found, options)}`,
    ...(replicationFactor === undefined ? [] : [`--replication-factor ${replicationFactor}`]),
    ...[...settingsOf(topic, options.retentionMs, replicationFactor)].map(
      ([name, value]) => `--config ${name}=${value}`,
    ),
  ].join(' ');
}

function isAggregate(error: unknown): error is { readonly errors: readonly unknown[] } {
  return typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors);
}
