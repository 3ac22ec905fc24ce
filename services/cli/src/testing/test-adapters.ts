import { randomBytes } from 'node:crypto';
import { Kafka } from 'kafkajs';
import { MongoClient } from 'mongodb';
import type { MessageStore } from '@stepfold/message-store';
import { createSystemRuntime, silentLogger } from '@stepfold/runtime';
import type { AdapterChoice } from '../adapter-options.js';
import { openStore } from '../open-adapters.js';
import { temporaryFolder } from './temporary-folder.js';

/** A log and a store that a test has for itself, and that are gone when it has ended. */
export interface TestAdapters extends AsyncDisposable {
  /** What selects them on a command line. */
  readonly words: readonly string[];
  /** What a command says to somebody who wants to go on with them. */
  readonly hint: (command: string) => string;
  openStore(): Promise<MessageStore>;
}

const runtime = createSystemRuntime();
const shape = { generation: undefined, partitionCount: undefined };

export function embeddedAdapters(): Promise<TestAdapters> {
  const folder = temporaryFolder();
  const directory = folder.file('data');
  const adapters: AdapterChoice = { ...shape, kind: 'embedded', directory };
  return Promise.resolve({
    words: ['--data', directory],
    hint: (command) => `${command} --data ${directory}`,
    openStore: () => openStore({ adapters, runtime }),
    [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      return Promise.resolve();
    },
  });
}

export interface TestServers extends TestAdapters {
  readonly topicPrefix: string;
  readonly kafka: Kafka;
  deleteTopics(): Promise<void>;
}

/** Topics and a database of their own on the servers that the tests are given. */
export async function serverAdapters(): Promise<TestServers> {
  const { STEPFOLD_TEST_KAFKA: brokers, STEPFOLD_TEST_MONGODB: server } = process.env;
  if (brokers === undefined || server === undefined) {
    throw new Error('STEPFOLD_TEST_KAFKA and STEPFOLD_TEST_MONGODB do not name servers');
  }
  const name = `test-${randomBytes(6).toString('hex')}`;
  const topicPrefix = `${name}.`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const mongodb = url.toString();
  const kafka = new Kafka({ brokers: brokers.split(','), logCreator: () => () => undefined });
  const admin = kafka.admin();
  await admin.connect();
  const adapters: AdapterChoice = { ...shape, kind: 'servers', kafka: undefined, mongodb, variables: [] };
  const deleteTopics = async (): Promise<void> => {
    const mine = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
    if (mine.length > 0) await admin.deleteTopics({ topics: mine });
  };
  return {
    words: ['--kafka', brokers, '--mongodb', mongodb, '--topic-prefix', topicPrefix, '--partitions', '2'],
    hint: (command) => command,
    topicPrefix,
    kafka,
    deleteTopics,
    openStore: () => openStore({ adapters, runtime, logger: silentLogger }),
    async [Symbol.asyncDispose]() {
      await deleteTopics();
      await admin.disconnect();
      const client = await new MongoClient(mongodb).connect();
      await client.db().dropDatabase();
      await client.close();
    },
  };
}
