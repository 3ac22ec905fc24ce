import type { Topic } from '@stepfold/event-log';
import { TransientError, type Logger, type Runtime } from '@stepfold/runtime';
import {
  assignPartitions,
  decodeAssignment,
  decodeClaims,
  encodeAssignment,
  encodeClaims,
  type MemberClaims,
  type PartitionName,
} from './assignment.js';
import { typeOf } from './kafka-error.js';
import type { ProtocolClient } from './protocol-client.js';

export interface GroupMemberOptions {
  /** A client of its own: a join waits for the others, and would hold up what comes behind it. */
  readonly client: ProtocolClient;
  /** Another one, by which it leaves even in the middle of a join. */
  readonly leavingClient: ProtocolClient;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly groupId: string;
  readonly topics: readonly Topic[];
  readonly fullName: (topic: Topic) => string;
  readonly partitionCount: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** How long the coordinator waits for the others when the group changes. */
  readonly rebalanceTimeoutMs: number;
  /** Aborted when the member may leave. */
  readonly leaving: AbortSignal;
  /** What it has at this moment. */
  readonly claims: () => Omit<MemberClaims, 'topics' | 'generation'>;
  /** The group has agreed: these are ours, those before them no longer. */
  readonly onAssigned: (names: readonly PartitionName[]) => void;
  /** The group has gone on without this member: nothing is ours any longer. */
  readonly onLost: () => void;
}

export interface Membership {
  readonly memberId: string;
  readonly generation: number;
}

/**
 * One member of a Kafka consumer group: it joins, sends heartbeats, and joins again when the group changes
 * or it has something to hand back. Kafka's coordinator is the judge of who is a member.
 *
 * 1. There is one loop. Nothing else joins or beats, so nothing is answered that was not asked by it (L3).
 * 2. Heartbeats depend on nothing that a partition does: slow work never costs the membership (L5).
 * 3. Joining again takes nothing away. Partitions are given up one by one, by their owner (L6, L7).
 * 4. A member that was not heard of for `sessionTimeoutMs` takes itself for lost, as the coordinator does.
 */
export interface GroupMember {
  /** Joins again soon: what this member claims has changed. */
  rejoin(): void;
  /** The present membership; waits while the group changes. @throws an AbortError if there will be none any more */
  present(): Promise<Membership>;
  /** The membership that was used is out of date: wait for another one. */
  outdated(membership: Membership): void;
  /**
   * Resolves if the coordinator was heard of lately, so that no other member can have been given what is
   * ours; else when it has been heard of again, the membership is lost, or nobody wants to know any more.
   */
  whenHeard(signal: AbortSignal): Promise<void>;
  /** How long a coordinator may take to answer: if it is frozen, there has to be time to find the next one. */
  readonly patienceMs: number;
  /** Resolves when it has left, or given that up; rejects with what makes it impossible to go on. */
  readonly ended: Promise<void>;
}

const PROTOCOL = 'stepfold-sticky';
const PROTOCOL_TYPE = 'consumer';
const LEAVE_TIMEOUT_MS = 2_000;

