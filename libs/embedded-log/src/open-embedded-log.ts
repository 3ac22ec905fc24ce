import { topics, type Topic } from '@stepfold/event-log';
import { UsageError, type Runtime } from '@stepfold/runtime';
import { createEmbeddedLog, type EmbeddedLog, type EmbeddedLogLimits } from './embedded-log.js';
import { openEnvironment } from './environment.js';
import type { RetentionLimits } from './retention.js';

export interface EmbeddedLogOptions {
  /** Where the file lies, or is to be created. On a disk of this machine: LMDB does not work on network drives. */
  readonly directory: string;
  readonly runtime: Runtime;
  /** 0 to 32,767. Settled when the log is created (default 0); later it may be left out, and must not differ. */
  readonly generation?: number;
  /** 1 to 1,024. Settled when the log is created (default 4); later it may be left out, and must not differ. */
  readonly partitionCount?: number;
  /**
   * Whether a record is on the disk when it is acknowledged. Default true. Without, it survives the death
   * of every process, but a power loss may damage the whole file.
   */
  readonly fsync?: boolean;
  /** For how long a member of a group may be silent before its partitions go to others. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** At most a third of the session time-out, so that a late beat costs nothing. Default 3,000. */
  readonly heartbeatIntervalMs?: number;
  /** How often to look for what other processes append while nothing happens. Default 50. */
  readonly lookIntervalMaxMs?: number;
  /** How long a write may wait for LMDB's lock, which a frozen process may hold, and for the disk. Default 30,000. */
  readonly writeTimeoutMs?: number;
  /** What may be deleted. Default: `events` and `dead-letters` after 30 days, `steps` after 7. */
  readonly retention?: Partial<Record<Topic, RetentionLimits>>;
  /** How often a process that subscribes deletes what retention allows. Default 60,000. */
  readonly retentionIntervalMs?: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

const defaultRetention: Readonly<Record<Topic, RetentionLimits>> = {
  events: { ageMaxMs: 30 * DAY_MS },
  steps: { ageMaxMs: 7 * DAY_MS },
  'dead-letters': { ageMaxMs: 30 * DAY_MS },
};

/**
 * Opens the event log in a folder, and creates both if they are missing. Any number of processes may have
 * it open. Close it at the end, after everything that uses it.
 *
 * A process that is stopped (SIGSTOP) in the middle of a commit keeps LMDB's lock, and every other process
 * waits until it goes on or is killed; a process that is killed releases the lock. A commit runs on a thread
 * of its own and takes about as long as the disk needs to sync, so a debugger, a long computation or a
 * garbage collection never holds the lock.
 *
 * @throws UsageError `data-unreadable` if the file cannot be opened or created, or is of a newer format
 * @throws UsageError `partition-count-differs`, `generation-differs` if the log was created with other ones
 * @throws UsageError `bad-configuration` if an option has a value that cannot work
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { directory, runtime, generation, partitionCount, fsync = true } = options;
  requireInteger('generation', generation, 0, 32_767);
  requireInteger('partitionCount', partitionCount, 1, 1_024);
  const limits = limitsOf(options);
  const environment = await openEnvironment({ directory, runtime, generation, partitionCount, fsync });
  return createEmbeddedLog(environment, runtime, limits);
}

function limitsOf(options: EmbeddedLogOptions): EmbeddedLogLimits {
  const limits: EmbeddedLogLimits = {
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3_000,
    lookIntervalMaxMs: options.lookIntervalMaxMs ?? 50,
    writeTimeoutMs: options.writeTimeoutMs ?? 30_000,
    retention: { ...defaultRetention, ...options.retention },
    retentionIntervalMs: options.retentionIntervalMs ?? 60_000,
  };
  const { heartbeatIntervalMs, sessionTimeoutMs } = limits;
  requireInteger('heartbeatIntervalMs', heartbeatIntervalMs, 1);
  requireInteger('sessionTimeoutMs', sessionTimeoutMs, 1);
  requireInteger('lookIntervalMaxMs', limits.lookIntervalMaxMs, 1);
  requireInteger('writeTimeoutMs', limits.writeTimeoutMs, 1);
  requireInteger('retentionIntervalMs', limits.retentionIntervalMs, 1);
  for (const topic of topics) {
    requireInteger(
      `retention of ${topic}, ageMaxMs`,
      limits.retention[topic].ageMaxMs,
      1,
      Number.MAX_SAFE_INTEGER,
    );
    requireInteger(
      `retention of ${topic}, bytesMax`,
      limits.retention[topic].bytesMax,
      1,
      Number.MAX_SAFE_INTEGER,
    );
  }
  if (heartbeatIntervalMs * 3 > sessionTimeoutMs) {
    throw new UsageError(
      'bad-configuration',
      `heartbeatIntervalMs (${heartbeatIntervalMs}) must be at most a third of sessionTimeoutMs ` +
        `(${sessionTimeoutMs}), or one late beat costs a member its partitions`,
    );
  }
  return limits;
}

/** `highest` is what a timer takes, where nothing else is said. */
function requireInteger(
  name: string,
  value: number | undefined,
  lowest: number,
  highest = 2 ** 31 - 1,
): void {
  if (value === undefined || (Number.isInteger(value) && value >= lowest && value <= highest)) return;
  throw new UsageError(
    'bad-configuration',
    `${name} must be an integer from ${lowest} to ${highest}, not ${value}`,
  );
}
