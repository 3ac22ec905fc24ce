import type {
  AppendedRange,
  EventLog,
  ReadLimits,
  ReadResult,
  RecordToAppend,
  Topic,
} from '@stepfold/event-log';
import type { Event } from '@stepfold/events';

export interface AppendCall {
  readonly topic: Topic;
  readonly partition: number;
  readonly records: readonly RecordToAppend[];
}

/** A log that keeps what it is given, in memory, and can be made to wait. */
export class RecordingLog implements EventLog {
  readonly generation = 0;
  readonly topicPrefix = 'stepfold.';
  readonly partitionCount: number;
  /** Every call, also those that a wrapper lets fail afterwards. */
  readonly calls: AppendCall[] = [];
  readonly #records = new Map<number, RecordToAppend[]>();
  #gates = new Map<number, { promise: Promise<void>; open: () => void }>();

  constructor(partitionCount = 1) {
    this.partitionCount = partitionCount;
  }

  /** Lets appends to a partition wait until `resume`. */
  pause(partition = 0): void {
    let open!: () => void;
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gates.set(partition, { promise, open });
  }

  resume(partition = 0): void {
    this.#gates.get(partition)?.open();
    this.#gates.delete(partition);
  }

  async append(topic: Topic, partition: number, records: readonly RecordToAppend[]): Promise<AppendedRange> {
    this.calls.push({ topic, partition, records });
    await this.#gates.get(partition)?.promise;
    const kept = this.recordsOf(partition);
    const firstOffset = kept.length;
    kept.push(...records);
    return { firstOffset, lastOffset: kept.length - 1, appendedAtMs: 0 };
  }

  recordsOf(partition: number): RecordToAppend[] {
    let records = this.#records.get(partition);
    if (records === undefined) this.#records.set(partition, (records = []));
    return records;
  }

  /** The values of a partition, as they were sent. */
  valuesOf(partition = 0): string[] {
    return this.recordsOf(partition).map(({ value }) => new TextDecoder().decode(value ?? undefined));
  }

  /** Everything on the log, partition by partition. */
  events(): Event[] {
    const events: Event[] = [];
    for (let partition = 0; partition < this.partitionCount; partition++) {
      for (const value of this.valuesOf(partition)) events.push(JSON.parse(value) as Event);
    }
    return events;
  }

  /** How often it was read. */
  reads = 0;

  async read(
    _topic: Topic,
    partition: number,
    fromOffset: number,
    { recordsMax = 1_000 }: ReadLimits = {},
  ): Promise<ReadResult> {
    this.reads++;
    const kept = this.recordsOf(partition);
    const records = kept
      .slice(fromOffset, fromOffset + recordsMax)
      .map(({ key, value, headers = {} }, index) => ({
        offset: fromOffset + index,
        key,
        value,
        headers,
        appendedAtMs: 0,
      }));
    return { records, nextOffset: fromOffset + records.length, endOffset: kept.length };
  }
  bounds(): never {
    throw new Error('a publisher does not look for bounds');
  }
  committed(): never {
    throw new Error('a publisher commits nothing');
  }
  subscribe(): never {
    throw new Error('a publisher does not subscribe');
  }
  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
