import {
  topics,
  type AppendedRange,
  type AssignedPartition,
  type CommittedPosition,
  type EventLog,
  type PartitionBounds,
  type ReadLimits,
  type ReadResult,
  type RecordToAppend,
  type SubscribeOptions,
  type Topic,
} from '@stepfold/event-log';
import { InvariantViolation, UsageError, type Runtime } from '@stepfold/runtime';
import type { PartitionContext } from './assigned-partition.js';
import { createChangeWatcher } from './change-watcher.js';
import { readCommitted } from './committed.js';
import type { Environment } from './environment.js';
import { createPacer } from './pacer.js';
import { createPartitionAppender, type PartitionAppender } from './partition-appender.js';
import { readBounds, readPartition } from './partition-reader.js';
import { ownProcess } from './process-identity.js';
import { deleteExpired, type RetentionLimits } from './retention.js';
import { readStorage } from './storage-error.js';
import { startSubscription, type Subscription } from './subscription.js';
import { closedError, createWriteQueue } from './write-queue.js';

/** The event log in a folder of this machine. */
export interface EmbeddedLog extends EventLog {
  /** Deletes what retention allows to be deleted now. Resolves with the number of records deleted. */
  deleteExpired(): Promise<number>;
}

export interface EmbeddedLogLimits {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly lookIntervalMaxMs: number;
  readonly writeTimeoutMs: number;
  readonly retention: Readonly<Record<Topic, RetentionLimits>>;
  readonly retentionIntervalMs: number;
}

export function createEmbeddedLog(
  environment: Environment,
  runtime: Runtime,
  limits: EmbeddedLogLimits,
): EmbeddedLog {
  const closing = new AbortController();
  const watcher = createChangeWatcher({ environment, runtime, lookIntervalMaxMs: limits.lookIntervalMaxMs });
  const writeQueue = createWriteQueue({
    environment,
    runtime,
    writeTimeoutMs: limits.writeTimeoutMs,
    onCommit: watcher.notify,
  });
  const pacer = createPacer(runtime);
  const context: PartitionContext = { environment, writeQueue, watcher, pacer, runtime };
  const appenders = new Map<string, PartitionAppender>();
  const subscriptions = new Set<Subscription>();
  let cancelRetention: (() => void) | undefined;
  let retaining: Promise<void> | undefined;
  let closed: Promise<void> | undefined;

  function requirePartition(topic: Topic, partition: number): void {
    if (closing.signal.aborted) throw closing.signal.reason;
    const { partitionCount } = environment;
    if (
      topics.includes(topic) &&
      Number.isInteger(partition) &&
      partition >= 0 &&
      partition < partitionCount
    ) {
      return;
    }
    throw new UsageError(
      'partition-unknown',
      `there is no partition ${partition} of ${topic}: the log has ${partitionCount} partitions`,
    );
  }

  function appenderOf(topic: Topic, partition: number): PartitionAppender {
    const name = `${topic}:${partition}`;
    let appender = appenders.get(name);
    if (appender === undefined) {
      appender = createPartitionAppender({ environment, writeQueue, runtime, topic, partition });
      appenders.set(name, appender);
    }
    return appender;
  }

  async function reading<T>(topic: Topic, partition: number, read: () => T): Promise<T> {
    requirePartition(topic, partition);
    await pacer.pace();
    requirePartition(topic, partition);
    return readStorage(`reading ${topic}, partition ${partition},`, read);
  }

  async function deleteAllExpired(): Promise<number> {
    let deleted = 0;
    for (const topic of topics) {
      for (let partition = 0; partition < environment.partitionCount; partition++) {
        requirePartition(topic, partition);
        deleted += await deleteExpired(context, topic, partition, limits.retention[topic]);
      }
    }
    return deleted;
  }

  /** While somebody subscribes the log is open anyway, and nobody is in a hurry. */
  function scheduleRetention(): void {
    cancelRetention ??= runtime.setTimer(limits.retentionIntervalMs, () => {
      retaining = deleteAllExpired()
        // The log is away, or closed. There is another time, and whoever appends hears of the trouble.
        .then(undefined, () => undefined)
        .then(() => {
          cancelRetention = undefined;
          if (subscriptions.size > 0 && !closing.signal.aborted) scheduleRetention();
        });
    });
  }

  async function subscribe(
    options: SubscribeOptions,
    consume: (partition: AssignedPartition) => Promise<void>,
  ): Promise<void> {
    if (closing.signal.aborted) throw closing.signal.reason;
    requireGroup(options.group);
    const subscription = startSubscription(
      {
        ...context,
        process: ownProcess(),
        sessionTimeoutMs: limits.sessionTimeoutMs,
        heartbeatIntervalMs: limits.heartbeatIntervalMs,
        closing: closing.signal,
      },
      options,
      consume,
    );
    subscriptions.add(subscription);
    scheduleRetention();
    try {
      await subscription.ended;
    } finally {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0) stopRetention();
    }
  }

  function stopRetention(): void {
    cancelRetention?.();
    cancelRetention = undefined;
  }

  async function closeAll(): Promise<void> {
    closing.abort(closedError());
    stopRetention();
    await Promise.all([...subscriptions].map(({ left }) => left));
    watcher.close();
    const isIdle = await writeQueue.close();
    if (!isIdle) return;
    await retaining;
    await environment.close();
  }

  return {
    generation: environment.generation,
    partitionCount: environment.partitionCount,
    topicPrefix: 'stepfold.',
    async append(
      topic: Topic,
      partition: number,
      records: readonly RecordToAppend[],
    ): Promise<AppendedRange> {
      requirePartition(topic, partition);
      return appenderOf(topic, partition).append(records);
    },
    read(topic: Topic, partition: number, fromOffset: number, readLimits?: ReadLimits): Promise<ReadResult> {
      return reading(topic, partition, () => {
        if (!Number.isSafeInteger(fromOffset)) {
          throw new InvariantViolation(`${topic}, partition ${partition} is read from offset ${fromOffset}`);
        }
        return readPartition(environment, topic, partition, fromOffset, readLimits).result;
      });
    },
    bounds(topic: Topic, partition: number): Promise<PartitionBounds> {
      return reading(topic, partition, () => readBounds(environment, topic, partition));
    },
    committed(group: string, topic: Topic, partition: number): Promise<CommittedPosition | undefined> {
      return reading(topic, partition, () => {
        requireGroup(group);
        return readCommitted(environment, group, topic, partition);
      });
    },
    subscribe,
    deleteExpired: deleteAllExpired,
    close: () => (closed ??= closeAll()),
    [Symbol.asyncDispose]: () => (closed ??= closeAll()),
  };
}

const GROUP_BYTES_MAX = 255;

/** A group's name is part of keys, whose length LMDB limits. */
function requireGroup(group: string): void {
  const bytes = Buffer.byteLength(group);
  if (bytes > 0 && bytes <= GROUP_BYTES_MAX) return;
  throw new UsageError(
    'bad-configuration',
    `the name of a group has 1 to ${GROUP_BYTES_MAX} bytes, this one has ${bytes}`,
  );
}
