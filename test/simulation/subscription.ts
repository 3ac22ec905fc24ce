import type {
  AssignedPartition,
  CommittedPosition,
  LogRecord,
  ReadResult,
  SubscribeOptions,
} from '@stepfold/event-log';
import { CorruptStateError, InvariantViolation, isAbortError } from '@stepfold/runtime';
import type { Assignment, ConsumerGroup, Member } from './consumer-group.js';
import type { SimulatedLogOptions } from './simulated-log.js';

/** One for all, for making one takes longer than most of what a simulation does. */
const takenAway = new DOMException('the partition was taken away', 'AbortError');

type Consume = (partition: AssignedPartition) => Promise<void>;

/** A process's part in a group: runs `consume` for what it is given, and joins again when it was expelled. */
export class Subscription {
  readonly #active = new Map<number, AbortController>();
  readonly #barred = new Set<string>();
  readonly #group: ConsumerGroup;
  #member: Member | undefined;
  #isClosing = false;
  #error: { readonly thrown: unknown } | undefined;
  #settle: () => void = () => undefined;

  constructor(
    readonly log: SimulatedLogOptions,
    readonly options: SubscribeOptions,
    readonly consume: Consume,
  ) {
    this.#group = log.group(options.group);
  }

  run(): Promise<void> {
    const { signal } = this.options;
    return new Promise((resolve, reject) => {
      this.#settle = () => {
        if (this.#error === undefined) resolve();
        else reject(this.#error.thrown as Error);
      };
      if (signal.aborted) {
        resolve();
        return;
      }
      signal.addEventListener('abort', () => this.#close(), { once: true });
      this.#join();
    });
  }

  #join(): void {
    const member: Member = {
      incarnation: this.log.incarnation,
      topics: this.options.topics,
      barred: this.#barred,
      onAssigned: (assignment) => this.#onAssigned(member, assignment),
      onRevoked: (id) => this.#abort(id),
      onExpelled: () => {
        if (this.#member !== member) return;
        this.#member = undefined;
        for (const id of this.#active.keys()) this.#abort(id);
        this.#goOn();
      },
    };
    this.#member = member;
    this.#tellGroup(() => this.#group.join(member));
  }

  #onAssigned(member: Member, assignment: Assignment): void {
    const { id, topic, partition } = assignment;
    // News of a membership that is over.
    if (this.#isClosing || this.#member !== member) return;
    const { incarnation, server } = this.log;
    incarnation.note(`gets ${topic}/${partition}`);
    server.assignments.push({
      by: incarnation.name,
      atMs: incarnation.scheduler.nowMs,
      ordinal: incarnation.scheduler.ordinal,
      topic,
      partition,
      committed: assignment.committed,
    });
    const controller = new AbortController();
    this.#active.set(id, controller);
    const assigned = new AssignedSimulatedPartition(this.log, this.options, assignment, controller.signal);
    this.consume(assigned).then(
      () => this.#onReturned(id),
      (error: unknown) => {
        if (!(controller.signal.aborted && isAbortError(error)) && this.#error === undefined) {
          this.#error = { thrown: error };
          this.#barred.add(`${topic}/${partition}`);
        }
        this.#onReturned(id);
      },
    );
  }

  #onReturned(id: number): void {
    this.#active.delete(id);
    this.#tellGroup(() => this.#group.release(id));
    if (this.#error !== undefined) this.#close();
    else this.#goOn();
  }

  #close(): void {
    this.#isClosing = true;
    for (const id of this.#active.keys()) this.#abort(id);
    this.#goOn();
  }

  /** When nothing runs any more: ends if that was asked for, or joins again after an expulsion. */
  #goOn(): void {
    if (this.#active.size > 0) return;
    if (this.#isClosing) {
      const member = this.#member;
      this.#member = undefined;
      if (member !== undefined) this.#tellGroup(() => this.#group.leave(member));
      this.#settle();
    } else if (this.#member === undefined) {
      this.#join();
    }
  }

  #abort(id: number): void {
    this.#active.get(id)?.abort(takenAway);
  }

  /** News for the group is under way for a while, and lost only if this process dies before it is sent. */
  #tellGroup(news: () => void): void {
    const { incarnation } = this.log;
    void incarnation.ask<void>(() => {
      const delayMs = incarnation.chance.fraction() * 2 * this.#group.options.latencyMs;
      incarnation.scheduler.schedule(delayMs, news);
    });
  }
}

class AssignedSimulatedPartition implements AssignedPartition {
  readonly topic;
  readonly partition;
  readonly committed: CommittedPosition | undefined;
  #position: number;
  #hasToldEnd = false;
  #isPolling = false;
  /** Ends what a poll waits for. */
  #onAbort: (() => void) | undefined;

