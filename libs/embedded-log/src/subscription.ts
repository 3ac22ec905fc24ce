import type { AssignedPartition, SubscribeOptions } from '@stepfold/event-log';
import { isAbortError, randomSuffix, TransientError, type Runtime } from '@stepfold/runtime';
import { createAssignedPartition, type PartitionContext } from './assigned-partition.js';
import { partitionOfName, type PartitionName } from './assignment.js';
import {
  decodeGroup,
  emptyGroup,
  encodeGroup,
  planGroup,
  type GroupPlan,
  type GroupState,
} from './group-state.js';
import { groupKey } from './keys.js';
import { hasEnded, type ProcessIdentity } from './process-identity.js';
import { createSilenceMeter } from './silence.js';
import { storageError } from './storage-error.js';
import { createWakeup } from './wakeup.js';

export interface SubscriptionContext extends PartitionContext {
  readonly process: ProcessIdentity;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Aborted when the log is closed, with the error for what is pending. */
  readonly closing: AbortSignal;
}

export interface Subscription {
  /** Resolves when it has left the group or given that up, even if a `consume` has not returned yet. */
  readonly left: Promise<void>;
  /** Resolves or rejects as `EventLog.subscribe` does. */
  readonly ended: Promise<void>;
}

/** A partition that a `consume` works on here, or did. */
interface Holding {
  readonly name: PartitionName;
  readonly controller: AbortController;
  /** The group's state says that it is ours. */
  isOwned: boolean;
  hasReturned: boolean;
  /** When it was asked to stop, on the monotonic clock. */
  revokedAtMs: number | undefined;
}

interface Pass {
  readonly plan: GroupPlan;
  /** Version of the stored state that the plan started from. */
  readonly version: number | undefined;
}

/**
 * One member of a group. It makes a pass over the group's state whenever that has changed, at each
 * heartbeat, and when something has happened here.
 *
 * 1. One `consume` of this member at a time works on a partition: what is busy is not taken again.
 * 2. A partition is given up when its `consume` has returned, or `sessionTimeoutMs` after it was asked to.
 * 3. The stored state decides. What it says is ours is worked on, and nothing else, so a write whose
 *    outcome is unknown does no harm.
 * 4. A member that the others have removed (it was frozen) stops everything and joins again under a new
 *    name, so nothing that it still had under way can bring back what it has lost.
 */
