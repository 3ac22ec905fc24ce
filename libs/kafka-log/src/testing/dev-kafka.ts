import { Kafka, type Admin, type ITopicConfig } from 'kafkajs';
import { createSystemRuntime, randomSuffix, sleep, type Runtime } from '@stepfold/runtime';
import { clientConfig } from '../client-config.js';
import { resolveOptions, type KafkaLogOptions, type ResolvedKafkaLogOptions } from '../kafka-log-options.js';

/** A client of the broker that the tests are given, and a topic prefix that nobody else has. */
export interface DevKafka extends AsyncDisposable {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly runtime: Runtime;
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  options(more?: Partial<KafkaLogOptions>): ResolvedKafkaLogOptions;
  /** Creates topics and waits until the brokers know them; kafkajs' own wait fails where they do not yet. */
  createTopics(created: readonly ITopicConfig[]): Promise<void>;
}

/** Disposing of it deletes every topic with the prefix. */
export async function connectDevKafka(): Promise<DevKafka> {
  const runtime = createSystemRuntime();
  const brokers = (process.env['STEPFOLD_TEST_KAFKA'] ?? '').split(',');
  const topicPrefix = `test-${randomSuffix(runtime, 10)}.`;
  const options = (more: Partial<KafkaLogOptions> = {}): ResolvedKafkaLogOptions =>
    resolveOptions({ brokers, runtime, topicPrefix, ...more });
  const kafka = new Kafka(clientConfig(options()));
  const admin = kafka.admin();
  await admin.connect();
  return {
    kafka,
    admin,
    runtime,
    brokers,
    topicPrefix,
    options,
    async createTopics(created) {
      await admin.createTopics({ topics: [...created], waitForLeaders: false });
      for (const { topic } of created) {
        while ((await admin.fetchTopicOffsets(topic).catch(() => [])).length === 0) await sleep(runtime, 10);
      }
    },
    async [Symbol.asyncDispose]() {
      const mine = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
      if (mine.length > 0) await admin.deleteTopics({ topics: mine });
      await admin.disconnect();
    },
  };
}
