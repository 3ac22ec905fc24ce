import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { missingForKafka, missingForMongodb, startKafka, startMongodb } from '@stepfold/local-servers';
import { randomSuffix } from '@stepfold/runtime';
import { runtime, type Servers } from './bench-places.js';

export interface BenchServers extends Servers, AsyncDisposable {
  /** Whether they were given by the environment or started here, for the report. */
  readonly origins: { readonly kafka: Origin; readonly mongodb: Origin };
}

type Origin = 'given' | 'local' | 'none';

/** For groups that work in memory. */
export const noServers: BenchServers = {
  brokers: [],
  mongodbUrl: '',
  prefix: 'bench',
  partitionCount: 0,
  origins: { kafka: 'none', mongodb: 'none' },
  [Symbol.asyncDispose]: async () => undefined,
};

const HEAP_MEGABYTES = 1_024;
const PARTITION_COUNT = 12;

/**
 * The servers given by the environment, or local ones that are started for the run and stopped by disposing of the
 * answer, which removes the topics, groups and databases of the run in any case. Answers in a sentence why there are
 * none.
 */
export async function openBenchServers(progress: (line: string) => void): Promise<BenchServers | string> {
  const { STEPFOLD_TEST_KAFKA: kafka, STEPFOLD_TEST_MONGODB: mongodb } = process.env;
  const missing = [...(kafka ? [] : await missingForKafka()), ...(mongodb ? [] : await missingForMongodb())];
  if (missing.length > 0) {
    return (
      `no servers to measure on: ${[...new Set(missing)].join('; ')}; install what is missing, or point ` +
      'STEPFOLD_TEST_KAFKA and STEPFOLD_TEST_MONGODB at servers of your own'
    );
  }
  const started: AsyncDisposable[] = [];
  const stopAll = async (): Promise<void> => {
    for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
  };
  let brokers = kafka?.split(',') ?? [];
  let mongodbUrl = mongodb ?? '';
  try {
    if (!kafka) {
      const cluster = await startKafka({ isForBenchmarks: true, heapMegabytes: HEAP_MEGABYTES, progress });
      started.push(cluster);
      brokers = [...cluster.brokers];
    }
    if (!mongodb) {
      const server = await startMongodb({ progress });
      started.push(server);
      mongodbUrl = server.url;
    }
  } catch (error) {
    await stopAll();
    return `the servers did not start: ${error instanceof Error ? error.message : String(error)}`;
  }
  const prefix = `bench-${randomSuffix(runtime, 8)}`;
  return {
    brokers,
    mongodbUrl,
    prefix,
    partitionCount: PARTITION_COUNT,
    origins: { kafka: kafka ? 'given' : 'local', mongodb: mongodb ? 'given' : 'local' },
    async [Symbol.asyncDispose]() {
      try {
        if (kafka) await removeTopics(brokers, prefix);
        if (mongodb) await removeDatabases(mongodbUrl, prefix);
      } finally {
        await stopAll();
      }
    },
  };
}

/** Topics, and the groups that read them. */
async function removeTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const { groups } = await admin.listGroups();
    const groupIds = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(`${prefix}.`));
    // A member that was killed keeps its group for the length of a session; the group expires by itself then.
    if (groupIds.length > 0) await admin.deleteGroups(groupIds).catch(() => undefined);
  } finally {
    await admin.disconnect();
  }
}

async function removeDatabases(url: string, prefix: string): Promise<void> {
  const client = await new MongoClient(url).connect();
  try {
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    for (const { name } of databases) if (name.startsWith(`${prefix}-`)) await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}
