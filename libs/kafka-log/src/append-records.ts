import type { AppendedRange, RecordToAppend } from '@stepfold/event-log';
import { InvariantViolation, UsageError, type Runtime } from '@stepfold/runtime';
import { compress } from './compression.js';
import { produceTo } from './data-requests.js';
import type { ProtocolClient } from './protocol-client.js';
import { encodeBatch, encodeRecords, sizeInBatch, type RecordsSection } from './record-batch.js';

/** `max.message.bytes` of the topics: a batch may have no more, all framing counted. */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;
/** Framing of a batch, and what gzip adds to bytes that it cannot make smaller. */
const BATCH_OVERHEAD_BYTES = 8 * 1024;
const SECTION_BYTES_MAX = BATCH_BYTES_MAX - BATCH_OVERHEAD_BYTES;
/** The broker gives up before the client does, so that its answer says why. */
const PRODUCE_TIMEOUT_MS = 25_000;

export interface AppendContext {
  readonly client: ProtocolClient;
  readonly runtime: Runtime;
  /** Number of the codec in a batch's attributes; 0 is none. */
  readonly codec: number;
}

/**
 * Appends records to one partition: one request for one partition, in one batch, made once.
 *
 * The producer is not idempotent, by choice. Kafka's sequence numbers only keep its own retries from
 * appending twice, and in kafkajs they acknowledge what was never written (C3). Here a repetition is the
 * caller's, carries the same `producer` and `seq` or the same `rev`, and is recognised by those.
 *
 * What does not fit into one batch is cut into several, one after the other. Only then may records of
 * somebody else stand between, and `firstOffset + i` hold for the first batch alone.
 */
export async function appendRecords(
  context: AppendContext,
  topic: string,
  partition: number,
  records: readonly RecordToAppend[],
): Promise<AppendedRange> {
  if (records.length === 0)
    throw new InvariantViolation(`nothing was to be appended to ${topic}, partition ${partition}`);
  // Before the first await: the caller may use its buffers again.
  const sections = cutSections(topic, records);
  let range: AppendedRange | undefined;
  for (const section of sections) {
    const next = await appendSection(context, topic, partition, section);
    range = { ...next, firstOffset: range?.firstOffset ?? next.firstOffset };
  }
  return range as AppendedRange;
}

function cutSections(topic: string, records: readonly RecordToAppend[]): readonly RecordsSection[] {
  const sections: RecordToAppend[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = sizeInBatch(record);
    if (size > SECTION_BYTES_MAX) {
      throw new UsageError(
        'event-oversize',
        `a record of ${size} bytes is larger than the ${SECTION_BYTES_MAX} that ${topic} takes`,
      );
    }
    bytes += size;
    if (bytes > SECTION_BYTES_MAX) {
      sections.push([]);
      bytes = size;
    }
    sections.at(-1)!.push(record);
  }
  return sections.map(encodeRecords);
}

async function appendSection(
  { client, runtime, codec }: AppendContext,
  topic: string,
  partition: number,
  section: RecordsSection,
): Promise<AppendedRange> {
  const nowMs = Math.floor(runtime.nowMicros() / 1_000);
  const bytes = await compress(codec, section.bytes);
  const batch = encodeBatch({ ...section, bytes }, codec, nowMs);
  const { baseOffset, appendedAtMs } = await client.atLeader(
    topic,
    partition,
    `appending to ${topic}, partition ${partition}`,
    (broker) => produceTo(broker, topic, partition, batch, PRODUCE_TIMEOUT_MS),
  );
  return {
    firstOffset: baseOffset,
    lastOffset: baseOffset + section.count - 1,
    appendedAtMs: appendedAtMs < 0 ? nowMs : appendedAtMs,
  };
}
