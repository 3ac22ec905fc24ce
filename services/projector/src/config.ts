import { STEP_BYTES_MAX } from '@stepfold/fold';
import { UsageError } from '@stepfold/runtime';

/** Limits and intervals of a projector, each with its unit in its name. */
export interface ProjectorConfig {
  /** The consumer group that shares the partitions of the events. The log may put a prefix before it. */
  readonly group: string;
  /** Largest event as UTF-8 JSON; a larger one is a dead letter. */
  readonly eventBytesMax: number;
  /** Records of one poll. */
  readonly batchEventsMax: number;
  /** Bytes of one poll; a single larger record still comes. */
  readonly batchBytesMax: number;
  /** Largest version as the log takes it; a step whose message cannot be made to fit is a dead letter. */
  readonly versionBytesMax: number;
  /** Bytes of versions and dead letters that wait for one append; the one that reaches it may be larger. */
  readonly outputBytesMax: number;
  /** Shortest time between two versions of one open step. */
  readonly openStepIntervalMs: number;
  /** Shortest time between two checkpoints (progress record and commit) of a partition. */
  readonly checkpointIntervalMs: number;
  /** A step without an event for this long, in append time, is closed by the reaper. */
  readonly stepIdleTimeoutMs: number;
  /** A step older than this, in append time, is closed. */
  readonly stepAgeMaxMs: number;
  /** A step whose events have more bytes than this is closed. */
  readonly stepBytesMax: number;
  /** Steps open at once in a partition; the longest idle ones beyond are closed. */
  readonly openStepsMax: number;
  /** Bytes of the events of all steps open at once in a partition; the largest ones beyond are closed. */
  readonly openBytesMax: number;
  /** Ended steps of a partition that are remembered, to tell repetitions from late events. */
  readonly endedStepsMax: number;
  /** How long a projector has to be caught up before its reaper may close a step. */
  readonly reaperGraceMs: number;
  /** How often the reaper looks at the end of the log. */
  readonly reaperLookMs: number;
  /** Two looks further apart than this, and the grace begins anew: the process was frozen. */
  readonly reaperLookGapMaxMs: number;
  /** How long a partition may take to hand over what it has when it is asked to stop. */
  readonly drainTimeoutMs: number;
}

export const projectorDefaults: ProjectorConfig = {
  group: 'projector',
  eventBytesMax: 8 * 1024 * 1024,
  batchEventsMax: 1_000,
  batchBytesMax: 4 * 1024 * 1024,
  versionBytesMax: 15 * 1024 * 1024,
  outputBytesMax: 8 * 1024 * 1024,
  openStepIntervalMs: 500,
  checkpointIntervalMs: 250,
  stepIdleTimeoutMs: 15 * 60_000,
  stepAgeMaxMs: 2 * 60 * 60_000,
  stepBytesMax: 64 * 1024 * 1024,
  openStepsMax: 100_000,
  openBytesMax: 256 * 1024 * 1024,
  endedStepsMax: 10_000,
  reaperGraceMs: 60_000,
  reaperLookMs: 1_000,
  reaperLookGapMaxMs: 5_000,
  drainTimeoutMs: 10_000,
};

/** @throws UsageError if two limits contradict each other; the message says which and why */
export function checkProjectorConfig(config: ProjectorConfig): void {
  const rules: readonly (readonly [boolean, string])[] = [
    [
      config.stepBytesMax >= config.eventBytesMax,
      'stepBytesMax must not be below eventBytesMax: one event would close its step',
    ],
    [
      config.openBytesMax >= config.stepBytesMax,
      'openBytesMax must not be below stepBytesMax: a step would be closed before it is too large',
    ],
    [
      config.stepBytesMax <= STEP_BYTES_MAX,
      `stepBytesMax must not be above ${STEP_BYTES_MAX}: no step is folded beyond that`,
    ],
    [
      config.stepAgeMaxMs >= config.stepIdleTimeoutMs,
      'stepAgeMaxMs must not be below stepIdleTimeoutMs: a step would be too old before it is idle',
    ],
    [
      config.reaperLookGapMaxMs > config.reaperLookMs,
      'reaperLookGapMaxMs must be above reaperLookMs: every look would begin the grace anew',
    ],
    ...Object.entries(config)
      .filter(([, value]) => typeof value === 'number')
      .map(([name, value]) => [value >= 0, `${name} must not be negative`] as const),
  ];
  for (const [holds, message] of rules) if (!holds) throw new UsageError('bad-usage', message);
}
