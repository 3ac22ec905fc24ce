import { topics as allTopics, type EventLog, type Topic } from '@stepfold/event-log';
import { InvariantViolation, UsageError, type Logger, type Metrics, type Runtime } from '@stepfold/runtime';
import { appendRecords } from './append-records.js';
import { readBounds, readCommitted } from './partition-offsets.js';
import { closedError, type ProtocolClient } from './protocol-client.js';
import { readPartition } from './read-partition.js';
import { startSubscription, type Subscription } from './subscription.js';

export interface KafkaLogContext {
  /** A client of its own for whoever has to wait. */
  readonly connect: () => ProtocolClient;
  /** The same, with a time-out that leaves the members of a group time to agree. */
  readonly connectToGroup: () => ProtocolClient;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly generation: number;
  readonly partitionCount: number;
  readonly topicPrefix: string;
  /** Number of the codec in a batch's attributes; 0 is none. */
  readonly codec: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
}

/** The event log on topics that exist and have been checked. */
export function createKafkaLog(context: KafkaLogContext): EventLog {
  const { runtime, generation, partitionCount, topicPrefix, codec } = context;
  const client = context.connect();
  const closing = new AbortController();
  const subscriptions = new Set<Subscription>();
  let closed: Promise<void> | undefined;
  const fullName = (topic: Topic): string => `${topicPrefix}${topic}`;
  /** One group of a cluster may belong to one log only. */
  const fullGroup = (group: string): string => `${topicPrefix}${group}`;

  function requirePartition(topic: Topic, partition: number): void {
    requireOpen();
    if (
      allTopics.includes(topic) &&
      Number.isInteger(partition) &&
      partition >= 0 &&
      partition < partitionCount
    )
      return;
    throw new UsageError(
      'partition-unknown',
      `there is no partition ${partition} of ${topic}: the log has ${partitionCount} partitions`,
    );
  }

  function requireOpen(): void {
    if (closing.signal.aborted) throw closedError();
  }

  async function closeAll(): Promise<void> {
    closing.abort(closedError());
    await Promise.all([...subscriptions].map(({ left }) => left));
    await client.close();
  }

  return {
    generation,
    partitionCount,
    topicPrefix,
    async append(topic, partition, records) {
      requirePartition(topic, partition);
      return appendRecords({ client, runtime, codec }, fullName(topic), partition, records);
    },
    async read(topic, partition, fromOffset, limits) {
      requirePartition(topic, partition);
      if (!Number.isSafeInteger(fromOffset)) {
        throw new InvariantViolation(`${topic}, partition ${partition} is read from offset ${fromOffset}`);
      }
      return readPartition(client, fullName(topic), partition, fromOffset, limits);
    },
    async bounds(topic, partition) {
      requirePartition(topic, partition);
      return readBounds(client, fullName(topic), partition);
    },
    async committed(group, topic, partition) {
      requirePartition(topic, partition);
      requireGroup(group);
      const committed = await readCommitted(client, fullGroup(group), fullName(topic), [partition]);
      return committed.get(partition);
    },
    async subscribe(options, consume) {
      requireOpen();
      requireGroup(options.group);
      if (options.signal.aborted) return;
      const subscription = startSubscription(
        { ...context, client, closing: closing.signal, fullName, groupId: fullGroup(options.group) },
        options,
        consume,
      );
      subscriptions.add(subscription);
      try {
        await subscription.ended;
      } finally {
        subscriptions.delete(subscription);
      }
    },
    close: () => (closed ??= closeAll()),
    [Symbol.asyncDispose]: () => (closed ??= closeAll()),
  };
}

/** Kafka takes 249 characters and more; this leaves room for the prefix. */
const GROUP_LENGTH_MAX = 200;

function requireGroup(group: string): void {
  if (group.length > 0 && group.length <= GROUP_LENGTH_MAX) return;
  throw new UsageError(
    'bad-configuration',
    `the name of a group has 1 to ${GROUP_LENGTH_MAX} characters, this one has ${group.length}`,
  );
}
