import fs from 'node:fs';
import path from 'node:path';
import { forgetFolder, killOrphans } from './orphans.js';
import { LocalServersError } from './errors.js';
import { fetchKafka } from './fetch-kafka.js';
import type { Progress } from './fetched-folder.js';
import { freePorts } from './free-ports.js';
import { makeKeyStore } from './key-store.js';
import { createKafkaNode, type KafkaNode } from './kafka-node.js';
import type { KafkaPorts, KafkaUser } from './kafka-properties.js';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.js';
import { demandToolsForKafka } from './required-tools.js';

const START_TIMEOUT_MS = 60_000;

export interface KafkaOptions {
  /** Default 1. Three replicate everything three times, and go on without one of them. */
  readonly nodes?: 1 | 3;
  /** Where data, settings and logs are. Default: a temporary folder that `stop` removes. */
  readonly directory?: string;
  /** Of the listeners for clients, one for each node. Default: free ones. */
  readonly ports?: readonly number[];
  /** Adds a listener with TLS and SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512) for these users. */
  readonly users?: readonly KafkaUser[];
  /** Settings of every broker that come last and win. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  /** Heap of each node in MiB. Default 256. */
  readonly heapMegabytes?: number;
  /** For benchmarks: lets Java compile and collect as in production, which makes a start slower. */
  readonly isForBenchmarks?: boolean;
  /** How long one start may take. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Told of what takes time. Default: nobody. */
  readonly progress?: Progress;
}

/** A running Apache Kafka on this machine. */
export interface KafkaCluster extends AsyncDisposable {
  /** `host:port` of every node, without encryption. */
  readonly brokers: readonly string[];
  /** `host:port` of every node, for TLS and SASL; empty unless `users` were given. */
  readonly secureBrokers: readonly string[];
  /** The certificate to trust for `secureBrokers`, as PEM. */
  readonly certificate?: string;
  readonly nodes: readonly KafkaNode[];
  readonly directory: string;
  /** Ends every node, and removes the folder if it was a temporary one. */
  stop(): Promise<void>;
}

/**
 * Starts Apache Kafka, fetched before if it is not in the cache. Resolves when every node knows the others,
 * group offsets can be committed and producers get their ids.
 * @throws LocalServersError
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const { nodes: count = 1, users = [], properties } = options;
  const { progress = () => undefined, startTimeoutMs = START_TIMEOUT_MS } = options;
  if (options.ports !== undefined && options.ports.length !== count) {
    throw new LocalServersError(
      'bad-usage',
      `${count} nodes need ${count} ports, and ${options.ports.length} were given`,
    );
  }
  await demandToolsForKafka();
  killOrphans();
  const fetched = await fetchKafka(progress);
  const program = {
    ...fetched,
    ...(options.heapMegabytes === undefined ? {} : { heapMegabytes: options.heapMegabytes }),
    // Classes are archived for one collector.
    ...(options.isForBenchmarks === true ? { isQuickToStart: false, archiveOptions: [] } : {}),
  };
  const directory = options.directory ?? makeTemporaryFolder('stepfold-kafka-');
  fs.mkdirSync(directory, { recursive: true });
  const security = users.length === 0 ? undefined : { ...(await makeKeyStore(directory)), users };
  const ports = await choosePorts(count, options.ports, security !== undefined);
  const nodes = ports.map((_, index) =>
    createKafkaNode({
      program,
      directory: makeNodeFolder(directory, index + 1),
      settings: {
        nodeId: index + 1,
        ports,
        ...(security === undefined ? {} : { security }),
        ...(properties === undefined ? {} : { properties }),
      },
      startTimeoutMs,
    }),
  );
  const isTemporary = options.directory === undefined;
  const stop = async (): Promise<void> => {
    // Data that nobody will read need no orderly end.
    await Promise.all(nodes.map((node) => (isTemporary ? node.kill('SIGKILL') : node.stop())));
    if (isTemporary) removeTemporaryFolder(directory);
  };
  const awaited = nodes.map(({ id }) => id);
  const starts = await Promise.allSettled(nodes.map((node) => node.start({ awaited })));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure !== undefined) {
    // The folder stays: the error names log files in it.
    forgetFolder(directory);
    await Promise.all(nodes.map((node) => node.kill('SIGKILL')));
    throw failure.reason;
  }
  return {
    brokers: nodes.map(({ address }) => address),
    secureBrokers: nodes.flatMap(({ secureAddress }) => secureAddress ?? []),
    ...(security === undefined ? {} : { certificate: security.certificate }),
    nodes,
    directory,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function choosePorts(
  count: number,
  given: readonly number[] | undefined,
  isSecure: boolean,
): Promise<KafkaPorts[]> {
  const free = await freePorts(count * 3);
  return Array.from({ length: count }, (_, index) => {
    const [broker, controller, secure] = free.slice(index * 3) as [number, number, number];
    return { broker: given?.[index] ?? broker, controller, ...(isSecure ? { secure } : {}) };
  });
}

function makeNodeFolder(directory: string, id: number): string {
  const folder = path.join(directory, `node-${id}`);
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}
