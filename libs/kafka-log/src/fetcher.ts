import type { LogRecord } from '@stepfold/event-log';
import { abortReason, type Runtime } from '@stepfold/runtime';
import { decompress } from './compression.js';
import { fetchFrom, type FetchedPartition, type PartitionToFetch } from './data-requests.js';
import { kafkaError } from './kafka-error.js';
import type { ProtocolClient } from './protocol-client.js';
import { decodeBatches } from './record-batch.js';

/** How long a broker may hold a question back if there is nothing new in any partition. */
const WAIT_MAX_MS = 250;
/** How often partitions at their end are asked about while others are at work. */
const NAP_MS = 20;
/** What one answer may hold for all partitions together. A single larger batch still comes. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

export interface Fetched {
  readonly records: readonly LogRecord[];
  /** Past what was fetched and decoded, holes included. */
  readonly nextOffset: number;
  readonly endOffset: number;
  /** What was fetched beyond `recordsMax`. */
  readonly undecoded?: Buffer;
}

/**
 * Fetches for all partitions of a subscription, each for itself: who wants records asks, and is answered
 * when there are some.
 *
 * 1. Nothing is fetched that nobody has asked for: memory is bounded by what callers hold.
 * 2. One question is under way per broker. It asks about all partitions that want records at that moment, who
 *    has waited longest first: only the first that has something is sure to get a batch of any size.
 * 3. A broker is made to wait only if every partition that it leads has read to its end and wants more.
 *    Otherwise one that comes back from its work would wait for the others (L11).
 * 4. Trouble of one partition is told to that one alone.
 */
export interface Fetcher {
  /** Takes part from now on; the answer ends that. */
  register(topic: string, partition: number): () => void;
  /**
   * The next records from an offset. Answers without any if the end is reached and `isEndKnown` is not set,
   * and when the position has moved past a hole.
   * @throws the signal's reason when it is aborted, otherwise as `kafkaError` says; `OFFSET_OUT_OF_RANGE`
   *   comes as that error of Kafka's
   */
  fetch(want: FetchWant, signal: AbortSignal): Promise<Fetched>;
}

export interface FetchWant extends PartitionToFetch {
  /** With about so many records, the rest of an answer is left as it came. Default: all are decoded. */
  readonly recordsMax?: number;
  readonly isEndKnown: boolean;
}

interface PendingWant {
  readonly want: FetchWant;
  /** It was asked about, and had nothing. */
  isAtEnd: boolean;
  readonly resolve: (fetched: Fetched) => void;
  readonly reject: (error: unknown) => void;
}

