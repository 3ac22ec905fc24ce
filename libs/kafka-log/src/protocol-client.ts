import type { KafkaConfig } from 'kafkajs';
import Cluster, { type Broker } from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { sleep, UsageError, type Runtime, type StepfoldError } from '@stepfold/runtime';
import { isConnectionTrouble, isUnknownBroker, kafkaError, typeOf } from './kafka-error.js';

/**
 * A connection to the brokers of a cluster: finds out who leads a partition and who coordinates a group,
 * and asks them. It stands on kafkajs' protocol layer and on nothing above it, because nearly all of its
 * known defects live above: in its consumer, its producer and their retries (docs/kafka.md).
 *
 * 1. A request is made once. Whoever asked hears of the failure and repeats it if that makes sense. Only
 *    where a broker answers that it is not the one to ask, and so has done nothing, is another look taken
 *    and the question put again: leaders change, and a new topic has its leaders before they know it.
 * 2. A connection on which a request broke or timed out is closed before anything else is sent: nothing
 *    that comes later can be answered with what was meant for it, and no broker holds up the next one.
 * 3. Where the metadata cannot even be refreshed, everything is thrown away and connected anew.
 */
export interface ProtocolClient {
  /** Asks the leader of a partition. @throws as `kafkaError` says; `log-closed` after `close` */
  atLeader<T>(topic: string, partition: number, doing: string, ask: Ask<T>): Promise<T>;
  /** Asks the coordinator of a group. @throws as `kafkaError` says; `log-closed` after `close` */
  atCoordinator<T>(groupId: string, doing: string, ask: Ask<T>): Promise<T>;
  /** Who leads a partition, by number of the node, for callers that ask about several at once. */
  leaderOf(topic: string, partition: number): Promise<number>;
  /** Asks a node by its number. @throws as `kafkaError` says; `log-closed` after `close` */
  atNode<T>(nodeId: number, doing: string, ask: Ask<T>): Promise<T>;
  /** Metadata has proved wrong: look again before the next question. */
  refresh(): Promise<void>;
  /** Fails what is pending with `log-closed`. */
  close(): Promise<void>;
}

export type Ask<T> = (broker: Broker) => Promise<T>;

const METADATA_AGE_MAX_MS = 60_000;
/** About 1.3 s in all. An election that takes longer is trouble, and somebody should hear of it. */
const REDIRECTIONS_MAX = 6;
const REDIRECTION_DELAY_MS = 20;

export interface ProtocolClientOptions {
  readonly config: KafkaConfig;
  readonly runtime: Runtime;
  /** Full names of the topics that are asked about. */
  readonly topics: readonly string[];
  /** How long an answer may take. Default: that of `config`. */
  readonly requestTimeoutMs?: number;
}