  constructor(
    readonly log: SimulatedLogOptions,
    readonly options: SubscribeOptions,
    assignment: Assignment,
    readonly signal: AbortSignal,
  ) {
    this.topic = assignment.topic;
    this.partition = assignment.partition;
    this.committed = assignment.committed;
    this.#position = assignment.committed?.nextOffset ?? 0;
    signal.addEventListener('abort', () => this.#onAbort?.(), { once: true });
  }

  async poll(): Promise<ReadResult> {
    if (this.#isPolling) throw new InvariantViolation('poll was called while another one was waiting');
    this.#isPolling = true;
    try {
      this.signal.throwIfAborted();
      for (;;) {
        const result = await this.#orAborted(this.#fetch());
        if (result.records.length === 0 && this.#hasToldEnd) {
          await this.#orAborted(this.#appended());
          continue;
        }
        if (result.records.length === 0) this.#hasToldEnd = true;
        this.#position = result.nextOffset;
        return result;
      }
    } finally {
      this.#isPolling = false;
    }
  }

  #fetch(): Promise<ReadResult> {
    const { server, exchange, incarnation } = this.log;
    const { topic, partition } = this;
    const polled = exchange.request<ReadResult | undefined>(
      incarnation,
      `poll ${topic}/${partition}`,
      (answer) => {
        if (this.#position < server.begin(topic, partition)) {
          answer(undefined);
          return;
        }
        const { limits } = this.options;
        // A fetch may bring less than there is.
        const recordsMax = Math.min(limits?.recordsMax ?? 1_000, 1 + incarnation.chance.below(60));
        const result = server.read(topic, partition, this.#position, { ...limits, recordsMax });
        const { nextOffset, endOffset } = result;
        const records = result.records.map(({ offset, key, value, headers, appendedAtMs }): LogRecord => {
          return { offset, key, value, headers, appendedAtMs };
        });
        answer({ records, nextOffset, endOffset });
      },
    );
    return polled.then((result) => {
      if (result !== undefined) return result;
      throw new CorruptStateError(
        'position-deleted',
        `${this.#position} of ${topic}/${partition} is deleted`,
      );
    });
  }

  /** Resolves when there is something at the position. */
  #appended(): Promise<void> {
    const { server, incarnation } = this.log;
    const { topic, partition } = this;
    return incarnation.ask<void>((resolve) => {
      if (server.hasFrom(topic, partition, this.#position)) {
        resolve();
        return;
      }
      const cancel = server.onAppend(topic, partition, () => {
        cancel();
        resolve();
      });
    });
  }

  #orAborted<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) onAbort();
      else this.#onAbort = onAbort;
      promise.then(resolve, reject);
    });
  }

  commit(position: CommittedPosition): Promise<void> {
    const { server, exchange, incarnation } = this.log;
    const { topic, partition } = this;
    const { group } = this.options;
    return exchange.request<void>(incarnation, `commit ${topic}/${partition}`, (answer) => {
      server.commit(incarnation.name, group, topic, partition, position);
      answer();
    });
  }
}
