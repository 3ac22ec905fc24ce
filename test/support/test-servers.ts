import { randomBytes } from 'node:crypto';
import kafkajs, { Kafka, type Admin } from 'kafkajs';
import { MongoClient } from 'mongodb';

/** A topic prefix and a database that nobody else has, on the servers that the tests are given. */
export interface TestServers extends AsyncDisposable {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  /** With the database in it. */
  readonly mongodbUrl: string;
  readonly kafka: Kafka;
  /** The shortest session of a group that the brokers allow, in milliseconds. */
  shortestSessionMs(): Promise<number>;
  deleteTopics(): Promise<void>;
}

/** What brokers allow that nobody has set otherwise. */
const USUAL_SHORTEST_SESSION_MS = 6_000;

/** Whether the tests are given servers: `STEPFOLD_TEST_KAFKA` and `STEPFOLD_TEST_MONGODB`, see `npm test`. */
export function areServersGiven(): boolean {
  const { STEPFOLD_TEST_KAFKA: kafka, STEPFOLD_TEST_MONGODB: mongodb } = process.env;
  return Boolean(kafka) && Boolean(mongodb);
}

/** Disposing of it deletes its topics, groups and database. @throws if the tests are not given servers */
export async function openTestServers(): Promise<TestServers> {
  const { STEPFOLD_TEST_KAFKA: kafkaGiven, STEPFOLD_TEST_MONGODB: mongodbGiven } = process.env;
  if (!kafkaGiven || !mongodbGiven) {
    throw new Error('STEPFOLD_TEST_KAFKA and STEPFOLD_TEST_MONGODB do not name servers');
  }
  const name = `test-${randomBytes(6).toString('hex')}`;
  const topicPrefix = `${name}.`;
  const brokers = kafkaGiven.split(',');
  const url = new URL(mongodbGiven);
  url.pathname = `/${name}`;
  const mongodbUrl = url.toString();
  const kafka = new Kafka({ brokers, logCreator: () => () => undefined });
  const admin = kafka.admin();
  await admin.connect();
  const deleteTopics = async (): Promise<void> => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  };
  return {
    brokers,
    topicPrefix,
    mongodbUrl,
    kafka,
    shortestSessionMs: () => shortestSessionMs(admin),
    deleteTopics,
    async [Symbol.asyncDispose]() {
      await deleteTopics();
      await deleteGroups(admin, topicPrefix);
      await admin.disconnect();
      const client = await new MongoClient(mongodbUrl).connect();
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

async function deleteGroups(admin: Admin, prefix: string): Promise<void> {
  const { groups } = await admin.listGroups();
  const mine = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(prefix));
  // One whose members were killed cannot be deleted before their sessions are over; the broker forgets it then.
  if (mine.length > 0) await admin.deleteGroups(mine).catch(() => undefined);
}

/** A test that waits for killed members should not wait longer than these brokers make it. */
async function shortestSessionMs(admin: Admin): Promise<number> {
  const configName = 'group.min.session.timeout.ms';
  const { brokers } = await admin.describeCluster();
  const resources = brokers.map(({ nodeId }) => ({
    type: kafkajs.ConfigResourceTypes.BROKER,
    name: String(nodeId),
    configNames: [configName],
  }));
  try {
    const described = await admin.describeConfigs({ includeSynonyms: false, resources });
    const values = described.resources.map(({ configEntries }) => Number(configEntries[0]?.configValue));
    return values.every((value) => value > 0) ? Math.max(...values) : USUAL_SHORTEST_SESSION_MS;
  } catch {
    // Not everybody may ask for that.
    return USUAL_SHORTEST_SESSION_MS;
  }
}
