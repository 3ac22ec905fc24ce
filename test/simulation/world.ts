import { projectorDefaults, runProjector, type ProjectorConfig } from '@stepfold/projector';
import type { Logger, Metrics } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';
import { SeededChance } from '../support/chance.js';
import type { Canary } from './canaries.js';
import { ClientPublishing } from './client-publishing.js';
import { ConsumerGroup } from './consumer-group.js';
import { Exchange } from './exchange.js';
import type { Incarnation } from './incarnation.js';
import { LogServer } from './log-server.js';
import { ProcessSlot, type Program } from './process-slot.js';
import { Publishing } from './publishing.js';
import { Scheduler } from './scheduler.js';
import { SimulatedLog } from './simulated-log.js';
import { SimulatedStore } from './simulated-store.js';
import { calmStore, calmWeather, type SimulationOptions } from './simulation-options.js';
import { StoreServer } from './store-server.js';
import type { Trace } from './trace.js';
import { planWorkload } from './workload.js';

/** All that there is in a simulation: servers, the ways to them, and the processes that use them. */
export interface World {
  readonly options: SimulationOptions;
  readonly projectorConfig: ProjectorConfig;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly chance: SeededChance;
  readonly log: LogServer;
  readonly store: StoreServer;
  readonly logExchange: Exchange;
  readonly storeExchange: Exchange;
  readonly groups: ReadonlyMap<string, ConsumerGroup>;
  /** Projectors and writers. */
  readonly services: readonly ProcessSlot[];
  readonly publishers: readonly ProcessSlot[];
  readonly publishings: readonly Publishing[];
  readonly clients: readonly ClientPublishing[];
  /** No more faults from now on. */
  hasFaults: boolean;
  /** Whether a commit's metadata was ever lost: then dead letters may be made of what is in its message. */
  hasLostMetadata: boolean;
}

export interface WorldOptions {
  readonly options: SimulationOptions;
  readonly trace: Trace;
  readonly canary: Canary | undefined;
  readonly loggerOf: (incarnation: Incarnation) => Logger;
  /** Called when a process fails, or ends without being asked to. */
  readonly onFailure: (what: string) => void;
}

const noMetrics: Metrics = { count: () => undefined, gauge: () => undefined };

/** A process that has died runs again within this time, while there are faults. */
const RESTART_MS = 500;

