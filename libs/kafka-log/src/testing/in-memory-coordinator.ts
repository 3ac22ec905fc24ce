import type { Broker } from 'kafkajs/src/cluster/index.js';
import { createSystemRuntime, sleep } from '@stepfold/runtime';
import { kafkaError } from '../kafka-error.js';
import { closedError, type ProtocolClient } from '../protocol-client.js';

/** The coordinator of one group, as the members see it: joins, heartbeats, positions. */
export interface InMemoryCoordinator {
  /** A client as a member would have it; each is a connection of its own. */
  connect(): ProtocolClient;
  /** Members by id, those that are joining included. */
  readonly members: ReadonlySet<string>;
  readonly generation: number;
  readonly heartbeats: number;
  readonly joins: number;
  readonly commits: readonly {
    readonly partition: number;
    readonly offset: string;
    readonly generation: number;
  }[];
  /** While set, every question fails with it. */
  trouble: Error | undefined;
  /** Heartbeats and commits are not answered, but those that may wait for a bounded time only fail after it. */
  isFrozen: boolean;
  /** Joins are not answered until this is false again. */
  isHoldingJoins: boolean;
  /** Forgets a member, as after its session time-out. */
  expel(memberId: string): void;
  /** Waits until something is so. */
  until(condition: () => boolean): Promise<void>;
}

interface Member {
  metadata: Buffer;
  pendingJoin: ((error: Error | undefined) => void) | undefined;
}

export function createInMemoryCoordinator(): InMemoryCoordinator {
  const runtime = createSystemRuntime();
  const members = new Map<string, Member>();
  let assignments = new Map<string, Buffer>();
  let onAssigned: (() => void)[] = [];
  let generation = 0;
  let isChanging = true;
  let nextId = 1;
  const counts = { heartbeats: 0, joins: 0 };
  const commits: { partition: number; offset: string; generation: number }[] = [];
  const state = { trouble: undefined as Error | undefined, isHoldingJoins: false, isFrozen: false };

  function completeJoins(): void {
    const all = [...members.values()];
    if (state.isHoldingJoins || all.length === 0 || all.some(({ pendingJoin }) => pendingJoin === undefined))
      return;
    generation += 1;
    assignments = new Map();
    isChanging = false;
    for (const member of all) {
      const { pendingJoin } = member;
      member.pendingJoin = undefined;
      pendingJoin?.(undefined);
    }
  }

  function change(): void {
    isChanging = true;
    for (const wake of onAssigned.splice(0)) wake();
  }

  function requireMember(memberId: string): Member {
    const member = members.get(memberId);
    if (member === undefined) throw protocolError('UNKNOWN_MEMBER_ID');
    return member;
  }

  function requirePresent(memberId: string, ofGeneration: number): void {
    requireMember(memberId);
    if (ofGeneration !== generation) throw protocolError('ILLEGAL_GENERATION');
  }

  const broker: Partial<Broker> = {
    async joinGroup({ memberId, groupProtocols }) {
      counts.joins += 1;
      const id = memberId === '' ? `member-${nextId++}` : memberId;
      if (memberId !== '') requireMember(id);
      change();
      await new Promise<void>((resolve, reject) => {
        members.set(id, {
          metadata: groupProtocols[0]!.metadata,
          pendingJoin: (error) => (error === undefined ? resolve() : reject(error)),
        });
        completeJoins();
      });
      const leaderId = [...members.keys()][0]!;
      return {
        memberId: id,
        leaderId,
        generationId: generation,
        members:
          leaderId === id
            ? [...members].map(([memberId, { metadata }]) => ({ memberId, memberMetadata: metadata }))
            : [],
      };
    },
    async syncGroup({ memberId, generationId, groupAssignment }) {
      requirePresent(memberId, generationId);
      for (const each of groupAssignment) assignments.set(each.memberId, each.memberAssignment);
      if (groupAssignment.length > 0) for (const wake of onAssigned.splice(0)) wake();
      while (!assignments.has(memberId) && !isChanging) {
        await new Promise<void>((resolve) => onAssigned.push(resolve));
      }
      if (isChanging) throw protocolError('REBALANCE_IN_PROGRESS');
      return { memberAssignment: assignments.get(memberId)! };
    },
    async heartbeat({ memberId, groupGenerationId }) {
      counts.heartbeats += 1;
      if (state.isFrozen) await new Promise(() => undefined);
      requirePresent(memberId, groupGenerationId);
      if (isChanging) throw protocolError('REBALANCE_IN_PROGRESS');
    },
    async leaveGroup({ memberId }) {
      const member = requireMember(memberId);
      members.delete(memberId);
      member.pendingJoin?.(protocolError('UNKNOWN_MEMBER_ID'));
      change();
      completeJoins();
    },
    async offsetCommit({ memberId, groupGenerationId, topics }) {
      if (state.isFrozen) await new Promise(() => undefined);
      requirePresent(memberId, groupGenerationId);
      for (const { partition, offset } of topics.flatMap((topic) => topic.partitions)) {
        commits.push({ partition, offset, generation: groupGenerationId });
      }
    },
    offsetFetch: async () => ({ responses: [] }),
  };

  function connect(): ProtocolClient {
    const closing = new AbortController();
    const closed = new Promise<never>((_, reject) => {
      closing.signal.addEventListener('abort', () => reject(closedError()));
    });
    closed.catch(() => undefined);
    async function ask<T>(
      doing: string,
      question: (broker: Broker) => Promise<T>,
      patienceMs?: number,
    ): Promise<T> {
      if (closing.signal.aborted) throw closedError();
      if (state.trouble !== undefined) throw kafkaError(state.trouble, doing);
      let cancel = (): void => undefined;
      try {
        const answers = [question(broker as Broker), closed];
        if (patienceMs !== undefined) {
          answers.push(
            new Promise<never>((_, reject) => {
              cancel = runtime.setTimer(patienceMs, () => reject(new Error('no answer in time')));
            }),
          );
        }
        return await Promise.race(answers);
      } catch (error) {
        throw kafkaError(error, doing);
      } finally {
        cancel();
      }
    }
    return {
      atLeader: (_topic, _partition, doing, question) => ask(doing, question),
      atCoordinator: (_group, doing, question, patienceMs) => ask(doing, question, patienceMs),
      atNode: (_node, doing, question) => ask(doing, question),
      leaderOf: async () => 1,
      refresh: async () => undefined,
      close: async () => closing.abort(),
    };
  }

  return {
    connect,
    get members() {
      return new Set(members.keys());
    },
    get generation() {
      return generation;
    },
    get heartbeats() {
      return counts.heartbeats;
    },
    get joins() {
      return counts.joins;
    },
    commits,
    get trouble() {
      return state.trouble;
    },
    set trouble(error) {
      state.trouble = error;
    },
    get isFrozen() {
      return state.isFrozen;
    },
    set isFrozen(isFrozen) {
      state.isFrozen = isFrozen;
    },
    get isHoldingJoins() {
      return state.isHoldingJoins;
    },
    set isHoldingJoins(isHolding) {
      state.isHoldingJoins = isHolding;
      completeJoins();
    },
    expel(memberId) {
      members.delete(memberId);
      change();
      completeJoins();
    },
    async until(condition) {
      while (!condition()) await sleep(runtime, 1);
    },
  };
}

function protocolError(type: string): Error {
  return Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type });
}
