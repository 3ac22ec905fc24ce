import path from 'node:path';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { MongoClient, type Db } from 'mongodb';
import { topics, type EventLog, type Topic } from '@stepfold/event-log';
import { openKafkaLog } from '@stepfold/kafka-log';
import type { MessageStore } from '@stepfold/message-store';
import { openMongodbStore } from '@stepfold/mongodb-store';
import { createSystemRuntime, randomSuffix, sleep, type Runtime } from '@stepfold/runtime';
import { startService, type ServiceProcess } from '../support/service-process.js';

export type ServiceName = 'projector' | 'writer';

/** Where a process stops itself, and by which signal. See processes/stopping-service.mjs. */
export interface Stopping {
  readonly point: string;
  /** At which of its visits to the point, counted from 1. */
  readonly nth: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** Time-outs of its store, where those of the product would take a test too long. */
  readonly store?: { readonly connectTimeoutMs: number; readonly operationTimeoutMs: number };
}

/** Topics and a database of one test, on servers that the test may kill. */
export interface FaultData extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  /** With the database in it. */
  readonly mongodbUrl: string;
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly database: Db;
  readonly admin: Admin;
  /** Starts `stepfold projector` or `stepfold writer` on this data. */
  start(service: ServiceName, ...more: readonly string[]): ServiceProcess;
  /** Starts one that stops itself at a named point. */
  startStopping(service: ServiceName, stopping: Stopping): ServiceProcess;
}

export interface FaultDataOptions {
  readonly brokers: readonly string[];
  readonly mongodbUrl: string;
  readonly partitionCount?: number;
}

/** So short that a lost member costs a test a second; a beat comes three times as often. */
export const SESSION_TIMEOUT_MS = 900;

const stoppingScript = path.resolve(__dirname, 'processes/stopping-service.mjs');

/** Times of projectors: so many checkpoints that nearly every moment is between two of them. */
const projectorConfig = { openStepIntervalMs: 20, checkpointIntervalMs: 20 };

