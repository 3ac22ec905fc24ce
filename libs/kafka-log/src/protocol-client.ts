import type { KafkaConfig } from 'kafkajs';
import Cluster, { type Broker } from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import { sleep, UsageError, type Runtime, type StepfoldError } from '@stepfold/runtime';
import { createSocket } from './client-config.js';
import { hangUp, mendConnections } from './connections.js';
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
 * 4. Every question is answered or fails in a bounded time, and at once when the client is closed. kafkajs has
 *    states in which it answers nothing ever: a log-in whose connection breaks is one.
 */
export interface ProtocolClient {
  /** Asks the leader of a partition. @throws as `kafkaError` says; `log-closed` after `close` */
  atLeader<T>(topic: string, partition: number, doing: string, ask: Ask<T>): Promise<T>;
  /**
   * Asks the coordinator of a group.
   * @param patienceMs how long an answer may take, if less than is usual
   * @throws as `kafkaError` says; `log-closed` after `close`
   */
  atCoordinator<T>(groupId: string, doing: string, ask: Ask<T>, patienceMs?: number): Promise<T>;
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
/** kafkajs tries for about 3 s, and goes through brokers that do not let themselves be connected to. */
const CONNECT_TIMEOUT_MS = 15_000;
/** A refresh waits for the answers of brokers that have left the cluster, which may never come. */
const REFRESH_TIMEOUT_MS = 10_000;
/** What a question may take beyond its request: connecting, and logging in. */
const ASK_EXTRA_MS = 10_000;
/** Finding the coordinator is a small question that every broker answers from memory. */
const FIND_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface ProtocolClientOptions {
  readonly config: KafkaConfig;
  readonly runtime: Runtime;
  /** Full names of the topics that are asked about. */
  readonly topics: readonly string[];
  /** How long an answer may take. Default: that of `config`. */
  readonly requestTimeoutMs?: number;
}

export function createProtocolClient(options: ProtocolClientOptions): ProtocolClient {
  mendConnections();
  const { config, runtime } = options;
  const patienceMs = (options.requestTimeoutMs ?? config.requestTimeout ?? REQUEST_TIMEOUT_MS) + ASK_EXTRA_MS;
  let connected: Promise<Cluster> | undefined;
  let isClosed = false;
  let refreshedAtMs = runtime.monotonicMs();
  const coordinators = new Map<string, number>();
  /** Whoever waits for an answer: told when none will come any more. */
  const waiting = new Set<(error: unknown) => void>();
  /** How often the connections to a broker were given up. */
  const hangUps = new WeakMap<Broker, number>();
  /** The broker that gave trouble last is the last one to be asked for a coordinator. */
  let troubledNodeId: number | undefined;

  function cluster(): Promise<Cluster> {
    if (isClosed) return Promise.reject(closedError());
    connected ??= connect(options, bounded).catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  }

  /** Settles as `work` does, but fails when the time is up or the client is closed. */
  function bounded<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown): void => {
        done();
        reject(error instanceof Error ? error : new Error('a request failed', { cause: error }));
      };
      const done = (): void => {
        cancel();
        waiting.delete(fail);
      };
      const cancel = runtime.setTimer(timeoutMs, () => fail(new NoAnswer()));
      waiting.add(fail);
      work.then((answer) => {
        done();
        resolve(answer);
      }, fail);
    });
  }

  /** Runs one question; on a failure mends what can be mended, and throws in the product's terms. */
  async function attempt<T>(doing: string, groupId: string | undefined, run: () => Promise<T>): Promise<T> {
    for (let redirections = 0; ; redirections++) {
      try {
        return await run();
      } catch (error) {
        if (isClosed) throw closedError();
        const isElsewhere = staleMetadata.has(typeOf(error) ?? '') || isUnknownBroker(error);
        if (isElsewhere || isConnectionTrouble(error)) {
          if (groupId !== undefined) coordinators.delete(groupId);
          await refresh();
        }
        if (!isElsewhere || redirections === REDIRECTIONS_MAX) throw kafkaError(error, doing);
        await sleep(runtime, REDIRECTION_DELAY_MS * 2 ** redirections);
      }
    }
  }

  async function ask<T>(nodeId: number, question: Ask<T>, timeoutMs = patienceMs): Promise<T> {
    const present = await cluster();
    const broker = present.brokerPool.brokers[nodeId];
    const hangUpsBefore = broker === undefined ? 0 : (hangUps.get(broker) ?? 0);
    try {
      return await bounded(timeoutMs, present.findBroker({ nodeId }).then(question));
    } catch (error) {
      if (isConnectionTrouble(error)) {
        troubledNodeId = nodeId;
        // All that was under way fails together, and only the first one hangs up: by the time of the others
        // somebody may be connecting again.
        if (broker !== undefined && (hangUps.get(broker) ?? 0) === hangUpsBefore) {
          hangUps.set(broker, hangUpsBefore + 1);
          await hangUp(broker, error as Error);
        }
      }
      throw error;
    }
  }

  async function leaderOf(topic: string, partition: number): Promise<number> {
    const present = await cluster();
    // Beside the work and never before it: one partition without a leader makes Kafka's answer an error
    // for all of them, and what is known of the others is still true.
    if (runtime.monotonicMs() - refreshedAtMs > METADATA_AGE_MAX_MS) void refresh();
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
    const nodeIds = (await cluster()).getNodeIds().map(Number);
    let trouble: unknown = new Error('no broker is known');
    for (const nodeId of nodeIds.toSorted(
      (a, b) => Number(a === troubledNodeId) - Number(b === troubledNodeId),
    )) {
      try {
        const { coordinator } = await ask(
          nodeId,
          (broker) => broker.findGroupCoordinator({ groupId, coordinatorType: 0 }),
          FIND_TIMEOUT_MS,
        );
        coordinators.set(groupId, coordinator.nodeId);
        return coordinator.nodeId;
      } catch (error) {
        trouble = error;
        if (isClosed || typeOf(error) !== undefined) break;
      }
    }
    throw trouble;
  }

  async function refresh(): Promise<void> {
    const present = connected;
    if (present === undefined || isClosed) return;
    refreshedAtMs = runtime.monotonicMs();
    try {
      await bounded(
        REFRESH_TIMEOUT_MS,
        present.then((known) => known.refreshMetadata()),
      );
    } catch (error) {
      if (!isConnectionTrouble(error) || connected !== present) return;
      connected = undefined;
      coordinators.clear();
      // Nothing comes of what is under way there, and kafkajs would try for some seconds more.
      for (const fail of [...waiting]) fail(error);
      await present.then(disconnect, () => undefined);
    }
  }

  return {
    atLeader: (topic, partition, doing, question) =>
      attempt(doing, undefined, async () => ask(await leaderOf(topic, partition), question)),
    atCoordinator: (groupId, doing, question, timeoutMs) =>
      attempt(doing, groupId, async () => ask(await coordinatorOf(groupId), question, timeoutMs)),
    atNode: (nodeId, doing, question) => attempt(doing, undefined, () => ask(nodeId, question)),
    leaderOf: (topic, partition) =>
      attempt(`looking for the leader of ${topic}, partition ${partition}`, undefined, () =>
        leaderOf(topic, partition),
      ),
    refresh,
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const fail of [...waiting]) fail(closedError());
      await connected?.then(disconnect, () => undefined);
    },
  };
}

