import { runProjector, projectorDefaults } from '@stepfold/projector';
import { silentLogger, type LogFields, type Logger, type Metrics } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';
import { SeededChance } from '../support/chance.js';
import type { Canary } from './canaries.js';
import { checkAll, gatherFacts } from './check-all.js';
import { ConsumerGroup } from './consumer-group.js';
import { Exchange } from './exchange.js';
import { scheduleFaults, type World } from './faults.js';
import type { Incarnation } from './incarnation.js';
import { LogServer } from './log-server.js';
import { ProcessSlot, type Program } from './process-slot.js';
import { Publishing } from './publishing.js';
import { Scheduler } from './scheduler.js';
import { SimulatedLog } from './simulated-log.js';
import { SimulatedStore } from './simulated-store.js';
import { calmStore, calmWeather, LATE_MS, optionsOf, type SimulationOptions } from './simulation-options.js';
import { StoreServer } from './store-server.js';
import { Trace } from './trace.js';
import type { Violation } from './violation.js';
import { planWorkload } from './workload.js';

export interface SimulateOptions {
  readonly canary?: Canary;
  /** How many of the last lines of the trace are kept. */
  readonly linesKept?: number;
  /** Other options than those that follow from the seed: a smaller world, to find what matters. */
  readonly options?: SimulationOptions;
}

export interface SimulationResult {
  readonly options: SimulationOptions;
  readonly violations: readonly Violation[];
  /** The same for every run of the same seed. */
  readonly traceHash: string;
  /** The last lines of what happened, if they were kept. */
  readonly lastLines: readonly string[];
  readonly events: number;
}

const noMetrics: Metrics = { count: () => undefined, gauge: () => undefined };

/** Longer than anything that is bounded takes once nothing fails any more, but for the time-outs of steps. */
const REST_BOUND_MS = 20_000;
const STOP_BOUND_MS = 10_000;