export function startSubscription(
  context: SubscriptionContext,
  options: SubscribeOptions,
  consume: (partition: AssignedPartition) => Promise<void>,
): Subscription {
  const { environment, writeQueue, watcher, runtime, closing } = context;
  const { sessionTimeoutMs, heartbeatIntervalMs } = context;
  const { group, topics, signal } = options;
  const key = groupKey(group);
  const silence = createSilenceMeter(heartbeatIntervalMs);
  const wakeup = createWakeup(runtime);
  const holdings = new Map<PartitionName, Holding>();
  const working = new Set<Promise<void>>();
  let id = newMemberId(runtime);
  let isJoined = false;
  let beatAtMs = Number.NEGATIVE_INFINITY;
  let seenVersion: number | undefined;
  let failure: { readonly error: unknown } | undefined;

  const isLeaving = (): boolean => signal.aborted || closing.aborted || failure !== undefined;

  async function belong(): Promise<void> {
    signal.addEventListener('abort', wakeup.wake);
    closing.addEventListener('abort', wakeup.wake);
    for (;;) {
      try {
        await pass();
        if (isLeaving() && !isJoined) break;
        const cancelWatch = watcher.watch(() => readVersion() !== seenVersion, wakeup.wake);
        await wakeup.wait(Math.max(1, beatAtMs + heartbeatIntervalMs - runtime.monotonicMs()));
        cancelWatch();
      } catch (error) {
        // Who cannot leave is removed by the others after a while.
        if (isLeaving()) break;
        const reason = storageError(error, `taking part in group ${group}`);
        // The log may come back. What is owned goes on meanwhile, as far as it can.
        if (reason instanceof TransientError) await wakeup.wait(heartbeatIntervalMs / 4);
        else failure = { error: reason };
      }
    }
    signal.removeEventListener('abort', wakeup.wake);
    closing.removeEventListener('abort', wakeup.wake);
    for (const holding of holdings.values()) revoke(holding, stopReason());
  }

  async function pass(): Promise<void> {
    for (;;) {
      let next = look();
      if (!next.plan.hasChanged) {
        settle(next.plan, next.version);
        return;
      }
      const isWritten = await writeQueue.submit(() => {
        next = look();
        const { plan, version } = next;
        if (!plan.hasChanged) return undefined;
        const apply = (): void => {
          void environment.heads.put(key, encodeGroup(plan.state), (version ?? 0) + 1);
        };
        return { guard: { key, version }, apply };
      });
      if (isWritten) {
        beatAtMs = runtime.monotonicMs();
        settle(next.plan, (next.version ?? 0) + 1);
        return;
      }
      // Another member has changed the group in the meantime: look again.
    }
  }

  /** Reads the state, and plans what to change. */
  function look(): Pass {
    const { state, version } = readGroup();
    const nowMs = runtime.monotonicMs();
    silence.look(state.members, nowMs);
    if (isJoined && !state.members.has(id)) {
      isJoined = false;
      id = newMemberId(runtime);
    }
    if (isLeaving()) for (const holding of holdings.values()) revoke(holding, stopReason());
    const isGone = (other: string, process: ProcessIdentity): boolean =>
      other !== id && (silence.silentMs(other) >= sessionTimeoutMs || hasEnded(process, context.process));
    const plan = planGroup(state, {
      id,
      topics,
      process: context.process,
      partitionCount: environment.partitionCount,
      isLeaving: isLeaving(),
      isBeatDue: nowMs - beatAtMs >= heartbeatIntervalMs,
      gone: new Set(
        [...state.members].flatMap(([other, { process }]) => (isGone(other, process) ? [other] : [])),
      ),
      released: new Set([...state.owners.keys()].filter((name) => isReleased(name, nowMs))),
      busy: new Set(holdings.keys()),
    });
    return { plan, version };
  }

  /** Makes this member follow the state that is stored. */
  function settle({ state, surplus }: GroupPlan, version: number | undefined): void {
    seenVersion = version;
    isJoined = state.members.has(id);
    for (const holding of holdings.values()) {
      if (holding.isOwned && state.owners.get(holding.name) !== id) {
        disown(holding);
        // It may have become ours again before it was given up.
        wakeup.wake();
      } else if (surplus.has(holding.name)) {
        revoke(holding, new DOMException('The partition goes to another member', 'AbortError'));
      }
    }
    if (isLeaving()) return;
    for (const [name, owner] of state.owners) if (owner === id && !holdings.has(name)) start(name);
  }

  function start(name: PartitionName): void {
    const holding: Holding = {
      name,
      controller: new AbortController(),
      isOwned: true,
      hasReturned: false,
      revokedAtMs: undefined,
    };
    holdings.set(name, holding);
    const work = workOn(holding).finally(() => working.delete(work));
    working.add(work);
  }

  async function workOn(holding: Holding): Promise<void> {
    const { signal } = holding.controller;
    try {
      await consume(
        createAssignedPartition(context, {
          ...partitionOfName(holding.name),
          group,
          limits: options.limits,
          signal,
          requireOwned: () => requireOwned(holding),
        }),
      );
    } catch (error) {
      if (!(signal.aborted && isAbortError(error))) failure ??= { error };
    }
    // A partition that was left early stays ours, and idle, until it is taken away.
    holding.hasReturned = true;
    if (!holding.isOwned) holdings.delete(holding.name);
    wakeup.wake();
  }

  /** True if the group may have the partition back: it is ours, and nobody works on it any longer. */
  function isReleased(name: PartitionName, nowMs: number): boolean {
    const holding = holdings.get(name);
    if (holding === undefined) return isLeaving();
    const { revokedAtMs, hasReturned } = holding;
    if (revokedAtMs === undefined) return false;
    return hasReturned || closing.aborted || nowMs - revokedAtMs >= sessionTimeoutMs;
  }

  /** Stops the work on a partition that is no longer ours, before anything more is read for it. */
  function requireOwned(holding: Holding): void {
    if (readVersion() === seenVersion) return;
    if (readGroup().state.owners.get(holding.name) === id) return;
    disown(holding);
    wakeup.wake();
  }

  function disown(holding: Holding): void {
    holding.isOwned = false;
    revoke(holding, new DOMException('The partition was lost to another member', 'AbortError'));
    if (holding.hasReturned) holdings.delete(holding.name);
  }

  function revoke(holding: Holding, reason: unknown): void {
    if (holding.revokedAtMs !== undefined) return;
    holding.revokedAtMs = runtime.monotonicMs();
    holding.controller.abort(reason);
    if (holding.hasReturned) wakeup.wake();
  }

  function stopReason(): unknown {
    return closing.aborted ? closing.reason : new DOMException('The subscription has ended', 'AbortError');
  }

  function readGroup(): { state: GroupState; version: number | undefined } {
    environment.refresh();
    const entry = environment.heads.getEntry(key);
    return entry === undefined
      ? { state: emptyGroup, version: undefined }
      : { state: decodeGroup(entry.value), version: entry.version };
  }

  function readVersion(): number | undefined {
    environment.refresh();
    return environment.heads.getEntry(key)?.version;
  }

  const left = belong();
  return {
    left,
    ended: left.then(async () => {
      await Promise.all(working);
      if (failure !== undefined) throw failure.error;
      if (closing.aborted && !signal.aborted) throw closing.reason;
    }),
  };
}

function newMemberId(runtime: Runtime): string {
  return randomSuffix(runtime, 12);
}
