/**
 * The event log: topics of partitions of records, in Kafka's words and with Kafka's guarantees.
 *
 * What every adapter guarantees, and the conformance suite checks:
 *
 * 1. **Durable.** A record whose `append` has resolved survives the death of any process at any moment.
 * 2. **Ordered.** Offsets of a partition grow; records of one `append` keep their order and are never
 *    interleaved with others of the same call's partition in another order. Offsets may have holes.
 * 3. **Stamped.** `appendedAtMs` is set by the log when it takes the record, and never falls within a partition.
 * 4. **At least once.** A consumer of a group begins at the committed position. Records may come again
 *    after a crash or a change of owner; none is left out.
 * 5. **One owner, mostly.** A partition is handed to one live member of a group at a time. A member that
 *    was frozen may still believe that it owns it, and nothing stops it from appending or committing.
 * 6. **Pull.** Nothing is read ahead of `poll` beyond a bound, so a slow caller costs no memory.
 *
 * A partition that there is none of is a UsageError `partition-unknown` everywhere.
 *
 * Not its job: to understand records, to retry what the caller sent, to fence former owners.
 */
export interface EventLog extends AsyncDisposable {
  /** The log generation: raised by the operator when the topics are created anew. */
  readonly generation: number;

  /** How many partitions every topic has. Fixed for a generation. */
  readonly partitionCount: number;

  /** What stands before the name of a topic, `stepfold.` unless configured: `stepfold.events`. */
  readonly topicPrefix: string;

  /**
   * Appends records to one partition, in order. When it resolves, all of them are durable.
   * One call is not a transaction: after an error some of its records, a prefix, may have been appended.
   * Calls that are not awaited have no order among each other. A call of more bytes than the log takes at
   * once, never below 8 MiB, may be cut: then records of others may stand between its own.
   * @throws TransientError if the log is away; sending the same records again is what a caller does then
   * @throws UsageError `event-oversize` if a record is larger than the log takes; nothing was appended
   */
  append(topic: Topic, partition: number, records: readonly RecordToAppend[]): Promise<AppendedRange>;

  /**
   * Reads from an offset without disturbing any group. Answers at once, with what is there: no records
   * means that the end was reached. Begins at the first record that still exists if `fromOffset` is deleted.
   * @throws TransientError
   */
  read(topic: Topic, partition: number, fromOffset: number, limits?: ReadLimits): Promise<ReadResult>;

  /**
   * Where the partition begins and ends now.
   * @throws TransientError
   */
  bounds(topic: Topic, partition: number): Promise<PartitionBounds>;

  /**
   * What a group has committed for a partition, or undefined.
   * @throws TransientError
   */
  committed(group: string, topic: Topic, partition: number): Promise<CommittedPosition | undefined>;

  /**
   * Joins a group and runs `consume` for every partition that it is given, all of them concurrently and
   * independently, until the signal is aborted. `consume` should return soon after its partition's signal
   * is aborted; the partition is handed on when it has returned, or when its time is up. A partition whose
   * `consume` throws is not given to this member again, and the error ends `subscribe`: whoever called it
   * decides what to do. One whose `consume` returns early stays idle until it is taken away. Resolves when the signal is aborted and every `consume` has returned.
   */
  subscribe(
    options: SubscribeOptions,
    consume: (partition: AssignedPartition) => Promise<void>,
  ): Promise<void>;

  /** Releases everything. Pending operations fail. */
  close(): Promise<void>;
}

/** The topics of stepfold; the adapter adds the configured prefix. */
export const topics = ['events', 'steps', 'dead-letters'] as const;
export type Topic = (typeof topics)[number];

export interface RecordToAppend {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: RecordHeaders;
}

export type RecordHeaders = Readonly<Record<string, string>>;

export interface LogRecord {
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** When the log took the record, in milliseconds since the epoch on the log's clock. */
  readonly appendedAtMs: number;
}

export interface AppendedRange {
  /** Offset of the first record; record i has `firstOffset + i`, unless the call was cut. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly appendedAtMs: number;
}

export interface ReadLimits {
  /** At most this many records. Default 1,000. */
  readonly recordsMax?: number;
  /** About this many bytes of keys and values; at least one record is given. Default 4 MiB. */
  readonly bytesMax?: number;
}

export interface ReadResult {
  readonly records: readonly LogRecord[];
  /** Where to read on: past the last record given, and past holes and deleted records before it. */
  readonly nextOffset: number;
  /** The end of the partition as it was when this was read: the offset of the record to come. */
  readonly endOffset: number;
}

export interface PartitionBounds {
  /** Offset of the first record that still exists, or `end` if there is none. */
  readonly begin: number;
  /** The offset that the next record will have, or a higher one. */
  readonly end: number;
}

/** A position in a partition with a note of the committer's own. */
export interface CommittedPosition {
  /** The first offset that is not done. */
  readonly nextOffset: number;
  /** A short text of the caller's, at most 1,000 bytes; empty if the log has lost it. */
  readonly metadata: string;
}

export interface SubscribeOptions {
  readonly group: string;
  readonly topics: readonly Topic[];
  readonly signal: AbortSignal;
  readonly limits?: ReadLimits;
}

/** One partition that a member of a group owns, for as long as `signal` is not aborted. */
export interface AssignedPartition {
  readonly topic: Topic;
  readonly partition: number;
  /** What the group had committed when the partition was assigned. */
  readonly committed: CommittedPosition | undefined;
  /** Aborted when the partition is taken away, or the subscription ends. */
  readonly signal: AbortSignal;

  /**
   * The next records. Waits for at least one, but for the first time that the end is reached after the
   * assignment: then it answers with no records, so a caller learns that it has caught up without a
   * time-out. It also answers with none when its position has moved past a hole at the end of the
   * partition, or nobody would ever learn that there is nothing more. One call at a time; the position moves on only by what was given.
   * Begins at `committed.nextOffset`, or at the beginning of the partition if nothing was committed.
   * @throws an AbortError when the signal is aborted
   * @throws TransientError if the log is away; call again
   * @throws CorruptStateError `position-deleted` if the position lies before the beginning of the log, and
   *   `position-beyond-end` if it lies behind its end: this is not the log that the group has read
   */
  poll(): Promise<ReadResult>;

  /**
   * Stores the position of the group. When it resolves, it survives any crash. The last one to arrive wins,
   * whoever sent it: a former owner is not fenced.
   * @throws TransientError
   */
  commit(position: CommittedPosition): Promise<void>;
}
