import type {
  AssignedPartition,
  CommittedPosition,
  EventLog,
  SubscribeOptions,
  Topic,
} from '@stepfold/event-log';
import { isAbortError, retryTransient, type Logger, type Metrics, type Runtime } from '@stepfold/runtime';
import { createAssignedPartition } from './assigned-partition.js';
import { partitionOfName, type PartitionName } from './assignment.js';
import { createFetcher } from './fetcher.js';
import { startGroupMember } from './group-member.js';
import { readCommitted } from './partition-offsets.js';
import { closedError, type ProtocolClient } from './protocol-client.js';

export interface SubscriptionContext {
  /** For positions and bounds. */
  readonly client: ProtocolClient;
  /** Clients that wait: each has connections of its own, closed with the subscription. */
  readonly connect: () => ProtocolClient;
  readonly connectToGroup: () => ProtocolClient;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly fullName: (topic: Topic) => string;
  readonly groupId: string;
  readonly partitionCount: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Aborted when the log is closed. */
  readonly closing: AbortSignal;
}

export interface Subscription {
  /** Resolves when it has left the group, even if a `consume` has not returned yet. Never rejects. */
  readonly left: Promise<void>;
  /** Resolves or rejects as `EventLog.subscribe` does. */
  readonly ended: Promise<void>;
}

/** A partition that a `consume` works on here. */
interface Holding {
  readonly name: PartitionName;
  readonly controller: AbortController;
  /** False once the group may have given it to another. */
  isOurs: boolean;
  hasReturned: boolean;
  /** Set while it may still be worked on after it was taken away. */
  cancelTimeOut: (() => void) | undefined;
}

/**
 * Runs `consume` for the partitions that the group gives to this member.
 *
 * 1. One `consume` of this member at a time works on a partition.
 * 2. A partition that was taken away is handed back when its `consume` has returned, or `rebalanceTimeoutMs`
 *    after it was asked to; only then does this member tell the group that it may be given to another.
 * 3. Whatever a `consume` does or throws, the membership goes on: nothing of it reaches the client (L1).
 */
