import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import type { EventLog } from '@stepfold/event-log';
import { elideLargest, type Message } from '@stepfold/fold';
import { openKafkaLog } from '@stepfold/kafka-log';
import type { MessageStore } from '@stepfold/message-store';
import { openMongodbStore } from '@stepfold/mongodb-store';
import { createSystemRuntime, sleep, type Runtime } from '@stepfold/runtime';
import { areServersGiven, openTestServers } from './test-servers.js';

/** What a test runs on, as its title names it. */
export type Backend = 'embedded' | 'Kafka + MongoDB';

/** Those that are there: real servers only if the tests are given them. For `describe.each`. */
export function availableBackends(): readonly Backend[] {
  return areServersGiven() ? ['embedded', 'Kafka + MongoDB'] : ['embedded'];
}

/** A log and a store of a test's own, as one process of several sees them. */
export interface TestData extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly log: EventLog;
  readonly store: MessageStore;
  /** What makes a `stepfold` command work on this log and store. */
  readonly adapterArguments: readonly string[];
  /** The same for a service: killed members have a short session. */
  readonly serviceArguments: readonly string[];
  /** The log for a process that is no `stepfold`: see `processes/open-log.mjs`. */
  readonly logPlace: LogPlace;
  /** For how long a killed or frozen member keeps its partitions: short, but as long as the log demands. */
  readonly sessionTimeoutMs: number;
  /** Waits until the stored progress of every partition is the end of the log of events, and its dead letters are stored. */
  untilStored(): Promise<void>;
  /** All stored messages of a chat without what depends on the log. */
  messagesOf(chatId: string): Promise<readonly unknown[]>;
  /** Runs checks; if one fails, embedded data is left behind, and the error says where. */
  keepingEvidence(check: () => Promise<void>): Promise<void>;
}

/** Where a log is, as JSON for a command line. */
export type LogPlace = (
  | { readonly adapter: 'embedded'; readonly directory: string }
  | { readonly adapter: 'kafka'; readonly brokers: readonly string[]; readonly topicPrefix: string }
) & { readonly sessionTimeoutMs: number; readonly heartbeatIntervalMs: number };

interface Place extends AsyncDisposable {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly adapterArguments: readonly string[];
  readonly logPlace: LogPlace;
  /** Makes disposing leave the data behind. Servers do not outlive the tests. */
  keep?(): void;
}

const PARTITION_COUNT = 4;
/** Shorter ones would be missed by processes that share two processors with many others. */
const SESSION_TIMEOUT_MS = 1_000;

/** Disposing of it removes everything. */
export async function openTestData(backend: Backend): Promise<TestData> {
  const runtime = createSystemRuntime();
  const place = backend === 'embedded' ? await openEmbedded(runtime) : await openServers(runtime);
  const { log, store, adapterArguments, logPlace } = place;
  const { sessionTimeoutMs } = logPlace;
  return {
    runtime,
    log,
    store,
    adapterArguments,
    serviceArguments: [...adapterArguments, '--session-timeout', String(sessionTimeoutMs)],
    logPlace,
    sessionTimeoutMs,
    untilStored: () => untilStored(log, store, runtime),
    async messagesOf(chatId) {
      const { items, nextCursor } = await store.messages(chatId, { limit: 1_000 });
      if (nextCursor !== undefined) throw new Error(`${chatId} has more than a thousand messages`);
      return items.map(({ log: _log, digest: _digest, ...message }) => message);
    },
    async keepingEvidence(check) {
      try {
        await check();
      } catch (error) {
        if (place.keep === undefined) throw error;
        place.keep();
        throw new Error(`A check failed; its data is kept: stepfold … ${adapterArguments.join(' ')}`, {
          cause: error,
        });
      }
    },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

async function openEmbedded(runtime: Runtime): Promise<Place> {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-e2e-'));
  const directory = path.join(data, 'log');
  const log = await openEmbeddedLog({ directory, partitionCount: PARTITION_COUNT, runtime });
  const store = await openEmbeddedStore({ directory: path.join(data, 'store'), runtime });
  let isKept = false;
  return {
    log,
    store,
    adapterArguments: ['--data', data],
    logPlace: { adapter: 'embedded', directory, ...timesOf(SESSION_TIMEOUT_MS) },
    keep: () => void (isKept = true),
    async [Symbol.asyncDispose]() {
      await store.close();
      await log.close();
      if (!isKept) fs.rmSync(data, { recursive: true, force: true });
    },
  };
}

async function openServers(runtime: Runtime): Promise<Place> {
  const servers = await openTestServers();
  const { brokers, topicPrefix, mongodbUrl } = servers;
  const times = timesOf(Math.max(SESSION_TIMEOUT_MS, await servers.shortestSessionMs()));
  const log = await openKafkaLog({ brokers, topicPrefix, partitionCount: PARTITION_COUNT, runtime });
  const store = await openMongodbStore({ url: mongodbUrl, runtime });
  return {
    log,
    store,
    adapterArguments: [
      ...['--kafka', brokers.join(','), '--topic-prefix', topicPrefix],
      ...['--partitions', String(PARTITION_COUNT), '--mongodb', mongodbUrl],
    ],
    logPlace: { adapter: 'kafka', brokers, topicPrefix, ...times },
    async [Symbol.asyncDispose]() {
      await store.close();
      await log.close();
      await servers[Symbol.asyncDispose]();
    },
  };
}

function timesOf(sessionTimeoutMs: number) {
  return { sessionTimeoutMs, heartbeatIntervalMs: Math.floor(sessionTimeoutMs / 4) };
}

async function untilStored(log: EventLog, store: MessageStore, runtime: Runtime): Promise<void> {
  for (;;) {
    const progress = await store.progress(log.generation);
    const stored = new Map(progress.map(({ partition, folded_to }) => [partition, folded_to]));
    let isStored = true;
    for (let partition = 0; partition < log.partitionCount; partition++) {
      const { end } = await log.bounds('events', partition);
      isStored &&= (stored.get(partition) ?? 0) >= end;
      // Letters travel apart from the progress, and may be behind it.
      const letters = await log.bounds('dead-letters', partition);
      const committed = await log.committed('writer', 'dead-letters', partition);
      isStored &&= (committed?.nextOffset ?? 0) >= letters.end;
    }
    if (isStored) return;
    await sleep(runtime, 50);
  }
}

/** A message as a store gives it back: it fits, and it has been JSON, so −0 is 0. */
export function asStored(message: Message): unknown {
  const fitting = elideLargest(message, (text) => createHash('sha256').update(text).digest('hex'));
  return JSON.parse(JSON.stringify(fitting)) as unknown;
}
