import {
  partitionOf,
  type AppendedRange,
  type CommittedPosition,
  type EventLog,
  type LogRecord,
  type PartitionBounds,
  type ReadLimits,
  type ReadResult,
  type RecordToAppend,
  type Topic,
} from '@stepfold/event-log';
import { encodeEvent, type Event } from '@stepfold/events';

const encoder = new TextEncoder();

/**
 * The topics of events and of steps in arrays, for tests. Nobody can join a group. The events' beginning and
 * visible end can be moved.
 */
export class InMemoryLog implements EventLog {
  readonly topicPrefix = 'stepfold.';
  readonly #partitions: LogRecord[][];
  readonly #begins: number[];
  /** Records from here on have not happened yet; Infinity shows all. */
  visibleEnd = Infinity;
  /** What was appended to the topic of steps, by partition. */
  readonly steps: LogRecord[][];
  stepsBegin = 0;
  /** Runs before every call. */
  onCall: () => void = () => undefined;
  reads = 0;
  /** What every group has committed, by partition. */
  readonly commits = new Map<number, CommittedPosition>();

  constructor(
    readonly partitionCount = 1,
    readonly generation = 0,
  ) {
    this.#partitions = Array.from({ length: partitionCount }, () => []);
    this.#begins = Array.from({ length: partitionCount }, () => 0);
    this.steps = Array.from({ length: partitionCount }, () => []);
  }

  /** Appends an event to the partition of its chat and answers its offset. */
  appendEvent(event: Event, holeAfter = 0): number {
    const key = encoder.encode(event.chat_id);
    return this.appendRecord(
      { key, value: encodeEvent(event) },
      partitionOf(key, this.partitionCount),
      holeAfter,
    );
  }

  appendRecord(record: RecordToAppend, partition = 0, holeAfter = 0): number {
    const records = this.#partitions[partition]!;
    const offset = this.nextOffset(partition) + holeAfter;
    records.push({ headers: {}, ...record, offset, appendedAtMs: 1_775_822_400_000 + offset });
    return offset;
  }

  appendStepRecord(record: RecordToAppend, partition = 0): number {
    const records = this.steps[partition]!;
    records.push({ headers: {}, ...record, offset: records.length, appendedAtMs: 0 });
    return records.length - 1;
  }

  nextOffset(partition = 0): number {
    return (this.#partitions[partition]!.at(-1)?.offset ?? -1) + 1;
  }

  /** All records of a partition, deleted ones included. */
  records(partition: number): readonly LogRecord[] {
    return this.#partitions[partition]!;
  }

  /** What retention does. */
  deleteBefore(offset: number, partition = 0): void {
    this.#begins[partition] = Math.max(this.#begins[partition]!, offset);
  }

  begin(partition = 0): number {
    return this.#begins[partition]!;
  }

  end(partition = 0): number {
    return Math.max(this.begin(partition), Math.min(this.visibleEnd, this.nextOffset(partition)));
  }

  append(topic: Topic, partition: number, records: readonly RecordToAppend[]): Promise<AppendedRange> {
    const offsets = records.map((record) =>
      topic === 'steps' ? this.appendStepRecord(record, partition) : this.appendRecord(record, partition),
    );
    return Promise.resolve({ firstOffset: offsets[0]!, lastOffset: offsets.at(-1)!, appendedAtMs: 0 });
  }

  read(topic: Topic, partition: number, fromOffset: number, limits: ReadLimits = {}): Promise<ReadResult> {
    this.onCall();
    this.reads++;
    if (topic === 'steps') {
      const from = Math.max(fromOffset, this.stepsBegin);
      const records = this.steps[partition]!.slice(from, from + (limits.recordsMax ?? 1_000));
      return Promise.resolve({
        records,
        nextOffset: from + records.length,
        endOffset: this.steps[partition]!.length,
      });
    }
    if (topic !== 'events') throw new Error(`topic ${topic} is not here`);
    const { recordsMax = 1_000, bytesMax = 4 * 1024 * 1024 } = limits;
    const from = Math.max(fromOffset, this.begin(partition));
    const endOffset = this.end(partition);
    const records: LogRecord[] = [];
    let bytes = 0;
    for (const record of this.#partitions[partition]!) {
      if (record.offset < from || record.offset >= endOffset) continue;
      bytes += (record.value?.byteLength ?? 0) + (record.key?.byteLength ?? 0);
      if (records.length >= recordsMax || (records.length > 0 && bytes > bytesMax)) break;
      records.push(record);
    }
    const nextOffset = records.length === 0 ? Math.max(from, endOffset) : records.at(-1)!.offset + 1;
    return Promise.resolve({ records, nextOffset, endOffset });
  }

  bounds(topic: Topic, partition: number): Promise<PartitionBounds> {
    this.onCall();
    if (topic === 'steps') {
      return Promise.resolve({ begin: this.stepsBegin, end: this.steps[partition]!.length });
    }
    return Promise.resolve({ begin: this.begin(partition), end: this.end(partition) });
  }

  committed(_group: string, _topic: Topic, partition: number): Promise<CommittedPosition | undefined> {
    return Promise.resolve(this.commits.get(partition));
  }

  subscribe(): Promise<void> {
    throw new Error('this log has no groups');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