export function startSubscription(
  context: SubscriptionContext,
  options: SubscribeOptions,
  consume: Parameters<EventLog['subscribe']>[1],
): Subscription {
  const { client, runtime, logger, metrics, fullName, groupId, closing } = context;
  const { topics, signal } = options;
  const groupClient = context.connectToGroup();
  const fetchClient = context.connect();
  const fetcher = createFetcher(fetchClient, runtime);
  const leaving = new AbortController();
  const holdings = new Map<PartitionName, Holding>();
  const working = new Set<Promise<void>>();
  let assigned: readonly PartitionName[] = [];
  let failure: { readonly error: unknown } | undefined;
  let isStopping = false;

  const member = startGroupMember({
    client: groupClient,
    leavingClient: client,
    runtime,
    logger,
    groupId,
    topics,
    fullName,
    partitionCount: context.partitionCount,
    sessionTimeoutMs: context.sessionTimeoutMs,
    heartbeatIntervalMs: context.heartbeatIntervalMs,
    rebalanceTimeoutMs: context.rebalanceTimeoutMs,
    leaving: leaving.signal,
    claims() {
      const ours = [...holdings.values()].filter(({ isOurs }) => isOurs);
      const isReleasing = ({ controller }: Holding): boolean => controller.signal.aborted;
      return {
        owned: ours.filter((holding) => !isReleasing(holding)).map(({ name }) => name),
        releasing: ours.filter(isReleasing).map(({ name }) => name),
      };
    },
    onAssigned(names) {
      assigned = names;
      for (const holding of [...holdings.values()]) {
        if (holding.isOurs && !names.includes(holding.name)) revoke(holding, movedReason());
      }
      startAssigned();
    },
    onLost() {
      assigned = [];
      for (const holding of [...holdings.values()]) lose(holding);
    },
  });

  function startAssigned(): void {
    if (isStopping) return;
    for (const name of assigned) if (!holdings.has(name)) start(name);
  }

  function start(name: PartitionName): void {
    const holding: Holding = {
      name,
      controller: new AbortController(),
      isOurs: true,
      hasReturned: false,
      cancelTimeOut: undefined,
    };
    holdings.set(name, holding);
    const work = workOn(holding).finally(() => working.delete(work));
    working.add(work);
  }

  async function workOn(holding: Holding): Promise<void> {
    const { signal } = holding.controller;
    const { topic, partition } = partitionOfName(holding.name);
    const unregister = fetcher.register(fullName(topic), partition);
    try {
      const committed = await committedOf(holding);
      await consume(assignedPartition(holding, committed));
    } catch (error) {
      if (!(signal.aborted && (isAbortError(error) || error === signal.reason))) fail(error);
    }
    unregister();
    holding.hasReturned = true;
    // A partition that was left early stays ours, and idle, until it is taken away.
    if (signal.aborted) handBack(holding);
  }

  async function committedOf({ name, controller }: Holding): Promise<CommittedPosition | undefined> {
    const { topic, partition } = partitionOfName(name);
    const committed = await retryTransient(
      () => readCommitted(client, groupId, fullName(topic), [partition], member.patienceMs),
      {
        runtime,
        signal: controller.signal,
        onRetry: (error, attempt) =>
          logger.warn(
            { group: groupId, topic, partition, attempt, error: error.message },
            'the position is out of reach',
          ),
      },
    );
    return committed.get(partition);
  }

  function assignedPartition(holding: Holding, committed: CommittedPosition | undefined): AssignedPartition {
    const { topic, partition } = partitionOfName(holding.name);
    return createAssignedPartition(
      { client, fetcher, member, metrics, groupId, fullName },
      {
        topic,
        partition,
        committed,
        limits: options.limits,
        signal: holding.controller.signal,
        isOurs: () => holding.isOurs,
      },
    );
  }

  /** Asks the work on a partition to end. */
  function revoke(holding: Holding, reason: unknown): void {
    const { controller } = holding;
    if (controller.signal.aborted) return;
    controller.abort(reason);
    if (holding.hasReturned) {
      handBack(holding);
      return;
    }
    holding.cancelTimeOut = runtime.setTimer(context.rebalanceTimeoutMs, () => {
      const { topic, partition } = partitionOfName(holding.name);
      logger.warn({ group: groupId, topic, partition }, 'gave up waiting for the work on a partition to end');
      holding.isOurs = false;
      member.rejoin();
      endIfDone();
    });
  }

  function lose(holding: Holding): void {
    holding.isOurs = false;
    revoke(holding, new DOMException('The partition was lost to another member', 'AbortError'));
  }

  function handBack(holding: Holding): void {
    holding.cancelTimeOut?.();
    holdings.delete(holding.name);
    if (holding.isOurs) {
      holding.isOurs = false;
      if (!isStopping) member.rejoin();
    }
    // It may have been given to us again while we were still at work.
    startAssigned();
    endIfDone();
  }

  function fail(error: unknown): void {
    failure ??= { error };
    stop();
  }

  /** Ends the work on every partition; the member stays until all have been handed back. */
  function stop(): void {
    isStopping = true;
    for (const holding of [...holdings.values()]) revoke(holding, stopReason());
    endIfDone();
  }

  function endIfDone(): void {
    const isBusy = [...holdings.values()].some(({ isOurs }) => isOurs);
    if (isStopping && (closing.aborted || !isBusy)) leaving.abort();
  }

  function stopReason(): unknown {
    return closing.aborted ? closing.reason : new DOMException('The subscription has ended', 'AbortError');
  }

  /** Nobody waits for the group when the log is closed. */
  function onClosing(): void {
    stop();
    void groupClient.close();
  }

  signal.addEventListener('abort', stop);
  closing.addEventListener('abort', onClosing);
  if (signal.aborted || closing.aborted) stop();

  async function belong(): Promise<void> {
    try {
      await member.ended;
    } catch (error) {
      if (!closing.aborted) fail(error);
    }
    signal.removeEventListener('abort', stop);
    closing.removeEventListener('abort', onClosing);
    await groupClient.close();
  }

  const left = belong();
  return {
    left,
    ended: left.then(async () => {
      await Promise.all(working);
      for (const { cancelTimeOut } of holdings.values()) cancelTimeOut?.();
      await fetchClient.close();
      if (failure !== undefined) throw failure.error;
      if (closing.aborted && !signal.aborted) throw closedError();
    }),
  };
}

function movedReason(): DOMException {
  return new DOMException('The partition goes to another member', 'AbortError');
}