export function createProtocolClient(options: ProtocolClientOptions): ProtocolClient {
  stopIdleTimers();
  let connected: Promise<Cluster> | undefined;
  let isClosed = false;
  let refreshedAtMs = options.runtime.monotonicMs();
  const coordinators = new Map<string, number>();

  function cluster(): Promise<Cluster> {
    if (isClosed) return Promise.reject(closedError());
    connected ??= connect(options).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  }

  /** Runs one question; on a failure mends what can be mended, and throws in the product's terms. */
  async function attempt<T>(doing: string, groupId: string | undefined, run: () => Promise<T>): Promise<T> {
    for (let redirections = 0; ; redirections++) {
      try {
        return await run();
      } catch (error) {
        if (isClosed) throw closedError();
        if (groupId !== undefined) coordinators.delete(groupId);
        const isElsewhere = staleMetadata.has(typeOf(error) ?? '') || isUnknownBroker(error);
        if (isElsewhere || isConnectionTrouble(error)) await refresh();
        if (!isElsewhere || redirections === REDIRECTIONS_MAX) throw kafkaError(error, doing);
        await sleep(options.runtime, REDIRECTION_DELAY_MS * 2 ** redirections);
      }
    }
  }

  async function ask<T>(nodeId: number, question: Ask<T>): Promise<T> {
    const broker = await (await cluster()).findBroker({ nodeId });
    try {
      return await question(broker);
    } catch (error) {
      if (isConnectionTrouble(error)) await hangUp(broker, error as Error);
      throw error;
    }
  }

  async function leaderOf(topic: string, partition: number): Promise<number> {
    const present = await cluster();
    // Beside the work and never before it: one partition without a leader makes Kafka's answer an error
    // for all of them, and what is known of the others is still true.
    if (options.runtime.monotonicMs() - refreshedAtMs > METADATA_AGE_MAX_MS) void refresh();
    const found = present
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition);
    if (found === undefined) {
      throw new UsageError(
        'partition-unknown',
        `there is no partition ${partition} of ${topic} at this Kafka`,
      );
    }
    return found.leader;
  }

  /** kafkajs' own search forgets why the brokers refused to answer, as when the user lacks a right (L2). */
  async function coordinatorOf(groupId: string): Promise<number> {
    const known = coordinators.get(groupId);
    if (known !== undefined) return known;
    const present = await cluster();
    let trouble: unknown = new Error('no broker is known');
    for (const nodeId of present.getNodeIds()) {
      try {
        const { coordinator } = await ask(Number(nodeId), (broker) =>
          broker.findGroupCoordinator({ groupId, coordinatorType: 0 }),
        );
        coordinators.set(groupId, coordinator.nodeId);
        return coordinator.nodeId;
      } catch (error) {
        trouble = error;
        if (typeOf(error) !== undefined) break;
      }
    }
    throw trouble;
  }

  async function refresh(): Promise<void> {
    const present = connected;
    if (present === undefined || isClosed) return;
    refreshedAtMs = options.runtime.monotonicMs();
    try {
      await (await present).refreshMetadata();
    } catch (error) {
      if (!isConnectionTrouble(error) || connected !== present) return;
      connected = undefined;
      coordinators.clear();
      await present.then(disconnect, () => undefined);
    }
  }

  return {
    atLeader: (topic, partition, doing, question) =>
      attempt(doing, undefined, async () => ask(await leaderOf(topic, partition), question)),
    atCoordinator: (groupId, doing, question) =>
      attempt(doing, groupId, async () => ask(await coordinatorOf(groupId), question)),
    atNode: (nodeId, doing, question) => attempt(doing, undefined, () => ask(nodeId, question)),
    leaderOf: (topic, partition) =>
      attempt(`looking for the leader of ${topic}, partition ${partition}`, undefined, () =>
        leaderOf(topic, partition),
      ),
    refresh,
    async close() {
      if (isClosed) return;
      isClosed = true;
      await connected?.then(disconnect, () => undefined);
    },
  };
}

/** The error of everything that is asked of a log that was closed. */
export function closedError(): StepfoldError {
  return new UsageError('log-closed', 'the log was closed');
}

/** Kafka's words for: not here, or not yet; nothing was done. */
const staleMetadata: ReadonlySet<string> = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

async function connect(options: ProtocolClientOptions): Promise<Cluster> {
  const { config, topics, requestTimeoutMs } = options;
  const { logLevel, logCreator, ...rest } = config;
  const cluster = new Cluster({
    ...rest,
    ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs }),
    logger: loggers.createLogger({ level: logLevel ?? 0, logCreator: logCreator ?? (() => () => undefined) }),
    metadataMaxAge: Number.MAX_SAFE_INTEGER,
    allowAutoTopicCreation: false,
  });
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics(topics);
    return cluster;
  } catch (error) {
    await disconnect(cluster);
    throw error;
  }
}

/** kafkajs would wait for every pending answer before it disconnects; nobody waits for them any more. */
async function disconnect(cluster: Cluster): Promise<void> {
  const { brokers, seedBroker } = cluster.brokerPool;
  const all = new Set([...Object.values(brokers), ...(seedBroker === undefined ? [] : [seedBroker])]);
  await Promise.all([...all].map((broker) => hangUp(broker, new Error('the connection was given up'))));
  await cluster.disconnect();
}

async function hangUp(broker: Broker, reason: Error): Promise<void> {
  const { pool } = broker.connectionPool;
  for (const connection of pool) connection.rejectRequests(reason);
  await broker.disconnect();
  for (const connection of pool) connection.socket?.destroy();
}

/**
 * Each idle connection of kafkajs wakes up a thousand times a second to look into an empty queue, and warns
 * of negative time-outs on newer versions of Node (L9). Looking is needed only while something waits.
 */
function stopIdleTimers(): void {
  const { prototype } = RequestQueue;
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue) {
    if (this.pending.length > 0) original.call(this);
  };
}

const patched = new WeakSet<object>();
