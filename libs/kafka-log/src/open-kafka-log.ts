import { Kafka, type KafkaConfig } from 'kafkajs';
import { topics, type EventLog } from '@stepfold/event-log';
import { clientConfig } from './client-config.js';
import { compressionTypes, registerCodecs } from './codecs.js';
import { resolveOptions, type KafkaLogOptions, type ResolvedKafkaLogOptions } from './kafka-log-options.js';
import { kafkaError } from './kafka-error.js';
import { createKafkaLog } from './kafka-log.js';
import { createProtocolClient, type ProtocolClient } from './protocol-client.js';
import { prepareTopics, topicName, type PreparedTopics } from './topics.js';

/** A join is answered when all members have joined, and those who work have this much longer to say so. */
const JOIN_EXTRA_MS = 10_000;

/**
 * Opens the event log on a Kafka cluster, 2.4 or newer. Creates the topics if they are missing and may be
 * created; differences between existing ones and what the log expects are logged, one warning each.
 * Close it at the end, after everything that uses it.
 *
 * @throws UsageError `bad-configuration` naming an option, `partition-count-differs`, `topics-missing`:
 *   see `prepareTopics`
 * @throws TransientError `log-unavailable` if no broker can be reached, `log-access-denied` if they refuse
 *   the credentials or the user lacks a right
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<EventLog> {
  const resolved = resolveOptions(options);
  registerCodecs();
  const config = clientConfig(resolved);
  const prepared = await prepare(config, resolved);
  tellOf(prepared, resolved);
  const names = topics.map((topic) => topicName(resolved.topicPrefix, topic));
  const { runtime, requestTimeoutMs, rebalanceTimeoutMs } = resolved;
  const connectFor = (timeoutMs: number): ProtocolClient =>
    createProtocolClient({ config, runtime, topics: names, requestTimeoutMs: timeoutMs });
  return createKafkaLog({
    connect: () => connectFor(requestTimeoutMs),
    connectToGroup: () => connectFor(Math.max(requestTimeoutMs, rebalanceTimeoutMs + JOIN_EXTRA_MS)),
    runtime,
    logger: resolved.logger,
    metrics: resolved.metrics,
    generation: resolved.generation,
    partitionCount: prepared.partitionCount,
    topicPrefix: resolved.topicPrefix,
    codec: compressionTypes[resolved.compression],
    sessionTimeoutMs: resolved.sessionTimeoutMs,
    heartbeatIntervalMs: resolved.heartbeatIntervalMs,
    rebalanceTimeoutMs,
  });
}

async function prepare(config: KafkaConfig, options: ResolvedKafkaLogOptions): Promise<PreparedTopics> {
  const admin = new Kafka(config).admin();
  try {
    await admin.connect();
    return await prepareTopics(admin, options);
  } catch (error) {
    throw kafkaError(error, 'opening the log');
  } finally {
    // What could not be connected cannot be disconnected either.
    await admin.disconnect().catch(() => undefined);
  }
}

function tellOf(prepared: PreparedTopics, { logger }: ResolvedKafkaLogOptions): void {
  const { created, partitionCount, differences, settingsUnread } = prepared;
  if (created.length > 0) logger.info({ topics: created, partitions: partitionCount }, 'topics created');
  for (const difference of differences)
    logger.warn({ ...difference }, 'a topic is not set as the log expects');
  if (settingsUnread !== undefined)
    logger.warn({ reason: settingsUnread }, 'the settings of the topics were not checked');
}
