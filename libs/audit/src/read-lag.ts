import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';

/** How far the events of one partition have been folded and stored. Offsets: of the first event that is not. */
export interface PartitionLag {
  readonly partition: number;
  /** The end of the log. */
  readonly end: number;
  /** Everything made of the events before it has been handed on by the projector. */
  readonly folded_to: number;
  /** The first event of the oldest step that was open there; `folded_to` if none was. */
  readonly low_water: number;
  /** Everything made of the events before it is stored. */
  readonly stored_to: number;
  /** Milliseconds since the log took the event at `low_water`; 0 if no step was open. */
  readonly oldest_open_ms: number;
}

export interface Lag {
  readonly partitions: readonly PartitionLag[];
  /** Offsets that are not stored yet, of all partitions. Where offsets have holes, there are fewer events. */
  readonly events: number;
  /** How long the log has had the oldest event that is not stored; 0 if all are. */
  readonly seconds: number;
}

/** What a projector has committed for a partition. */
export interface FoldedPosition {
  readonly lowWaterMark: number;
  readonly foldedTo: number;
}

export interface ReadLagOptions {
  readonly log: Pick<EventLog, 'generation' | 'partitionCount' | 'bounds' | 'read'>;
  readonly store: Pick<MessageStore, 'progress'>;
  /** What is committed for a partition; undefined if nothing ever was. */
  readonly folded: (partition: number) => Promise<FoldedPosition | undefined>;
  /** The wall clock in microseconds: it is compared with the clock of the log. */
  readonly nowMicros: () => number;
  /** Partitions that are asked about at the same time. Default 16. */
  readonly lookupsAtOnceMax?: number;
}

/** How far behind folding and storing are, and what has never happened at all. */
export interface LagReading {
  readonly lag: Lag;
  /** A projector has committed something. */
  readonly wasEverFolded: boolean;
  /** A writer has stored the progress of some partition. */
  readonly wasEverStored: boolean;
}

/**
 * Asks the store and the group first and the log last, so that no partition is further than its end. What
 * nobody has folded or stored counts from the beginning of the partition. No lag is negative, whatever the
 * clocks say.
 * @throws TransientError if the log or the store is away
 */
export async function readLag(options: ReadLagOptions): Promise<LagReading> {
  const { log, store, lookupsAtOnceMax = 16 } = options;
  const progress = await store.progress(log.generation);
  const storedTo = new Map(progress.map(({ partition, folded_to }) => [partition, folded_to]));
  const readings: PartitionReading[] = [];
  for (let next = 0; next < log.partitionCount; next += lookupsAtOnceMax) {
    const count = Math.min(lookupsAtOnceMax, log.partitionCount - next);
    const asked = Array.from({ length: count }, (_, i) => next + i);
    readings.push(
      ...(await Promise.all(asked.map((each) => readPartition(options, each, storedTo.get(each))))),
    );
  }
  return {
    lag: {
      partitions: readings.map(({ partition }) => partition),
      events: readings.reduce(
        (sum, { partition }) => sum + Math.max(0, partition.end - partition.stored_to),
        0,
      ),
      seconds: Math.max(0, ...readings.map(({ behindMs }) => behindMs)) / 1_000,
    },
    wasEverFolded: readings.some(({ wasFolded }) => wasFolded),
    wasEverStored: progress.length > 0,
  };
}

interface PartitionReading {
  readonly partition: PartitionLag;
  readonly behindMs: number;
  readonly wasFolded: boolean;
}

async function readPartition(
  options: ReadLagOptions,
  partition: number,
  storedTo: number | undefined,
): Promise<PartitionReading> {
  const folded = await options.folded(partition);
  const { begin, end } = await options.log.bounds('events', partition);
  const { lowWaterMark: low_water, foldedTo: folded_to } = folded ?? { lowWaterMark: begin, foldedTo: begin };
  const stored_to = storedTo ?? begin;
  const [behindMs, oldest_open_ms] = await Promise.all([
    stored_to < end ? ageMs(options, partition, stored_to) : 0,
    low_water < folded_to ? ageMs(options, partition, low_water) : 0,
  ]);
  return {
    partition: { partition, end, folded_to, low_water, stored_to, oldest_open_ms },
    behindMs,
    wasFolded: folded !== undefined,
  };
}

/** Whole milliseconds since the log took the first record from an offset on; 0 if there is none. */
async function ageMs({ log, nowMicros }: ReadLagOptions, partition: number, offset: number): Promise<number> {
  const { records } = await log.read('events', partition, offset, { recordsMax: 1 });
  const [record] = records;
  if (record === undefined) return 0;
  return Math.max(0, Math.round(nowMicros() / 1_000 - record.appendedAtMs));
}
