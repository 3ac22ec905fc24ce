import type {
  AppendedRange,
  CommittedPosition,
  LogRecord,
  ReadLimits,
  ReadResult,
  RecordToAppend,
  Topic,
} from '@stepfold/event-log';
import type { SeededChance } from '../support/chance.js';
import type { Scheduler } from './scheduler.js';
import { EPOCH_MICROS } from './simulated-runtime.js';
import type { Trace } from './trace.js';

/** A record with what only the simulation knows of it. */
export interface StoredRecord extends LogRecord {
  /** Who appended it. */
  readonly by: string;
  /** When, in the order of everything. */
  readonly ordinal: number;
  /** When it was first asked for: before that it was decided on. */
  readonly askedAtMs: number;
  readonly askedOrdinal: number;
}

/** A partition that was given to a process, with the position from which that process began. */
export interface AssignmentFact {
  readonly by: string;
  readonly atMs: number;
  readonly ordinal: number;
  readonly topic: Topic;
  readonly partition: number;
  readonly committed: CommittedPosition | undefined;
}

/** After this a process may have missed signs of life: it was frozen, or it could not ask for the end of the log. */
export interface SetbackFact {
  readonly by: string;
  readonly atMs: number;
  readonly what: 'thawed' | 'unanswered';
  readonly partition: number | undefined;
}

/** A position that a group has committed, with when and by whom. */
export interface CommitFact {
  readonly atMs: number;
  readonly ordinal: number;
  readonly by: string;
  readonly group: string;
  readonly topic: Topic;
  readonly partition: number;
  readonly position: CommittedPosition;
}

interface Partition {
  /** All that ever were: the checkers read those too that nobody else can read any more. */
  readonly records: StoredRecord[];
  /** Records before this have been deleted. */
  begin: number;
  nextOffset: number;
  lastAppendedAtMs: number;
  /** Polls that wait for a record. */
  readonly waiting: Set<() => void>;
}

export interface LogOptions {
  readonly partitionCount: number;
  /** Probability that offsets are left out before an append. */
  readonly holeProbability: number;
  /** Probability that an append fails when only some of its records, a prefix, are there. */
  readonly partialProbability: number;
}

/** The log itself: partitions of records and committed positions. Everything here happens at once. */
export class LogServer {
  readonly generation = 3;
  readonly topicPrefix = 'simulated.';
  readonly commits: CommitFact[] = [];
  readonly assignments: AssignmentFact[] = [];
  readonly setbacks: SetbackFact[] = [];
  readonly #asked = new WeakMap<Uint8Array, { readonly atMs: number; readonly ordinal: number }>();
  readonly #partitions: Readonly<Record<Topic, readonly Partition[]>>;
  readonly #committed = new Map<string, CommittedPosition>();

