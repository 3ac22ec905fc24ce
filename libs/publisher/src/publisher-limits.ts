import { EVENT_BYTES_MAX } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';

/** What a publisher bounds. Every limit has a default; relations between them are asserted at creation. */
export interface PublisherLimits {
  /**
   * Events that were taken and are not acknowledged, but for those that an outbox has recovered. A full queue slows the
   * caller. Default 10,000.
   */
  readonly queueEventsMax: number;
  /** Bytes of the same. Default 64 MiB. */
  readonly queueBytesMax: number;
  /**
   * Events that end a step and were taken though the queue was full, with `whenFull: 'drop'`: they come on top of it. What
   * is beyond is dropped too. Default 10,000.
   */
  readonly queueExcessEventsMax: number;
  /** Bytes of the same. Default 32 MiB. */
  readonly queueExcessBytesMax: number;
  /** Records of one send. Default 500. */
  readonly batchRecordsMax: number;
  /**
   * Bytes of one send, below the megabyte that a Kafka client and broker take by default. A single event may
   * be larger and is then sent alone. Default 900,000.
   */
  readonly batchBytesMax: number;
  /** One event as UTF-8 JSON. Default 8 MiB, which is also what projectors take by default. */
  readonly eventBytesMax: number;
  /**
   * How long an open step may be silent before a heartbeat is sent for it. Must stay well below the
   * projector's `step_idle_timeout` (15 min). Default 60,000.
   */
  readonly heartbeatIntervalMs: number;
  /**
   * Pause between two looks at the end of the log for who else has ended a step, while somebody listens to a
   * step's signal. Default 250, at most 1,000.
   */
  readonly watchIntervalMs: number;
  /** How long a delta is held back so that later ones of its block join it. Default 0: never merge. */
  readonly coalesceMs: number;
  /** Pause before a failed send is repeated for the first time; doubles each time, with jitter. Default 50. */
  readonly retryDelayMinMs: number;
  /** Longest pause before a repetition. Default 5,000. */
  readonly retryDelayMaxMs: number;
  /** How long `close` waits for the log before it gives up and says what was not acknowledged. Default 10,000. */
  readonly closeTimeoutMs: number;
  /** Steps that are held open at once. One more is refused. Default 100,000. */
  readonly openStepsMax: number;
  /**
   * Other steps (ended, joined, raw) whose next `seq` is remembered: at least this many that were used last,
   * at most twice as many. Default 20,000.
   */
  readonly stepsRememberedMax: number;
}

export const publisherLimitDefaults: PublisherLimits = {
  queueEventsMax: 10_000,
  queueBytesMax: 64 * 1024 * 1024,
  queueExcessEventsMax: 10_000,
  queueExcessBytesMax: 32 * 1024 * 1024,
  batchRecordsMax: 500,
  batchBytesMax: 900_000,
  eventBytesMax: EVENT_BYTES_MAX,
  heartbeatIntervalMs: 60_000,
  watchIntervalMs: 250,
  coalesceMs: 0,
  retryDelayMinMs: 50,
  retryDelayMaxMs: 5_000,
  closeTimeoutMs: 10_000,
  openStepsMax: 100_000,
  stepsRememberedMax: 20_000,
};

/** Room in the queue's accounts for what comes with an event: its key, `producer`, `seq`, record framing. */
export const RECORD_OVERHEAD_BYTES = 512;

/** Smallest useful limit: any event fits after its values were elided, unless it has very many fields. */
const EVENT_BYTES_FLOOR = 1_024;

/** The topics take records of 16 MiB; the key and the headers need some of it. */
const EVENT_BYTES_CEILING = 16 * 1024 * 1024 - 64 * 1024;

const WATCH_INTERVAL_MS_CEILING = 1_000;

/** Longer delays overflow the timers of Node, which then fire at once. */
const DELAY_MS_CEILING = 2 ** 31 - 1;

/**
 * The limits with their defaults.
 * @throws UsageError `bad-configuration` naming the limit that cannot work, alone or with another
 */
export function resolveLimits(given: Partial<PublisherLimits>, partitionCount: number): PublisherLimits {
  const limits = { ...publisherLimitDefaults };
  for (const name of Object.keys(publisherLimitDefaults) as (keyof PublisherLimits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    const min = name === 'coalesceMs' ? 0 : 1;
    const max = name.endsWith('Ms') ? DELAY_MS_CEILING : Number.MAX_SAFE_INTEGER;
    demand(
      Number.isInteger(value) && value >= min && value <= max,
      `${name} must be a whole number from ${min} to ${max}, not ${value}`,
    );
    (limits as Record<keyof PublisherLimits, number>)[name] = value;
  }
  const { eventBytesMax, queueBytesMax, queueEventsMax, batchBytesMax, batchRecordsMax } = limits;
  demand(
    eventBytesMax >= EVENT_BYTES_FLOOR && eventBytesMax <= EVENT_BYTES_CEILING,
    `eventBytesMax must be from ${EVENT_BYTES_FLOOR} to ${EVENT_BYTES_CEILING}, not ${eventBytesMax}: ` +
      'the topics take records of 16 MiB',
  );
  demand(
    eventBytesMax + RECORD_OVERHEAD_BYTES <= partitionShare(queueBytesMax, partitionCount),
    `queueBytesMax (${queueBytesMax}) must hold two events of eventBytesMax (${eventBytesMax}): ` +
      'the largest event would wait for room for ever',
  );
  demand(
    batchRecordsMax <= queueEventsMax,
    `batchRecordsMax (${batchRecordsMax}) must not exceed queueEventsMax (${queueEventsMax}): ` +
      'a batch is made of what is in the queue',
  );
  demand(
    batchBytesMax <= queueBytesMax,
    `batchBytesMax (${batchBytesMax}) must not exceed queueBytesMax (${queueBytesMax}): ` +
      'a batch is made of what is in the queue',
  );
  demand(
    limits.watchIntervalMs <= WATCH_INTERVAL_MS_CEILING,
    `watchIntervalMs (${limits.watchIntervalMs}) must not exceed ${WATCH_INTERVAL_MS_CEILING}: ` +
      'a signal promises to be aborted within a second',
  );
  demand(
    limits.retryDelayMinMs <= limits.retryDelayMaxMs,
    `retryDelayMinMs (${limits.retryDelayMinMs}) must not exceed retryDelayMaxMs (${limits.retryDelayMaxMs})`,
  );
  return limits;
}

/**
 * How much of the queue, and of what may be above it, one partition may fill: half, so that a partition whose leader is away does not stop
 * the others.
 */
export function partitionShare(max: number, partitionCount: number): number {
  return partitionCount === 1 ? max : Math.ceil(max / 2);
}

function demand(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) throw new UsageError('bad-configuration', message);
}
