import type { ProjectorConfig } from '@stepfold/projector';
import type { PublisherLimits } from '@stepfold/publisher';
import type { WriterConfig } from '@stepfold/writer';
import { SeededChance } from '../support/chance.js';
import type { Weather } from './exchange.js';
import type { GroupOptions } from './consumer-group.js';
import type { LogOptions } from './log-server.js';
import type { StoreOptions } from './store-server.js';

export const faultKinds = [
  'crash',
  'crash-in-request',
  'freeze',
  'freeze-in-request',
  'stop',
  'rebalance',
  'expel',
  'set-back',
  'lose-metadata',
  'log-away',
  'store-away',
  'set-clock',
  'switch-collection',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Everything about one run that is not drawn while it runs. All of it follows from the seed. */
export interface SimulationOptions {
  readonly seed: number;
  /** Nothing fails: no faults, no request that is slow or lost. */
  readonly isCalm: boolean;
  readonly projectors: number;
  readonly writers: number;
  readonly publishers: number;
  /** Processes with a production publisher. */
  readonly clients: number;
  /** Probability that a step is published by them. */
  readonly clientShare: number;
  readonly client: Partial<PublisherLimits> & {
    readonly whenFull: 'wait' | 'drop';
    readonly hasOutbox: boolean;
    /** Probability that a caller awaits a publication, and that it flushes after one. */
    readonly awaitProbability: number;
    readonly flushProbability: number;
    /** Probability that whoever opens a step listens to its signal. */
    readonly listenProbability: number;
  };
  readonly chats: number;
  readonly steps: number;
  /** Events of an ordinary step, about. */
  readonly stepEvents: number;
  /** Steps begin within this time. */
  readonly spanMs: number;
  /** Mean time between two events of a step. */
  readonly eventIntervalMs: number;
  /** Probability that an event is appended twice, one right after the other. */
  readonly repeatProbability: number;
  /** Probability that a record is no event, or lies in the wrong place. */
  readonly poisonProbability: number;
  readonly faults: readonly FaultKind[];
  readonly faultIntervalMs: number;
  readonly faultsEndMs: number;
  /** How far the clocks of processes are off, at most. */
  readonly clockSkewMs: number;
  /** How often clocks are set where nothing else happens. */
  readonly clockJumps: number;
  readonly timerLatenessMs: number;
  readonly log: LogOptions;
  readonly logWeather: Weather;
  readonly store: StoreOptions;
  readonly storeWeather: Weather;
  readonly group: GroupOptions;
  readonly projector: Partial<ProjectorConfig>;
  readonly writer: Partial<WriterConfig>;
}

/** The longest time for which something that has failed can still happen. */
export const LATE_MS = 800;

/** When all services are started anew, after the last thing that a fault has left behind. */
export function recoveryMs(options: SimulationOptions): number {
  return options.faultsEndMs + LATE_MS;
}

export const calmWeather: Weather = {
  latencyMs: 1,
  slowProbability: 0,
  slowMs: 0,
  failBeforeProbability: 0,
  failAfterProbability: 0,
  lateProbability: 0,
  lateMs: 0,
};

export const calmStore: StoreOptions = {
  raceProbability: 0,
  raceMs: 0,
  spreadProbability: 0,
  spreadMs: 0,
  partialProbability: 0,
};

export function optionsOf(seed: number): SimulationOptions {
  const chance = new SeededChance(seed);
  const between = (min: number, max: number): number => min + chance.below(max - min + 1);
  const oneOf = <T>(...items: readonly T[]): T => items[chance.below(items.length)]!;
  const weather = (): Weather => ({
    latencyMs: oneOf(0.5, 2, 10),
    slowProbability: oneOf(0, 0.02, 0.1),
    slowMs: oneOf(50, 300, LATE_MS),
    failBeforeProbability: oneOf(0, 0.01, 0.05, 0.15),
    failAfterProbability: oneOf(0, 0.01, 0.05, 0.15),
    lateProbability: oneOf(0, 0.01, 0.05, 0.1),
    lateMs: LATE_MS,
  });
  // Most bugs need little to show; a few need much.
  const isLarge = chance.below(20) === 0;
  const spanMs = isLarge ? 1_500 : oneOf(100, 600);
  const stepIdleTimeoutMs = oneOf(600, 1_200, 2_500);
  const isCalm = chance.below(12) === 0;
  const hasOutbox = chance.below(3) === 0;
  const queueEventsMax = oneOf(2, 4, 1_000);
  return {
    seed,
    isCalm,
    projectors: oneOf(1, 2, 2, 3),
    writers: oneOf(1, 2, 2, 3),
    publishers: oneOf(1, 2),
    clients: oneOf(1, 2, 2),
    clientShare: oneOf(0, 0.4, 0.8),
    client: {
      whenFull: oneOf('wait', 'wait', 'drop'),
      hasOutbox,
      coalesceMs: hasOutbox ? 0 : oneOf(0, 0, 5, 60),
      queueEventsMax,
      queueExcessEventsMax: 1,
      batchRecordsMax: Math.min(queueEventsMax, oneOf(1, 8)),
      heartbeatIntervalMs: Math.floor(stepIdleTimeoutMs * oneOf(0.4, 3)),
      retryDelayMinMs: 10,
      retryDelayMaxMs: 200,
      watchIntervalMs: oneOf(100, 250),
      awaitProbability: oneOf(0, 0.3, 1),
      flushProbability: oneOf(0, 0.1),
      listenProbability: oneOf(0, 0.5),
    },
    chats: between(1, 6),
    steps: isLarge ? between(8, 20) : between(1, 4),
    stepEvents: isLarge ? oneOf(4, 12) : oneOf(1, 3),
    spanMs,
    eventIntervalMs: oneOf(2, 10, 40, 120),
    repeatProbability: oneOf(0, 0.02, 0.1),
    poisonProbability: oneOf(0, 0, 0.1),
    faults: isCalm ? [] : faultKinds.filter(() => chance.below(2) === 0),
    faultIntervalMs: oneOf(60, 150, 400),
    // Where there are none, time to see that everything happens when it should.
    faultsEndMs: spanMs + (isCalm ? 6_000 : oneOf(100, 400, 1_200)),
    clockSkewMs: oneOf(0, 50, 3_600_000),
    clockJumps: isCalm ? oneOf(0, 6, 12) : 0,
    timerLatenessMs: oneOf(0, 1, 20),
    log: {
      partitionCount: oneOf(1, 1, 2, 3),
      holeProbability: oneOf(0, 0, 0.1),
      partialProbability: isCalm ? 0 : oneOf(0, 0.02, 0.1),
    },
    logWeather: isCalm ? calmWeather : weather(),
    store: isCalm
      ? calmStore
      : {
          raceProbability: oneOf(0, 0.3, 0.9),
          raceMs: oneOf(100, LATE_MS),
          spreadProbability: oneOf(0, 0.3),
          spreadMs: oneOf(5, 300),
          partialProbability: oneOf(0, 0.02, 0.1),
        },
    storeWeather: isCalm ? calmWeather : weather(),
    group: {
      sessionTimeoutMs: oneOf(150, 600),
      handOverTimeoutMs: oneOf(100, 600),
      latencyMs: oneOf(1, 20),
    },
    projector: {
      eventBytesMax: 1_200,
      stepBytesMax: oneOf(1_500, 1_000_000, 1_000_000),
      batchEventsMax: oneOf(1, 7, 1_000),
      outputBytesMax: oneOf(1, 2_000, 1_000_000),
      openStepIntervalMs: oneOf(0, 0, 30, 200),
      checkpointIntervalMs: oneOf(0, 10, 100),
      stepIdleTimeoutMs,
      stepAgeMaxMs: stepIdleTimeoutMs * oneOf(2, 10),
      openStepsMax: oneOf(2, 1_000),
      endedStepsMax: oneOf(0, 1, 1_000),
      reaperGraceMs: oneOf(100, 400),
      // Where nothing fails the looks are rare, so that no other timer can lean on theirs.
      reaperLookMs: isCalm ? 700 : oneOf(100, 250),
      reaperLookGapMaxMs: isCalm ? 1_500 : 500,
      drainTimeoutMs: oneOf(20, 500),
    },
    writer: { batchRecordsMax: oneOf(1, 10, 1_000) },
  };
}