export function createWorld({ options, trace, canary, loggerOf, onFailure }: WorldOptions): World {
  const projectorConfig = { ...projectorDefaults, ...options.projector };
  const scheduler = new Scheduler();
  // Not the numbers from which the options were drawn.
  const chance = new SeededChance(options.seed + 2 ** 50);
  const log = new LogServer(scheduler, trace, chance.fork(), options.log);
  const store = new StoreServer(scheduler, trace, chance.fork(), options.store);
  if (canary?.guard !== undefined) store.guard = canary.guard;
  const logExchange = new Exchange('log-unavailable', options.logWeather);
  const storeExchange = new Exchange('store-unavailable', options.storeWeather);
  const groups = new Map<string, ConsumerGroup>();
  const group = (name: string): ConsumerGroup => {
    const found = groups.get(name) ?? new ConsumerGroup(name, log, chance.fork(), options.group);
    groups.set(name, found);
    return found;
  };
  const logOf = (incarnation: Incarnation): SimulatedLog =>
    new SimulatedLog({ server: log, exchange: logExchange, incarnation, group });

  const projector: Program = ({ incarnation, runtime, signal }) => {
    const simulated = logOf(incarnation);
    incarnation.onThaw = (frozenMs) => {
      if (frozenMs <= projectorConfig.reaperLookGapMaxMs) return;
      const atMs = scheduler.nowMs;
      log.setbacks.push({ by: incarnation.name, atMs, what: 'thawed', partition: undefined });
    };
    return runProjector({
      log: canary?.projectorLog?.(simulated) ?? simulated,
      runtime: canary?.projectorRuntime?.(runtime) ?? runtime,
      logger: loggerOf(incarnation),
      metrics: noMetrics,
      signal,
      config: projectorConfig,
    });
  };

  const writer: Program = ({ incarnation, runtime, signal }) => {
    const simulated = logOf(incarnation);
    const wrapPort = canary?.storePort;
    const simulatedStore = new SimulatedStore({
      ...{ server: store, exchange: storeExchange, incarnation },
      ...(wrapPort === undefined ? {} : { wrapPort }),
    });
    return runWriter({
      log: canary?.writerLog?.(simulated) ?? simulated,
      store: canary?.writerStore?.(simulatedStore) ?? simulatedStore,
      runtime,
      logger: loggerOf(incarnation),
      metrics: noMetrics,
      signal,
      config: options.writer,
    });
  };

  const slot = (name: string, mayEnd: boolean, program: Program): ProcessSlot => {
    const ownChance = chance.fork();
    return new ProcessSlot({
      ...{ name, scheduler, trace, mayEnd, program, onFailure },
      chance: ownChance,
      clock: () => ({
        skewMs: (ownChance.fraction() - 0.5) * 2 * options.clockSkewMs,
        timerLatenessMs: options.timerLatenessMs,
      }),
      restartMs: () => (world.hasFaults ? ownChance.fraction() * RESTART_MS : 1),
    });
  };

  const workload = planWorkload(chance.fork(), options);
  const publishings = Array.from({ length: options.publishers }, (_, index) => {
    const isMine = (_item: unknown, i: number): boolean => i % options.publishers === index;
    return new Publishing(`p${index}`, workload.tracks.filter(isMine), workload.poison.filter(isMine));
  });
  const clients = Array.from({ length: options.clients }, (_, index) => {
    const isMine = (_item: unknown, i: number): boolean => i % options.clients === index;
    return new ClientPublishing(`c${index}`, workload.clientTracks.filter(isMine));
  });
  const world: World = {
    ...{ options, projectorConfig, scheduler, trace, log, store, logExchange, storeExchange, groups },
    chance: chance.fork(),
    publishings,
    clients,
    services: [
      ...Array.from({ length: options.projectors }, (_, i) => slot(`projector-${i}`, false, projector)),
      ...Array.from({ length: options.writers }, (_, i) => slot(`writer-${i}`, false, writer)),
    ],
    publishers: [
      ...publishings.map((publishing, i) =>
        slot(`publisher-${i}`, true, async ({ incarnation, runtime }) => {
          // Nothing is left to publish, and the process stays up.
          if (publishing.isDone) return new Promise(() => undefined);
          return publishing.run({ log: logOf(incarnation), runtime, chance: incarnation.chance });
        }),
      ),
      ...clients.map((client, i) =>
        slot(`client-${i}`, true, async ({ incarnation, runtime }) => {
          if (client.isDone) return new Promise(() => undefined);
          const simulated = logOf(incarnation);
          const log = canary?.publisherLog?.(simulated) ?? simulated;
          const wrapOutbox = canary?.outbox ?? ((outbox) => outbox);
          return client.run({
            log,
            runtime,
            chance: incarnation.chance,
            options: options.client,
            wrapOutbox,
            limits: canary?.clientLimits ?? {},
          });
        }),
      ),
    ],
    hasFaults: true,
    hasLostMetadata: false,
  };
  return world;
}

/** Ends all faults: nothing is away, slow, frozen or lost any more. What is under way may still arrive. */
export function endFaults(world: World): void {
  const { scheduler, trace, log, store, logExchange, storeExchange } = world;
  trace.note(scheduler.nowMs, 'faults end');
  world.hasFaults = false;
  for (const exchange of [logExchange, storeExchange]) {
    exchange.isAway = false;
    exchange.weather = calmWeather;
  }
  store.options = calmStore;
  log.options = { ...log.options, partialProbability: 0 };
  for (const { process } of [...world.services, ...world.publishers]) {
    process?.incarnation.disarm();
    process?.incarnation.thaw();
  }
}

/** What is still to be done, in words. Nothing, if everything that was published is stored and committed. */
export function lagOf({ log, store, groups, publishings, clients, projectorConfig }: World): string[] {
  const lag = [...publishings, ...clients].some(({ isDone }) => !isDone)
    ? ['not everything is published']
    : [];
  for (let partition = 0; partition < log.partitionCount; partition++) {
    const end = log.end('events', partition);
    const stored = store.progress.get(partition)?.folded_to ?? 0;
    if (stored < end) lag.push(`partition ${partition} is stored up to ${stored} of ${end}`);
    for (const { name } of groups.values()) {
      const topics =
        name === projectorConfig.group ? (['events'] as const) : (['steps', 'dead-letters'] as const);
      for (const topic of topics) {
        const topicEnd = log.end(topic, partition);
        const committed = log.committed(name, topic, partition)?.nextOffset ?? 0;
        if (committed < topicEnd) {
          lag.push(`${name} has committed ${committed} of ${topicEnd} in ${topic}/${partition}`);
        }
      }
    }
  }
  return lag;
}