/** Runs one seed: a workload, faults, a time to recover, and all checks. Never throws for what a check finds. */
export async function simulate(
  seed: number,
  { canary, linesKept = 0, options = optionsOf(seed) }: SimulateOptions = {},
): Promise<SimulationResult> {
  const config = { ...projectorDefaults, ...options.projector };
  const trace = new Trace(linesKept);
  const scheduler = new Scheduler();
  const chance = new SeededChance(seed + 1);
  const log = new LogServer(scheduler, trace, chance.fork(), options.log);
  const store = new StoreServer(scheduler, trace, chance.fork(), options.store);
  if (canary?.guard !== undefined) store.guard = canary.guard;
  const logExchange = new Exchange('log-unavailable', options.logWeather);
  const storeExchange = new Exchange('store-unavailable', options.storeWeather);
  const groups = new Map<string, ConsumerGroup>();
  const groupOf = (name: string): ConsumerGroup => {
    const group = groups.get(name) ?? new ConsumerGroup(name, log, chance.fork(), options.group);
    groups.set(name, group);
    return group;
  };
  const violations: Violation[] = [];
  let isOver = false;
  const fail = (violation: Violation): void => {
    violations.push(violation);
    isOver = true;
  };
  let hasFaults = true;

  const logOf = (incarnation: Incarnation): SimulatedLog =>
    new SimulatedLog({ server: log, exchange: logExchange, incarnation, group: groupOf });
  const projector: Program = ({ incarnation, runtime, signal }) => {
    const simulated = logOf(incarnation);
    incarnation.onThaw = (frozenMs) => {
      if (frozenMs <= config.reaperLookGapMaxMs) return;
      const atMs = scheduler.nowMs;
      log.setbacks.push({ by: incarnation.name, atMs, what: 'thawed', partition: undefined });
    };
    return runProjector({
      log: canary?.projectorLog?.(simulated) ?? simulated,
      runtime,
      logger: loggerOf(incarnation),
      metrics: noMetrics,
      signal,
      config,
    });
  };
  const writer: Program = ({ incarnation, runtime, signal }) => {
    const simulated = logOf(incarnation);
    return runWriter({
      log: canary?.writerLog?.(simulated) ?? simulated,
      store: new SimulatedStore({
        server: store,
        exchange: storeExchange,
        incarnation,
        ...(canary?.storePort === undefined ? {} : { wrapPort: canary.storePort }),
      }),
      runtime,
      logger: loggerOf(incarnation),
      metrics: noMetrics,
      signal,
      config: options.writer,
    });
  };

  const workload = planWorkload(chance.fork(), options);
  const publishings = Array.from({ length: options.publishers }, (_, index) => {
    const isMine = (_item: unknown, i: number): boolean => i % options.publishers === index;
    return new Publishing(`p${index}`, workload.tracks.filter(isMine), workload.poison.filter(isMine));
  });
  const slot = (name: string, program: Program): ProcessSlot => {
    const ownChance = chance.fork();
    return new ProcessSlot({
      name,
      scheduler,
      trace,
      chance: ownChance,
      program,
      clock: () => ({
        skewMs: (ownChance.fraction() - 0.5) * 2 * options.clockSkewMs,
        timerLatenessMs: options.timerLatenessMs,
      }),
      restartMs: () => (hasFaults ? ownChance.fraction() * 500 : 1),
      onFailure: (what) => fail({ invariant: 10, what }),
    });
  };
  const services = [
    ...Array.from({ length: options.projectors }, (_, i) => slot(`projector-${i}`, projector)),
    ...Array.from({ length: options.writers }, (_, i) => slot(`writer-${i}`, writer)),
  ];
  const publishers = publishings.map((publishing, i) =>
    slot(`publisher-${i}`, async ({ incarnation, runtime }) => {
      if (publishing.isDone) return new Promise(() => undefined);
      return publishing.run({ log: logOf(incarnation), runtime, chance: incarnation.chance });
    }),
  );
  const slots = [...services, ...publishers];
  const world: World = {
    ...{ options, scheduler, trace, chance: chance.fork(), log, store, logExchange, storeExchange, slots },
    groups: () => [...groups.values()],
    hasLostMetadata: false,
  };

  for (const one of slots) one.start();
  scheduleFaults(world);
  scheduler.schedule(options.faultsEndMs, () => {
    trace.note(scheduler.nowMs, 'faults end');
    hasFaults = false;
    Object.assign(logExchange, { isAway: false, weather: calmWeather });
    Object.assign(storeExchange, { isAway: false, weather: calmWeather });
    store.options = calmStore;
    for (const { process } of slots) {
      process?.incarnation.disarm();
      process?.incarnation.thaw();
    }
  });
  // A position that was set back is only read by who begins anew.
  const restartAtMs = options.faultsEndMs + LATE_MS;
  scheduler.schedule(restartAtMs, () => {
    for (const service of services) service.stop();
  });

  const isAtRest = (): boolean =>
    publishings.every(({ isDone }) => isDone) && lagOf(log, store, config.group).length === 0;
  let lastPublishedMs = 0;
  const look = (): void => {
    if (!publishings.every(({ isDone }) => isDone)) lastPublishedMs = scheduler.nowMs;
    const boundMs =
      Math.max(restartAtMs, lastPublishedMs) +
      REST_BOUND_MS +
      2 * (config.stepIdleTimeoutMs + config.reaperGraceMs + options.group.sessionTimeoutMs);
    if (isAtRest()) isOver = true;
    else if (scheduler.nowMs > boundMs) {
      fail({ invariant: 10, what: `no rest: ${lagOf(log, store, config.group).join('; ') || 'publishing'}` });
    } else scheduler.schedule(100, look);
  };
  scheduler.schedule(restartAtMs + 100, look);
  await scheduler.run(() => isOver);

  if (violations.length === 0) {
    for (const one of slots) one.halt();
    const stopByMs = scheduler.nowMs + STOP_BOUND_MS + config.drainTimeoutMs;
    const isStopped = (): boolean => services.every(({ process }) => process === undefined);
    await scheduler.run(() => violations.length > 0 || isStopped() || scheduler.nowMs > stopByMs);
    for (const { process } of services) {
      if (process !== undefined) fail({ invariant: 10, what: `${process.incarnation.name} does not stop` });
    }
  }
  const facts = gatherFacts({ options, log, store, hasLostMetadata: world.hasLostMetadata });
  violations.push(...checkAll(facts, { isComplete: violations.length === 0 }));
  return {
    options,
    violations,
    traceHash: trace.hash,
    lastLines: trace.last,
    events: facts.expectations.reduce((sum, { verdicts }) => sum + verdicts.length, 0),
  };

  function loggerOf(incarnation: Incarnation): Logger {
    if (linesKept === 0) return silentLogger;
    const line =
      (level: string) =>
      (fields: LogFields, message: string): void => {
        trace.remark(scheduler.nowMs, `${incarnation.name} ${level}: ${message} ${JSON.stringify(fields)}`);
      };
    return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  }
}

/** What is still to be done, in words. */
function lagOf(log: LogServer, store: StoreServer, projectorGroup: string): string[] {
  const lag: string[] = [];
  for (let partition = 0; partition < log.partitionCount; partition++) {
    const end = log.end('events', partition);
    if (end > 0) {
      const mark = log.committed(projectorGroup, 'events', partition)?.nextOffset ?? 0;
      if (mark < end) lag.push(`the low-water mark of partition ${partition} is ${mark} of ${end}`);
      const stored = store.progress.get(partition)?.folded_to ?? 0;
      if (stored < end) lag.push(`partition ${partition} is stored up to ${stored} of ${end}`);
    }
    for (const topic of ['steps', 'dead-letters'] as const) {
      const topicEnd = log.end(topic, partition);
      const committed = log.committed('stepfold-writer', topic, partition)?.nextOffset ?? 0;
      if (committed < topicEnd)
        lag.push(`${topic}/${partition} is written up to ${committed} of ${topicEnd}`);
    }
  }
  return lag;
}
