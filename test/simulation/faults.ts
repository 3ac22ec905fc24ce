import type { Topic } from '@stepfold/event-log';
import type { Exchange } from './exchange.js';
import type { FaultKind } from './simulation-options.js';
import type { World } from './world.js';

/** Hurts the world at random moments until the faults end, and at some that chance would seldom find. */
export function scheduleFaults(world: World): void {
  const { options, scheduler, chance } = world;
  // That somebody sets the clocks is no fault, and has to change nothing.
  for (let jump = 0; jump < options.clockJumps; jump++) {
    scheduler.schedule(chance.fraction() * (options.spanMs + CLOCK_JUMPS_MS), () =>
      inflict(world, 'set-clock'),
    );
  }
  if (options.faults.length === 0) return;
  // Two writers race only if one is replaced while its upsert hangs between its look and its insert.
  world.store.onPause = (by) => {
    if (scheduler.nowMs >= options.faultsEndMs || !chance.isTrue(0.6)) return;
    scheduler.schedule(chance.fraction() * 300, () => expel(world, by));
  };
  const next = (): void => {
    const delayMs = -Math.log(1 - chance.fraction()) * options.faultIntervalMs;
    if (scheduler.nowMs + delayMs >= options.faultsEndMs) return;
    scheduler.schedule(delayMs, () => {
      inflict(world, options.faults[chance.below(options.faults.length)]!);
      next();
    });
  };
  next();
}

/** Clocks are set until so long after the last step has begun. */
const CLOCK_JUMPS_MS = 1_500;

/**
 * Deletes what nobody can need any more: what every position of the last seconds has left behind. A position that is
 * older than that is of a process that has been frozen for longer than any is here.
 */
export function scheduleRetention(world: World): void {
  const { log, scheduler } = world;
  const look = (): void => {
    const heldMs = scheduler.nowMs - RETENTION_MS;
    const needed = new Map<string, { topic: Topic; partition: number; offset: number }>();
    for (const { atMs, topic, partition, position } of log.commits) {
      const key = `${topic}/${partition}`;
      const known = needed.get(key);
      // The last one before counts as well: it was the position then. Before the first it was the beginning.
      if (atMs <= heldMs) needed.set(key, { topic, partition, offset: position.nextOffset });
      else if (known === undefined) needed.set(key, { topic, partition, offset: 0 });
      else known.offset = Math.min(known.offset, position.nextOffset);
    }
    for (const { topic, partition, offset } of needed.values()) log.deleteBefore(topic, partition, offset);
    scheduler.schedule(RETENTION_LOOK_MS, look);
  };
  scheduler.schedule(RETENTION_MS, look);
}

const RETENTION_MS = 3_000;
const RETENTION_LOOK_MS = 700;

function inflict(world: World, kind: FaultKind): void {
  const { options, scheduler, chance, log, store, logExchange, storeExchange } = world;
  const slots = [...world.services, ...world.publishers];
  const slot = slots[chance.below(slots.length)]!;
  const incarnation = slot.process?.incarnation;
  world.trace.note(scheduler.nowMs, `fault: ${kind}`);
  const thawLater = (): void => {
    const frozenMs = chance.fraction() * 3 * options.group.sessionTimeoutMs;
    scheduler.schedule(frozenMs, () => incarnation?.thaw());
  };
  const awayFor = (exchange: Exchange): void => {
    exchange.isAway = true;
    scheduler.schedule(chance.fraction() * 400, () => (exchange.isAway = false));
  };
  switch (kind) {
    case 'crash':
      incarnation?.crash();
      return;
    case 'crash-in-request':
      incarnation?.afterCalls(1 + chance.below(8), () => incarnation.crash());
      return;
    case 'freeze':
      incarnation?.freeze();
      thawLater();
      return;
    case 'freeze-in-request':
      incarnation?.afterCalls(1 + chance.below(8), () => {
        incarnation.freeze();
        thawLater();
      });
      return;
    case 'stop':
      slot.stop();
      return;
    case 'rebalance':
      for (const group of world.groups.values()) group.rebalance(true);
      return;
    case 'expel':
      if (incarnation !== undefined) expel(world, incarnation.name);
      return;
    case 'set-back': {
      const commits = log.commits.filter(
        ({ topic, partition, position }) => position.nextOffset >= log.begin(topic, partition),
      );
      const commit = commits[chance.below(commits.length)];
      if (commit === undefined) return;
      const { group, topic, partition, position } = commit;
      world.trace.note(
        scheduler.nowMs,
        `${group} ${topic}/${partition} is set back to ${position.nextOffset}`,
      );
      log.setCommitted(group, topic, partition, position);
      return;
    }
    case 'lose-metadata': {
      const { group } = world.projectorConfig;
      const topic = 'events';
      const partition = chance.below(log.partitionCount);
      const position = log.committed(group, topic, partition);
      if (position === undefined) return;
      world.trace.note(scheduler.nowMs, `${group} ${topic}/${partition} loses its metadata`);
      log.setCommitted(group, topic, partition, { ...position, metadata: '' });
      world.hasLostMetadata = true;
      return;
    }
    case 'log-away':
      awayFor(logExchange);
      return;
    case 'store-away':
      awayFor(storeExchange);
      return;
    case 'set-clock':
      for (const { process } of slots) {
        if (process === undefined || chance.isTrue(0.5)) continue;
        process.runtime.skewMs += (chance.fraction() - 0.5) * 2 * (options.clockSkewMs + 2_000);
      }
      return;
    case 'switch-collection':
      store.switchTo(`${store.live}+`);
      return;
  }
}

/** Its group takes a process for dead, which lives on and learns of it late. */
function expel(world: World, name: string): void {
  const { chance } = world;
  for (const group of world.groups.values()) {
    const member = group.members.find(({ incarnation }) => incarnation.name === name);
    if (member !== undefined) group.expel(member, chance.fraction() * 800);
  }
}