/** Kafka's words for: you are no longer a member. */
const lostTypes: ReadonlySet<string> = new Set(['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);
/** The group is changing, or has changed: join. */
const rejoinTypes: ReadonlySet<string> = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION']);

export function startGroupMember(options: GroupMemberOptions): GroupMember {
  const { client, runtime, logger, groupId, leaving } = options;
  const { sessionTimeoutMs, heartbeatIntervalMs } = options;
  const patienceMs = Math.ceil(sessionTimeoutMs / 3);
  let memberId = '';
  let generation = -1;
  let heardAtMs = runtime.monotonicMs();
  let isRejoinDue = false;
  let isJoining = false;
  let stable = newGate();
  let heard = newGate();
  let wake: (() => void) | undefined;
  let cancelPatience = (): void => undefined;
  let failure: { readonly error: unknown } | undefined;
  let hasEnded = false;

  async function run(): Promise<void> {
    leaving.addEventListener('abort', onLeaving);
    let failures = 0;
    while (!leaving.aborted) {
      try {
        await join();
        failures = 0;
        await beatUntilChange();
      } catch (error) {
        if (leaving.aborted) break;
        const type = typeOf(error);
        if (type !== undefined && lostTypes.has(type)) {
          lose('the coordinator does not know this member');
          memberId = '';
        } else if (!(error instanceof TransientError)) {
          failure = { error };
          break;
        } else if (type === undefined || !rejoinTypes.has(type)) {
          failures += 1;
          logger.warn(
            { group: groupId, attempt: failures, error: error.message },
            'the group is out of reach',
          );
          await pause(Math.min(heartbeatIntervalMs, 50 * 2 ** Math.min(failures, 10)));
        }
        if (!isHeard()) lose('the coordinator was not heard of');
      }
    }
    leaving.removeEventListener('abort', onLeaving);
    cancelPatience();
    hasEnded = true;
    stable.open();
    heard.open();
    if (memberId !== '') await leave();
    if (failure !== undefined) throw failure.error;
  }

  async function join(): Promise<void> {
    isRejoinDue = false;
    isJoining = true;
    const { topics, fullName, partitionCount } = options;
    const metadata = encodeClaims({ topics, generation, ...options.claims() }, fullName);
    const joined = await client.atCoordinator(groupId, `joining group ${groupId}`, (broker) =>
      broker.joinGroup({
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: options.rebalanceTimeoutMs,
        memberId,
        protocolType: PROTOCOL_TYPE,
        groupProtocols: [{ name: PROTOCOL, metadata }],
      }),
    );
    // Until here the former membership holds, and commits go on; until all have agreed, none does.
    suspend();
    memberId = joined.memberId;
    noteHeard();
    const isLeader = joined.leaderId === memberId;
    const shares = isLeader
      ? assignPartitions(
          new Map(joined.members.map((member) => [member.memberId, decodeClaims(member.memberMetadata)])),
          partitionCount,
        )
      : new Map<string, readonly PartitionName[]>();
    const synced = await client.atCoordinator(groupId, `agreeing with group ${groupId}`, (broker) =>
      broker.syncGroup({
        groupId,
        generationId: joined.generationId,
        memberId,
        groupAssignment: [...shares].map(([id, names]) => ({
          memberId: id,
          memberAssignment: encodeAssignment(names, fullName),
        })),
      }),
    );
    generation = joined.generationId;
    noteHeard();
    isJoining = false;
    options.onAssigned(decodeAssignment(synced.memberAssignment));
    stable.open();
  }

  /** Resolves when it is time to join again, or to leave. */
  async function beatUntilChange(): Promise<void> {
    while (!leaving.aborted && !isRejoinDue) {
      await pause(Math.max(1, heardAtMs + heartbeatIntervalMs - runtime.monotonicMs()));
      if (leaving.aborted || isRejoinDue) return;
      await client.atCoordinator(
        groupId,
        `sending a heartbeat to group ${groupId}`,
        (broker) => broker.heartbeat({ groupId, groupGenerationId: generation, memberId }),
        patienceMs,
      );
      noteHeard();
    }
  }

  function suspend(): void {
    if (stable.isOpen && !hasEnded) stable = newGate();
  }

  /** The name is kept: a coordinator that still knows it would else wait for its owner at every join. */
  function lose(reason: string): void {
    suspend();
    if (generation !== -1) logger.warn({ group: groupId, reason }, 'membership lost');
    generation = -1;
    noteHeard();
    options.onLost();
  }

  async function leave(): Promise<void> {
    const left = options.leavingClient
      .atCoordinator(groupId, `leaving group ${groupId}`, (broker) =>
        broker.leaveGroup({ groupId, memberId }),
      )
      // Who cannot leave is removed by the coordinator after a while.
      .then(undefined, () => undefined);
    let cancel = (): void => undefined;
    const timeOut = new Promise((resolve) => {
      cancel = runtime.setTimer(LEAVE_TIMEOUT_MS, () => resolve(undefined));
    });
    await Promise.race([left, timeOut]);
    cancel();
  }

  function isHeard(): boolean {
    return runtime.monotonicMs() - heardAtMs < sessionTimeoutMs;
  }

  /** Waits, but not for longer than until something happens. */
  async function pause(delayMs: number): Promise<void> {
    if (leaving.aborted || isRejoinDue) return;
    await new Promise<void>((resolve) => {
      const cancel = runtime.setTimer(delayMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
    wake = undefined;
  }

  function wakeUp(): void {
    wake?.();
  }

  /** A join ends when all have joined, which takes a heartbeat of the others; one of them may be frozen. */
  function onLeaving(): void {
    wakeUp();
    cancelPatience = runtime.setTimer(heartbeatIntervalMs + LEAVE_TIMEOUT_MS, () => void client.close());
  }

  function noteHeard(): void {
    heardAtMs = runtime.monotonicMs();
    heard.open();
    heard = newGate();
  }

  return {
    rejoin() {
      isRejoinDue = true;
      wakeUp();
    },
    async present() {
      while (!stable.isOpen) await stable.opened;
      if (hasEnded) throw new DOMException('The member has left its group', 'AbortError');
      return { memberId, generation };
    },
    outdated(membership) {
      if (membership.generation !== generation || membership.memberId !== memberId) return;
      suspend();
      // A join that is under way will do.
      if (isJoining) return;
      isRejoinDue = true;
      wakeUp();
    },
    async whenHeard(signal) {
      while (!isHeard() && !hasEnded && !signal.aborted) {
        const { opened } = heard;
        await new Promise<void>((resolve) => {
          const done = (): void => {
            signal.removeEventListener('abort', done);
            resolve();
          };
          signal.addEventListener('abort', done);
          void opened.then(done);
        });
      }
    },
    patienceMs,
    ended: run(),
  };
}

interface Gate {
  readonly opened: Promise<void>;
  readonly isOpen: boolean;
  open(): void;
}

function newGate(): Gate {
  let resolveOpened = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    resolveOpened = resolve;
  });
  let isOpen = false;
  return {
    opened,
    get isOpen() {
      return isOpen;
    },
    open() {
      isOpen = true;
      resolveOpened();
    },
  };
}
