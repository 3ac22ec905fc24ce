import type { EventLog } from '@stepfold/event-log';
import { eventLogConformance, type EventLogHarness } from '@stepfold/event-log/conformance';
import { openKafkaLog } from './open-kafka-log.js';
import { connectDevKafka } from './testing/dev-kafka.js';

eventLogConformance('kafka', openHarness, { fencesFormerOwners: true, settleTimeoutMs: 30_000 });

async function openHarness(): Promise<EventLogHarness> {
  const kafka = await connectDevKafka();
  const { brokers, runtime, topicPrefix, admin } = kafka;
  const connect = (): Promise<EventLog> =>
    openKafkaLog({
      brokers,
      runtime,
      topicPrefix,
      partitionCount: 2,
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 100,
    });
  const log = await connect();
  return {
    log,
    connect,
    async deleteBefore(topic, partition, offset) {
      const name = `${topicPrefix}${topic}`;
      // kafkajs deletes only in topics that its admin has asked about.
      await admin.fetchTopicOffsets(name);
      await admin.deleteTopicRecords({
        topic: name,
        partitions: [{ partition, offset: String(offset) }],
      });
    },
    async release() {
      await log.close();
      await kafka[Symbol.asyncDispose]();
    },
  };
}
