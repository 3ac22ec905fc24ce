import type { CommittedPosition, Topic } from '@stepfold/event-log';
import type { SeededChance } from '../support/chance.js';
import type { Incarnation } from './incarnation.js';
import type { LogServer } from './log-server.js';

export interface GroupOptions {
  /** A member that is silent for so long has lost its partitions. */
  readonly sessionTimeoutMs: number;
  /** How long a member may take to give a partition back before the next one gets it anyway. */
  readonly handOverTimeoutMs: number;
  /** Mean time that news takes between the group and a member. */
  readonly latencyMs: number;
}

/** One membership of a group: a process that joins again after it was expelled is another member. */
export interface Member {
  readonly incarnation: Incarnation;
  readonly topics: readonly Topic[];
  /** Partitions that it is not given again: `consume` has thrown. */
  readonly barred: ReadonlySet<string>;
  onAssigned(assignment: Assignment): void;
  onRevoked(assignmentId: number): void;
  /** It was silent too long, and owns nothing any more; it may learn of it late. */
  onExpelled(): void;
}

export interface Assignment {
  readonly id: number;
  readonly topic: Topic;
  readonly partition: number;
  readonly committed: CommittedPosition | undefined;
}

interface Ownership {
  readonly id: number;
  readonly member: Member;
  isRevoked: boolean;
}

/**
 * Who owns which partition, as the log's side sees it. One live member at a time, but a member may go on
 * believing that it owns what it has lost: when it is frozen, cut off, or slow to give it back.
 */
export class ConsumerGroup {
  readonly #members: Member[] = [];
  readonly #owned = new Map<string, Ownership>();
  readonly #wanted = new Map<string, Member>();
  readonly #lastNewsAtMs = new WeakMap<Member, number>();
  #nextId = 1;
  #rotation = 0;

  constructor(
    readonly name: string,
    readonly log: LogServer,
    readonly chance: SeededChance,
    readonly options: GroupOptions,
  ) {}

  get members(): readonly Member[] {
    return this.#members;
  }

  join(member: Member): void {
    if (!member.incarnation.isRunning) return;
    this.#note(`${member.incarnation.name} joins`);
    this.#members.push(member);
    member.incarnation.onSilence(() => this.#watch(member));
    this.rebalance();
  }

  leave(member: Member): void {
    if (!this.#remove(member)) return;
    this.#note(`${member.incarnation.name} leaves`);
    this.rebalance();
  }

  /** The member has lost everything at once, and hears of it when news reaches it. */
  expel(member: Member, newsDelayMs = 0): void {
    if (!this.#remove(member)) return;
    this.#note(`${member.incarnation.name} is expelled`);
    this.log.scheduler.schedule(newsDelayMs, () => this.#tell(member, () => member.onExpelled()));
    this.rebalance();
  }

  /** The member no longer works on a partition that it was given. */
  release(assignmentId: number): void {
    for (const [place, ownership] of this.#owned) {
      if (ownership.id !== assignmentId) continue;
      this.#owned.delete(place);
      this.#assign(place);
      return;
    }
  }

  /** Deals the partitions out anew, with `isShuffled` to others than before. */
  rebalance(isShuffled = false): void {
    if (isShuffled) this.#rotation = this.chance.below(1_000);
    const places = this.#places();
    places.forEach((place, index) => {
      const candidates = this.#members.filter(
        (member) => member.topics.includes(place.topic) && !member.barred.has(keyOf(place)),
      );
      const wanted = candidates[(index + this.#rotation) % Math.max(1, candidates.length)];
      const key = keyOf(place);
      if (wanted === undefined) this.#wanted.delete(key);
      else this.#wanted.set(key, wanted);
      const owner = this.#owned.get(key);
      if (owner === undefined) this.#assign(key);
      else if (owner.member !== wanted && !owner.isRevoked) this.#revoke(key, owner);
    });
  }

  #places(): { topic: Topic; partition: number }[] {
    const topics = [...new Set(this.#members.flatMap((member) => member.topics))].sort();
    return topics.flatMap((topic) =>
      Array.from({ length: this.log.partitionCount }, (_, partition) => ({ topic, partition })),
    );
  }

  #assign(key: string): void {
    const member = this.#wanted.get(key);
    if (member === undefined || !this.#members.includes(member) || this.#owned.has(key)) return;
    const id = this.#nextId++;
    const [topic, partition] = key.split('/') as [Topic, string];
    const committed = this.log.committed(this.name, topic, Number(partition));
    this.#owned.set(key, { id, member, isRevoked: false });
    this.#note(`${key} → ${member.incarnation.name} from ${committed?.nextOffset ?? 'the beginning'}`);
    this.#tell(member, () => member.onAssigned({ id, topic, partition: Number(partition), committed }));
  }

  #revoke(key: string, ownership: Ownership): void {
    ownership.isRevoked = true;
    const { id, member } = ownership;
    this.#note(`${key} is taken from ${member.incarnation.name}`);
    this.#tell(member, () => member.onRevoked(id));
    this.log.scheduler.schedule(this.options.handOverTimeoutMs, () => this.release(id));
  }

  #remove(member: Member): boolean {
    const index = this.#members.indexOf(member);
    if (index === -1) return false;
    this.#members.splice(index, 1);
    for (const [key, ownership] of this.#owned) if (ownership.member === member) this.#owned.delete(key);
    return true;
  }

  #watch(member: Member): void {
    this.log.scheduler.schedule(this.options.sessionTimeoutMs, () => {
      if (!member.incarnation.isRunning) this.expel(member);
    });
  }

  /** News for one member arrives in order. */
  #tell(member: Member, news: () => void): void {
    const { scheduler } = this.log;
    const delayMs = -Math.log(1 - this.chance.fraction()) * this.options.latencyMs;
    const atMs = Math.max(scheduler.nowMs + delayMs, this.#lastNewsAtMs.get(member) ?? 0);
    this.#lastNewsAtMs.set(member, atMs);
    scheduler.schedule(atMs - scheduler.nowMs, () => member.incarnation.deliver(news));
  }

  #note(line: string): void {
    this.log.trace.note(this.log.scheduler.nowMs, `${this.name}: ${line}`);
  }
}

function keyOf(place: { readonly topic: Topic; readonly partition: number }): string {
  return `${place.topic}/${place.partition}`;
}