  constructor(
    readonly scheduler: Scheduler,
    readonly trace: Trace,
    readonly chance: SeededChance,
    public options: LogOptions,
  ) {
    const emptyPartitions = (): Partition[] =>
      Array.from({ length: options.partitionCount }, () => ({
        records: [],
        begin: 0,
        nextOffset: 0,
        lastAppendedAtMs: 0,
        waiting: new Set(),
      }));
    this.#partitions = {
      events: emptyPartitions(),
      steps: emptyPartitions(),
      'dead-letters': emptyPartitions(),
    };
  }

  get partitionCount(): number {
    return this.options.partitionCount;
  }

  records(topic: Topic, partition: number): readonly StoredRecord[] {
    return this.#of(topic, partition).records;
  }

  begin(topic: Topic, partition: number): number {
    return this.#of(topic, partition).begin;
  }

  /** Retention: what lies before an offset can be read no more. */
  deleteBefore(topic: Topic, number: number, offset: number): void {
    const partition = this.#of(topic, number);
    if (offset <= partition.begin) return;
    partition.begin = offset;
    this.trace.note(this.scheduler.nowMs, `${topic}/${number} is deleted before ${offset}`);
  }

  end(topic: Topic, partition: number): number {
    return this.#of(topic, partition).nextOffset;
  }

  /** Notes when the records were first asked for; the same bytes asked for again are a repetition. */
  noteAsked(records: readonly RecordToAppend[]): void {
    for (const { value } of records) {
      if (value === null || this.#asked.has(value)) continue;
      this.#asked.set(value, { atMs: this.scheduler.nowMs, ordinal: this.scheduler.ordinal });
    }
  }

  /** How many of some records the log takes before it fails; all of them, mostly. */
  taken(count: number): number {
    return this.chance.isTrue(this.options.partialProbability) ? this.chance.below(count) : count;
  }

  /** Appends at least one record: offsets are left out before records, never at the end. */
  append(by: string, topic: Topic, number: number, records: readonly RecordToAppend[]): AppendedRange {
    const partition = this.#of(topic, number);
    if (this.chance.isTrue(this.options.holeProbability)) partition.nextOffset += 1 + this.chance.below(3);
    const firstOffset = partition.nextOffset;
    const nowMs = Math.floor(EPOCH_MICROS / 1000 + this.scheduler.nowMs);
    const appendedAtMs = Math.max(partition.lastAppendedAtMs, nowMs);
    partition.lastAppendedAtMs = appendedAtMs;
    for (const { key, value, headers = {} } of records) {
      const offset = partition.nextOffset++;
      const { ordinal, nowMs } = this.scheduler;
      const asked = (value === null ? undefined : this.#asked.get(value)) ?? { atMs: nowMs, ordinal };
      partition.records.push({
        offset,
        key,
        value,
        headers,
        appendedAtMs,
        by,
        ordinal,
        askedAtMs: asked.atMs,
        askedOrdinal: asked.ordinal,
      });
    }
    this.trace.note(this.scheduler.nowMs, `${by} → ${topic}/${number} at ${firstOffset}, ${records.length}`);
    for (const wake of [...partition.waiting]) wake();
    return { firstOffset, lastOffset: partition.nextOffset - 1, appendedAtMs };
  }

  read(topic: Topic, number: number, fromOffset: number, limits: ReadLimits = {}): ReadResult {
    const { recordsMax = 1_000, bytesMax = 4 * 1024 * 1024 } = limits;
    const partition = this.#of(topic, number);
    const records: StoredRecord[] = [];
    let bytes = 0;
    const from = Math.max(fromOffset, partition.begin);
    for (const record of this.#from(partition, from)) {
      bytes += (record.key?.byteLength ?? 0) + (record.value?.byteLength ?? 0);
      if (records.length > 0 && (records.length >= recordsMax || bytes > bytesMax)) {
        return { records, nextOffset: records.at(-1)!.offset + 1, endOffset: partition.nextOffset };
      }
      records.push(record);
    }
    return {
      records,
      nextOffset: Math.max(from, (records.at(-1)?.offset ?? -1) + 1),
      endOffset: partition.nextOffset,
    };
  }

  hasFrom(topic: Topic, number: number, fromOffset: number): boolean {
    return (this.#of(topic, number).records.at(-1)?.offset ?? -1) >= fromOffset;
  }

  /** Calls back at the next append to the partition; the answer cancels that. */
  onAppend(topic: Topic, number: number, wake: () => void): () => void {
    const { waiting } = this.#of(topic, number);
    waiting.add(wake);
    return () => waiting.delete(wake);
  }

  committed(group: string, topic: Topic, partition: number): CommittedPosition | undefined {
    return this.#committed.get(`${group}/${topic}/${partition}`);
  }

  commit(by: string, group: string, topic: Topic, partition: number, position: CommittedPosition): void {
    this.trace.note(
      this.scheduler.nowMs,
      `${by} commits ${topic}/${partition} at ${position.nextOffset} ${position.metadata}`,
    );
    this.commits.push({
      atMs: this.scheduler.nowMs,
      ordinal: this.scheduler.ordinal,
      by,
      group,
      topic,
      partition,
      position,
    });
    this.setCommitted(group, topic, partition, position);
  }

  /** Changes what a group has committed without a commit: an operator or a fault does that. */
  setCommitted(group: string, topic: Topic, partition: number, position: CommittedPosition): void {
    this.#committed.set(`${group}/${topic}/${partition}`, { ...position });
  }

  #of(topic: Topic, partition: number): Partition {
    const found = this.#partitions[topic][partition];
    if (found === undefined) throw new Error(`there is no partition ${partition} of ${topic}`);
    return found;
  }

  *#from(partition: Partition, offset: number): Iterable<StoredRecord> {
    const { records } = partition;
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (records[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < records.length; index++) yield records[index]!;
  }
}
