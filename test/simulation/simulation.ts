import { silentLogger, type LogFields, type Logger } from '@stepfold/runtime';
import type { Canary } from './canaries.js';
import { checkAll, gatherFacts } from './check-all.js';
import { checkClients, checkSignals } from './check-clients.js';
import { scheduleFaults, scheduleRetention } from './faults.js';
import type { Incarnation } from './incarnation.js';
import { optionsOf, recoveryMs, type SimulationOptions } from './simulation-options.js';
import { Trace } from './trace.js';
import type { Violation } from './violation.js';
import { createWorld, endFaults, lagOf, type World } from './world.js';

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
  /** Records of the topic of events. */
  readonly events: number;
}

/** What is bounded takes less than this once nothing fails any more, the time-outs of steps apart. */
const REST_BOUND_MS = 3_000;
const STOP_BOUND_MS = 10_000;
/** Some hundred times as many things as happen in a large world: one that makes more turns in a circle. */
const ORDINAL_MAX = 2_000_000;
const LOOK_MS = 100;

/** Runs one seed: a workload, faults, a time to recover, and all checks. What a check finds is not thrown. */
export async function simulate(
  seed: number,
  { canary, linesKept = 0, options = optionsOf(seed) }: SimulateOptions = {},
): Promise<SimulationResult> {
  const trace = new Trace(linesKept);
  const violations: Violation[] = [];
  let isOver = false;
  const fail = (what: string): void => {
    violations.push({ invariant: 10, what });
    isOver = true;
  };
  const loggerOf = (incarnation: Incarnation): Logger =>
    linesKept === 0 ? silentLogger : tracingLogger(trace, incarnation);
  const world = createWorld({ options, trace, canary, loggerOf, onFailure: fail });
  const { scheduler, services, publishers } = world;

  for (const slot of [...services, ...publishers]) slot.start();
  scheduleFaults(world);
  scheduleRetention(world);
  scheduler.schedule(options.faultsEndMs, () => endFaults(world));
  scheduler.schedule(recoveryMs(options), () => {
    // A position that was set back is only read by who begins anew.
    for (const service of services) service.stop();
    awaitRest(world, fail, () => {
      isOver = true;
    });
  });
  await scheduler.run(() => {
    if (scheduler.ordinal > ORDINAL_MAX) fail(`after ${ORDINAL_MAX} things there is no end`);
    return isOver;
  });
  if (violations.length === 0) await stopAll(world, violations, fail);

  const facts = gatherFacts({
    ...{ options, log: world.log, store: world.store, hasLostMetadata: world.hasLostMetadata },
    acknowledged: world.publishings.flatMap(({ acknowledged }) => acknowledged),
  });
  const isComplete = violations.length === 0;
  violations.push(...checkAll(facts, { isComplete }), ...checkClients(facts, world.clients));
  if (isComplete) violations.push(...checkSignals(facts, world.clients));
  return {
    options,
    violations,
    traceHash: trace.hash,
    lastLines: trace.last,
    events: facts.expectations.reduce((sum, { verdicts }) => sum + verdicts.length, 0),
  };
}

/** Looks again and again whether all is done; it must be, some time after the last event was published. */
function awaitRest(world: World, fail: (what: string) => void, onRest: () => void): void {
  const { options, projectorConfig, scheduler, publishings, clients } = world;
  const { stepIdleTimeoutMs, reaperGraceMs } = projectorConfig;
  const boundMs = REST_BOUND_MS + 2 * (stepIdleTimeoutMs + reaperGraceMs + options.group.sessionTimeoutMs);
  let lastPublishedMs = scheduler.nowMs;
  const look = (): void => {
    if ([...publishings, ...clients].some(({ isDone }) => !isDone)) lastPublishedMs = scheduler.nowMs;
    const lag = lagOf(world);
    if (lag.length === 0) onRest();
    else if (scheduler.nowMs > lastPublishedMs + boundMs) fail(`no rest: ${lag.join('; ')}`);
    else scheduler.schedule(LOOK_MS, look);
  };
  scheduler.schedule(LOOK_MS, look);
}

/** Asks all services to stop, which they must do in time. */
async function stopAll(world: World, violations: Violation[], fail: (what: string) => void): Promise<void> {
  const { scheduler, services, publishers, projectorConfig } = world;
  for (const slot of [...services, ...publishers]) slot.halt();
  const stopByMs = scheduler.nowMs + STOP_BOUND_MS + projectorConfig.drainTimeoutMs;
  const isStopped = (): boolean => services.every(({ process }) => process === undefined);
  await scheduler.run(() => violations.length > 0 || isStopped() || scheduler.nowMs > stopByMs);
  for (const { process } of services) {
    if (process !== undefined) fail(`${process.incarnation.name} does not stop`);
  }
}

/** What the product logs, between the lines of the trace, and no part of its hash. */
function tracingLogger(trace: Trace, incarnation: Incarnation): Logger {
  const line =
    (level: string) =>
    (fields: LogFields, message: string): void => {
      const what = `${incarnation.name} ${level}: ${message} ${JSON.stringify(fields)}`;
      trace.remark(incarnation.scheduler.nowMs, what);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
