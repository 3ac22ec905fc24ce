import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition } from '@stepfold/event-log';
import { createSystemRuntime, InMemoryMetrics, silentLogger, sleep } from '@stepfold/runtime';
import { startSubscription, type Subscription } from './subscription.js';
import { createInMemoryCoordinator, type InMemoryCoordinator } from './testing/in-memory-coordinator.js';

interface Work {
  readonly partition: AssignedPartition;
  /** Lets `consume` return, or throw. */
  readonly end: (error?: Error) => void;
}

interface Member {
  readonly subscription: Subscription;
  /** Every `consume` so far, in order. */
  readonly works: Work[];
  readonly stop: () => void;
  readonly close: () => void;
}

/** A member whose `consume` does nothing but wait, and if stubborn goes on when it should end. It never polls. */
function startMember(
  coordinator: InMemoryCoordinator,
  { sessionTimeoutMs = 60_000, rebalanceTimeoutMs = 60_000, isStubborn = false, isPolling = false } = {},
): Member {
  const stopping = new AbortController();
  const closing = new AbortController();
  const works: Work[] = [];
  const subscription = startSubscription(
    {
      client: coordinator.connect(),
      connect: () => coordinator.connect(),
      connectToGroup: () => coordinator.connect(),
      runtime: createSystemRuntime(),
      logger: silentLogger,
      metrics: new InMemoryMetrics(),
      fullName: (topic) => topic,
      groupId: 'group',
      partitionCount: 4,
      sessionTimeoutMs,
      heartbeatIntervalMs: 2,
      rebalanceTimeoutMs,
      closing: closing.signal,
    },
    { group: 'group', topics: ['events'], signal: stopping.signal },
    (partition) =>
      new Promise<void>((resolve, reject) => {
        works.push({ partition, end: (error) => (error === undefined ? resolve() : reject(error)) });
        if (isPolling) void pollTo(partition, reject);
        else if (!isStubborn)
          partition.signal.addEventListener('abort', () => reject(partition.signal.reason));
      }),
  );
  subscription.ended.catch(() => undefined);
  return {
    subscription,
    works,
    stop: () => stopping.abort(),
    close: () => closing.abort(new Error('closed')),
  };
}

/** Polls when the coordinator was not heard of for the time of a session: there is no leader to ask. */
async function pollTo(partition: AssignedPartition, reject: (error: unknown) => void): Promise<void> {
  await sleep(createSystemRuntime(), 40);
  await partition.poll().catch(reject);
}

const lost = Object.assign(new Error('reset'), { name: 'KafkaJSConnectionError', code: 'ECONNRESET' });

