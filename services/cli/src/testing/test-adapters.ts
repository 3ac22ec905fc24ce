import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { createSystemRuntime, silentLogger } from '@stepfold/runtime';
import type { Backend } from '../../../../test/support/test-data.js';
import { openTestServers, type TestServers } from '../../../../test/support/test-servers.js';
import type { AdapterChoice } from '../adapter-options.js';
import { openLog, openStore } from '../open-adapters.js';
import { temporaryFolder } from './temporary-folder.js';

/** A log and a store that a test has for itself, and that are gone when it has ended. */
export interface TestAdapters extends AsyncDisposable {
  /** What selects them on a command line. */
  readonly words: readonly string[];
  /** What a command says to somebody who wants to go on with them. */
  readonly hint: (command: string) => string;
  openStore(): Promise<MessageStore>;
  openLog(): Promise<EventLog>;
}

const runtime = createSystemRuntime();
const shape = { generation: undefined, partitionCount: undefined };

function embeddedAdapters(): Promise<TestAdapters> {
  const folder = temporaryFolder();
  const directory = folder.file('data');
  const adapters: AdapterChoice = { ...shape, kind: 'embedded', directory };
  return Promise.resolve({
    words: ['--data', directory],
    hint: (command) => `${command} --data ${directory}`,
    openStore: () => openStore({ adapters, runtime }),
    openLog: () => openLog({ adapters, runtime }),
    [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      return Promise.resolve();
    },
  });
}

export function adaptersOf(backend: Backend): Promise<TestAdapters> {
  return backend === 'embedded' ? embeddedAdapters() : serverAdapters();
}

/** Topics and a database of their own on the servers that the tests are given. */
export async function serverAdapters(): Promise<TestAdapters & TestServers> {
  const servers = await openTestServers();
  const { brokers, topicPrefix, mongodbUrl: mongodb } = servers;
  const adapters: AdapterChoice = { ...shape, kind: 'servers', kafka: undefined, mongodb, variables: [] };
  const kafka = {
    ...{ brokers, topicPrefix, replicationFactor: undefined },
    ...{ tls: undefined, sasl: undefined, compression: undefined },
  };
  return {
    ...servers,
    words: [
      ...['--kafka', brokers.join(','), '--mongodb', mongodb],
      ...['--topic-prefix', topicPrefix, '--partitions', '2'],
    ],
    hint: (command) => command,
    openStore: () => openStore({ adapters, runtime, logger: silentLogger }),
    openLog: () =>
      openLog({ adapters: { ...adapters, kafka, partitionCount: 2 }, runtime, logger: silentLogger }),
  };
}
