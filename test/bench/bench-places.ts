import { openKafkaLog } from '@stepfold/kafka-log';
import { createSystemRuntime } from '@stepfold/runtime';
import type { EventLog, LogRecord, Topic } from '@stepfold/event-log';
import type { ArmJob } from './arm.js';

export const runtime = createSystemRuntime();

/** What the topics of a part of the run are for; each has topics of its own. */
export type Place = 'consume' | 'publish' | 'write' | 'flow';

export type Servers = Pick<ArmJob, 'brokers' | 'mongodbUrl' | 'prefix' | 'partitionCount'>;

export function openBenchLog(servers: Servers, place: Place): Promise<EventLog> {
  return openKafkaLog({
    brokers: servers.brokers,
    runtime,
    topicPrefix: topicPrefixOf(servers, place),
    partitionCount: servers.partitionCount,
  });
}

export function topicPrefixOf({ prefix }: Pick<Servers, 'prefix'>, place: Place): string {
  return `${prefix}.${place}.`;
}

/** The database of one arm or round. */
export function databaseOf({ prefix }: Pick<Servers, 'prefix'>, name: string): string {
  return `${prefix}-${name}`;
}

export function allPartitions(log: EventLog): readonly number[] {
  return Array.from({ length: log.partitionCount }, (_, partition) => partition);
}

/** Where every partition of a topic ends now. */
export function endsOf(log: EventLog, topic: Topic): Promise<readonly number[]> {
  return Promise.all(allPartitions(log).map(async (partition) => (await log.bounds(topic, partition)).end));
}

/** Everything of a topic from the offsets given, partition after partition. */
export async function* readFrom(
  log: EventLog,
  topic: Topic,
  begins: readonly number[],
): AsyncGenerator<LogRecord> {
  for (const [partition, begin] of begins.entries()) {
    for (let offset = begin; ;) {
      const { records, nextOffset, endOffset } = await log.read(topic, partition, offset, {
        recordsMax: 10_000,
      });
      yield* records;
      offset = nextOffset;
      if (offset >= endOffset) break;
    }
  }
}

/** Appends records in batches of the size that a busy publisher makes. */
export async function load(
  log: EventLog,
  topic: Topic,
  byPartition: ReadonlyMap<number, readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]>,
): Promise<void> {
  await Promise.all(
    [...byPartition].map(async ([partition, records]) => {
      for (let at = 0; at < records.length; at += LOAD_BATCH_RECORDS) {
        await log.append(topic, partition, records.slice(at, at + LOAD_BATCH_RECORDS));
      }
    }),
  );
}

const LOAD_BATCH_RECORDS = 500;