export function createFetcher(client: ProtocolClient, runtime: Runtime): Fetcher {
  const registered = new Map<string, { readonly topic: string; readonly partition: number }>();
  const wants = new Map<string, PendingWant>();
  /** Brokers that a loop asks now. */
  const active = new Set<number>();
  const naps = new Map<number, () => void>();

  function start(pending: PendingWant): void {
    const { topic, partition } = pending.want;
    client.leaderOf(topic, partition).then(
      (nodeId) => {
        naps.get(nodeId)?.();
        if (!active.has(nodeId)) void ask(nodeId);
      },
      (error: unknown) => settle(pending, () => pending.reject(error)),
    );
  }

  /** Asks one broker as long as somebody wants something of it. Never rejects. */
  async function ask(nodeId: number): Promise<void> {
    active.add(nodeId);
    try {
      for (;;) {
        const batch = await wantsOf(nodeId);
        if (batch.length === 0) return;
        const isQuiet = batch.every(({ isAtEnd }) => isAtEnd) && (await ledBy(nodeId)) <= batch.length;
        const isAnswered = await askOnce(nodeId, batch, isQuiet ? WAIT_MAX_MS : 0);
        if (!isAnswered && !isQuiet) await nap(nodeId);
      }
    } finally {
      active.delete(nodeId);
      // Somebody may have come between the last look and this line.
      for (const pending of wants.values()) start(pending);
    }
  }

  async function wantsOf(nodeId: number): Promise<readonly PendingWant[]> {
    const found: PendingWant[] = [];
    for (const pending of [...wants.values()]) {
      try {
        const leader = await client.leaderOf(pending.want.topic, pending.want.partition);
        if (leader === nodeId) found.push(pending);
      } catch (error) {
        settle(pending, () => pending.reject(error));
      }
    }
    return found.filter((pending) => isPending(pending));
  }

  /** How many of the registered partitions a broker leads. */
  async function ledBy(nodeId: number): Promise<number> {
    let count = 0;
    for (const { topic, partition } of registered.values()) {
      const leader = await client.leaderOf(topic, partition).catch(() => undefined);
      if (leader === nodeId) count++;
    }
    return count;
  }

  async function askOnce(nodeId: number, batch: readonly PendingWant[], waitMaxMs: number): Promise<boolean> {
    const names = batch.map(({ want }) => `${want.topic}:${want.partition}`).join(', ');
    let answers: readonly FetchedPartition[];
    try {
      answers = await client.atNode(nodeId, `fetching ${names}`, (broker) =>
        fetchFrom(
          broker,
          batch.map(({ want }) => want),
          { waitMaxMs, bytesMax: ANSWER_BYTES_MAX, requestTimeoutMs: REQUEST_TIMEOUT_MS },
        ),
      );
    } catch (error) {
      for (const pending of batch) settle(pending, () => pending.reject(error));
      return true;
    }
    let isAnswered = false;
    for (const answer of answers) {
      const pending = batch.find(
        ({ want }) => want.topic === answer.topic && want.partition === answer.partition,
      );
      if (pending === undefined || !isPending(pending)) continue;
      isAnswered = (await deliver(pending, answer)) || isAnswered;
    }
    return isAnswered;
  }

  /** Answers the caller if there is something to say; tells whether there was. */
  async function deliver(pending: PendingWant, answer: FetchedPartition): Promise<boolean> {
    const { want } = pending;
    if (answer.error !== undefined) {
      const { error } = answer;
      // Most often another broker leads it now. The others are not made to wait until that is known.
      settle(pending, () => void client.refresh().finally(() => pending.reject(error)));
      return true;
    }
    let fetched: Fetched;
    try {
      fetched = {
        ...(await decodeBatches(answer.batches, want.offset, decompress, want.recordsMax)),
        endOffset: answer.endOffset,
      };
    } catch (error) {
      const reason = kafkaError(error, `fetching ${want.topic}, partition ${want.partition}`);
      settle(pending, () => pending.reject(reason));
      return true;
    }
    const hasMoved = fetched.records.length > 0 || fetched.nextOffset > want.offset;
    const isAtEnd = !hasMoved && want.offset >= fetched.endOffset;
    if (!hasMoved && (want.isEndKnown || !isAtEnd)) {
      pending.isAtEnd = isAtEnd;
      return false;
    }
    settle(pending, () => pending.resolve(fetched));
    return true;
  }

  function isPending(pending: PendingWant): boolean {
    return wants.get(nameOf(pending.want)) === pending;
  }

  function settle(pending: PendingWant, answer: () => void): void {
    if (!isPending(pending)) return;
    wants.delete(nameOf(pending.want));
    answer();
  }

  /** Gives the partitions at work a moment to come back; ended early by the first that does. */
  async function nap(nodeId: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = runtime.setTimer(NAP_MS, resolve);
      naps.set(nodeId, () => {
        cancel();
        resolve();
      });
    });
    naps.delete(nodeId);
  }

  return {
    register(topic, partition) {
      const name = nameOf({ topic, partition });
      registered.set(name, { topic, partition });
      return () => void registered.delete(name);
    },
    fetch(want, signal) {
      return new Promise<Fetched>((resolve, reject) => {
        if (signal.aborted) {
          reject(abortReason(signal));
          return;
        }
        const onAbort = (): void => {
          settle(pending, () => undefined);
          pending.reject(abortReason(signal));
        };
        const done = (): void => signal.removeEventListener('abort', onAbort);
        const pending: PendingWant = {
          want,
          isAtEnd: false,
          resolve: (fetched) => {
            done();
            resolve(fetched);
          },
          reject: (error) => {
            done();
            reject(error instanceof Error ? error : new Error('the fetch failed', { cause: error }));
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        wants.set(nameOf(want), pending);
        start(pending);
      });
    },
  };
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}:${partition}`;
}