export async function openFaultData(options: FaultDataOptions): Promise<FaultData> {
  const runtime = createSystemRuntime();
  const name = `fault-${randomSuffix(runtime, 8)}`;
  const topicPrefix = `${name}.`;
  const { brokers, partitionCount = 4 } = options;
  const mongodbUrl = `${options.mongodbUrl.replace(/\/$/, '')}/${name}`;
  const log = await openKafkaLog({ brokers, topicPrefix, partitionCount, runtime });
  const store = await openMongodbStore({ url: mongodbUrl, runtime });
  const client = new MongoClient(mongodbUrl, { serverSelectionTimeoutMS: 1_000, socketTimeoutMS: 5_000 });
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const services: ServiceProcess[] = [];
  const started = (service: ServiceProcess): ServiceProcess => {
    services.push(service);
    return service;
  };
  return {
    runtime,
    brokers,
    topicPrefix,
    mongodbUrl,
    log,
    store,
    database: client.db(),
    admin,
    start: (service, ...more) =>
      started(
        startService([
          service,
          ...['--kafka', brokers.join(','), '--topic-prefix', topicPrefix, '--mongodb', mongodbUrl],
          ...['--session-timeout', String(SESSION_TIMEOUT_MS)],
          ...(service === 'projector' ? ['--progress-interval', '20', '--open-step-interval', '20'] : []),
          ...more,
        ]),
      ),
    startStopping: (service, stopping) =>
      started(
        startService(
          [
            JSON.stringify({
              ...stopping,
              service,
              log: { brokers, topicPrefix, sessionTimeoutMs: SESSION_TIMEOUT_MS },
              store: { url: mongodbUrl, ...stopping.store },
              config: service === 'projector' ? projectorConfig : {},
            }),
          ],
          stoppingScript,
        ),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(services.map((service) => service.end('SIGKILL')));
      await log.close();
      await store.close();
      await admin.deleteTopics({ topics: topics.map((topic) => `${topicPrefix}${topic}`) });
      await admin.disconnect();
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

/** Waits for a condition, and says what was waited for if it does not come in time. */
export async function until(
  runtime: Runtime,
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 120_000,
): Promise<void> {
  const giveUpAtMs = runtime.monotonicMs() + timeoutMs;
  while (!(await condition())) {
    if (runtime.monotonicMs() > giveUpAtMs) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(runtime, 30);
  }
}

/** Waits until a process has said something, and shows what it said if that does not come in time. */
export async function untilSaid(
  { runtime }: Pick<FaultData, 'runtime'>,
  service: ServiceProcess,
  text: string,
  timeoutMs = 60_000,
): Promise<void> {
  await withShownLog(runtime, service, `it says ${JSON.stringify(text)}`, service.saying(text), timeoutMs);
}

/**
 * Waits for the end of a process, after a signal or of itself, and shows what it said if that does not come in
 * time. Answers exit code or signal.
 */
export async function untilEnded(
  { runtime }: Pick<FaultData, 'runtime'>,
  service: ServiceProcess,
  signal?: NodeJS.Signals,
  timeoutMs = 60_000,
): Promise<number | NodeJS.Signals> {
  const ended = signal === undefined ? service.ended : service.end(signal);
  return withShownLog(runtime, service, `it ends by ${signal ?? 'itself'}`, ended, timeoutMs);
}

async function withShownLog<T>(
  runtime: Runtime,
  service: ServiceProcess,
  what: string,
  awaited: Promise<T>,
  timeoutMs: number,
): Promise<T> {
  let cancel = (): void => undefined;
  const timeOut = new Promise<never>((_resolve, reject) => {
    cancel = runtime.setTimer(timeoutMs, () =>
      reject(new Error(`waited ${timeoutMs} ms in vain: ${what}; it said:\n${service.log().slice(-4_000)}`)),
    );
  });
  try {
    return await Promise.race([awaited, timeOut]);
  } finally {
    cancel();
  }
}

/** Waits until a group has committed everything that is on its topics now, in every partition. */
export async function untilPassed({ log, runtime }: FaultData, service: ServiceName): Promise<void> {
  const topic = service === 'projector' ? 'events' : 'steps';
  const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
  const ends = await Promise.all(
    partitions.map(async (partition) => (await log.bounds(topic, partition)).end),
  );
  await until(runtime, `the ${service}s pass ${ends.join(', ')}`, async () => {
    const committed = await Promise.all(
      partitions.map((partition) => log.committed(service, topic, partition)),
    );
    return committed.every((position, partition) => foldedTo(position) >= ends[partition]!);
  });
}

/** First the projectors: before them, writers would have passed an empty topic. */
export async function untilBothPassed(data: FaultData): Promise<void> {
  await untilPassed(data, 'projector');
  await untilPassed(data, 'writer');
}

/**
 * Sets what a group has committed for one topic, as an operator does while none of its members run. kafkajs
 * takes 5 s for it.
 */
export async function setOffsets(
  data: FaultData,
  service: ServiceName,
  topic: Topic,
  offsetOf: (partition: number) => number | Promise<number>,
): Promise<void> {
  const { admin, topicPrefix, log, runtime } = data;
  const partitions = await Promise.all(
    Array.from({ length: log.partitionCount }, async (_, partition) => ({
      partition,
      offset: String(await offsetOf(partition)),
    })),
  );
  const groupId = `${topicPrefix}${service}`;
  await until(runtime, `group ${groupId} has no members`, async () => {
    const { groups } = await admin.describeGroups([groupId]);
    return groups[0]?.state === 'Empty' || groups[0]?.state === 'Dead';
  });
  await admin.setOffsets({ groupId, topic: `${topicPrefix}${topic}`, partitions });
}

/** How far a group has worked: a projector's committed position stays at the oldest step that is open. */
function foldedTo(position: { readonly nextOffset: number; readonly metadata: string } | undefined): number {
  if (position === undefined) return 0;
  if (position.metadata === '') return position.nextOffset;
  return (JSON.parse(position.metadata) as { folded_to: number }).folded_to;
}