describe('a member of a group', () => {
  it('stays one however long its work takes, and whether or not it polls (L5)', async () => {
    const coordinator = createInMemoryCoordinator();
    const member = startMember(coordinator, { sessionTimeoutMs: 50 });
    await coordinator.until(() => coordinator.heartbeats > 60);
    expect(member.works).toHaveLength(4);
    expect(member.works.every(({ partition }) => !partition.signal.aborted)).toBe(true);
    expect(coordinator.joins).toBe(1);
    member.stop();
    await member.subscription.ended;
    expect(coordinator.members.size).toBe(0);
  });

  it('goes on with its work when the coordinator was away for a moment (L2)', async () => {
    const coordinator = createInMemoryCoordinator();
    const member = startMember(coordinator);
    await coordinator.until(() => coordinator.heartbeats > 1);
    coordinator.trouble = lost;
    const before = coordinator.heartbeats;
    await expect(member.works[0]!.partition.commit({ nextOffset: 1, metadata: '' })).rejects.toMatchObject({
      code: 'log-unavailable',
    });
    coordinator.trouble = undefined;
    await coordinator.until(() => coordinator.heartbeats > before + 3);
    expect(member.works).toHaveLength(4);
    expect(member.works.every(({ partition }) => !partition.signal.aborted)).toBe(true);
    member.stop();
    await member.subscription.ended;
  });

  it('stops all work when it was expelled, and begins anew as another member (L3)', async () => {
    const coordinator = createInMemoryCoordinator();
    const member = startMember(coordinator);
    await coordinator.until(() => member.works.length === 4 && coordinator.heartbeats > 0);
    const [id] = coordinator.members;
    coordinator.expel(id!);
    await coordinator.until(() => member.works.length === 8);
    expect(member.works.map(({ partition }) => partition.signal.aborted)).toEqual([
      ...Array<boolean>(4).fill(true),
      ...Array<boolean>(4).fill(false),
    ]);
    expect(coordinator.members.has(id!)).toBe(false);
    member.stop();
    await member.subscription.ended;
  });

  it('takes itself for lost when it was not heard for the time of a session', async () => {
    const coordinator = createInMemoryCoordinator();
    const member = startMember(coordinator, { sessionTimeoutMs: 30 });
    await coordinator.until(() => member.works.length === 4);
    coordinator.trouble = lost;
    await coordinator.until(() => member.works.every(({ partition }) => partition.signal.aborted));
    await expect(member.works[0]!.partition.commit({ nextOffset: 1, metadata: '' })).rejects.toMatchObject({
      code: 'log-unavailable',
    });
    const [id] = coordinator.members;
    coordinator.expel(id!);
    coordinator.trouble = undefined;
    await coordinator.until(() => member.works.length === 8);
    member.stop();
    await member.subscription.ended;
  });

  it('is the member it was when the coordinator is back and still knows it', async () => {
    const coordinator = createInMemoryCoordinator();
    const member = startMember(coordinator, { sessionTimeoutMs: 30 });
    await coordinator.until(() => member.works.length === 4);
    const before = coordinator.members;
    coordinator.trouble = lost;
    await coordinator.until(() => member.works.every(({ partition }) => partition.signal.aborted));
    coordinator.trouble = undefined;
    await coordinator.until(() => member.works.length === 8);
    expect(coordinator.members).toEqual(before);
    member.stop();
    await member.subscription.ended;
  });

  it('turns away from a coordinator that is frozen before its time is up, and keeps its work', async () => {
    const coordinator = createInMemoryCoordinator();
    const member = startMember(coordinator, { sessionTimeoutMs: 600 });
    await coordinator.until(() => member.works.length === 4);
    coordinator.isFrozen = true;
    const { joins } = coordinator;
    const position = { nextOffset: 1, metadata: '' };
    await expect(member.works[0]!.partition.commit(position)).rejects.toMatchObject({
      code: 'log-unavailable',
    });
    await coordinator.until(() => coordinator.joins > joins);
    coordinator.isFrozen = false;
    const { heartbeats } = coordinator;
    await coordinator.until(() => coordinator.heartbeats > heartbeats + 3);
    expect(member.works).toHaveLength(4);
    expect(member.works.every(({ partition }) => !partition.signal.aborted)).toBe(true);
    member.stop();
    await member.subscription.ended;
  });

  it('commits by the generation that has come when the one it knew is over', async () => {
    const coordinator = createInMemoryCoordinator();
    const first = startMember(coordinator);
    await coordinator.until(() => first.works.length === 4);
    const before = coordinator.generation;
    coordinator.isHoldingJoins = true;
    const second = startMember(coordinator);
    await coordinator.until(() => coordinator.members.size === 2 && coordinator.joins >= 3);
    const kept = first.works[0]!.partition;
    coordinator.isHoldingJoins = false;
    await kept.commit({ nextOffset: 7, metadata: 'x' });
    expect(coordinator.commits.at(-1)).toMatchObject({ partition: 0, offset: '7' });
    await coordinator.until(() => second.works.length === 2);
    await kept.commit({ nextOffset: 8, metadata: 'x' });
    expect(coordinator.commits.at(-1)!.generation).toBeGreaterThan(before);
    for (const member of [first, second]) {
      member.stop();
      await member.subscription.ended;
    }
  });

  it('keeps what need not move without an interruption, and hands over only what has ended (L6, L7)', async () => {
    const coordinator = createInMemoryCoordinator();
    const first = startMember(coordinator);
    await coordinator.until(() => first.works.length === 4);
    const second = startMember(coordinator);
    await coordinator.until(() => second.works.length === 2);
    expect(first.works).toHaveLength(4);
    expect(first.works.map(({ partition }) => partition.signal.aborted)).toEqual([false, false, true, true]);
    expect(second.works.map(({ partition }) => partition.partition).toSorted()).toEqual([2, 3]);
    first.stop();
    await first.subscription.ended;
    await coordinator.until(() => second.works.length === 4);
    second.stop();
    await second.subscription.ended;
  });

  it('gives a partition to nobody as long as its former owner is at work on it, however often the group changes', async () => {
    const coordinator = createInMemoryCoordinator();
    const first = startMember(coordinator, { isStubborn: true });
    await coordinator.until(() => first.works.length === 4);
    const second = startMember(coordinator);
    await coordinator.until(
      () => first.works.filter(({ partition }) => partition.signal.aborted).length === 2,
    );
    const before = coordinator.generation;
    const third = startMember(coordinator);
    await coordinator.until(() => coordinator.generation > before && coordinator.members.size === 3);
    third.stop();
    await third.subscription.ended;
    await coordinator.until(() => coordinator.generation > before + 1 && coordinator.members.size === 2);
    expect([...second.works, ...third.works]).toEqual([]);
    for (const { end } of first.works.slice(2)) end();
    await coordinator.until(() => second.works.length === 2);
    for (const { end } of first.works) end();
    for (const member of [first, second]) {
      member.stop();
      await member.subscription.ended;
    }
  });

  it('gives it to another after the time to hand over is up', async () => {
    const coordinator = createInMemoryCoordinator();
    const first = startMember(coordinator, { isStubborn: true, rebalanceTimeoutMs: 10 });
    await coordinator.until(() => first.works.length === 4);
    const second = startMember(coordinator);
    await coordinator.until(() => second.works.length === 2);
    for (const { end } of first.works) end();
    for (const member of [first, second]) {
      member.stop();
      await member.subscription.ended;
    }
  });

  it.each([new TypeError('t'), new SyntaxError('s'), new RangeError('r'), new Error('e')])(
    'ends with what a consume has thrown, and nothing else does: %p (L1)',
    async (error) => {
      const coordinator = createInMemoryCoordinator();
      const member = startMember(coordinator);
      await coordinator.until(() => member.works.length === 4);
      member.works[2]!.end(error);
      await expect(member.subscription.ended).rejects.toBe(error);
      expect(member.works.every(({ partition }) => partition.signal.aborted)).toBe(true);
      expect(coordinator.members.size).toBe(0);
    },
  );

  it('ends soon when it is stopped in the middle of a join that the others delay, polls and all', async () => {
    const coordinator = createInMemoryCoordinator();
    const first = startMember(coordinator, { sessionTimeoutMs: 30, isPolling: true });
    await coordinator.until(() => first.works.length === 4);
    coordinator.isHoldingJoins = true;
    const second = startMember(coordinator);
    await coordinator.until(() => coordinator.joins >= 3);
    await sleep(createSystemRuntime(), 100);
    first.stop();
    await first.subscription.ended;
    coordinator.isHoldingJoins = false;
    await coordinator.until(() => second.works.length === 4);
    second.stop();
    await second.subscription.ended;
  });

  it('ends at once when the log is closed in the middle of a join', async () => {
    const coordinator = createInMemoryCoordinator();
    coordinator.isHoldingJoins = true;
    const member = startMember(coordinator);
    await coordinator.until(() => coordinator.joins === 1);
    member.close();
    await expect(member.subscription.ended).rejects.toMatchObject({ code: 'log-closed' });
    expect(member.works).toHaveLength(0);
  });
});