/** The time for an answer is up. */
class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor() {
    super('no answer in time');
  }
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

type Bounded = <T>(timeoutMs: number, work: Promise<T>) => Promise<T>;

async function connect(options: ProtocolClientOptions, bounded: Bounded): Promise<Cluster> {
  const { config, topics, requestTimeoutMs } = options;
  const { logLevel, logCreator, socketFactory = createSocket, ...rest } = config;
  const cluster: Cluster = new Cluster({
    ...rest,
    socketFactory(socketOptions: Parameters<typeof createSocket>[0]) {
      // What still goes on in a cluster that was given up would open connections that nobody closes.
      if (givenUp.has(cluster)) throw new Error('the connection was given up');
      return socketFactory(socketOptions);
    },
    ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs }),
    logger: loggers.createLogger({ level: logLevel ?? 0, logCreator: logCreator ?? (() => () => undefined) }),
    metadataMaxAge: Number.MAX_SAFE_INTEGER,
    allowAutoTopicCreation: false,
  });
  try {
    await bounded(
      CONNECT_TIMEOUT_MS,
      cluster.connect().then(() => cluster.addMultipleTargetTopics(topics)),
    );
    return cluster;
  } catch (error) {
    await disconnect(cluster);
    throw error;
  }
}

const givenUp = new WeakSet<Cluster>();

async function disconnect(cluster: Cluster): Promise<void> {
  givenUp.add(cluster);
  const { brokers, seedBroker } = cluster.brokerPool;
  const all = new Set([...Object.values(brokers), ...(seedBroker === undefined ? [] : [seedBroker])]);
  await Promise.all([...all].map((broker) => hangUp(broker, new Error('the connection was given up'))));
  await cluster.disconnect();
}
