import { partitionOf, type EventLog, type RecordToAppend } from '@stepfold/event-log';
import { encodeEvent, type Event } from '@stepfold/events';
import { retryTransient, sleep, type Runtime } from '@stepfold/runtime';
import type { SeededChance } from '../support/chance.js';
import type { PoisonPlan, TrackPlan } from './workload.js';

/** How far a track has come: what the application behind a publisher still knows when the publisher has died. */
interface TrackProgress {
  readonly plan: TrackPlan;
  attempt: number;
  next: number;
  hasBegun: boolean;
  isDone: boolean;
}

/** A record that the log has acknowledged. */
export interface AcknowledgedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly record: RecordToAppend;
}

/** The work of one publisher, whose process may die and start again any number of times. */
export class Publishing {
  readonly acknowledged: AcknowledgedRecord[] = [];
  readonly #tracks: readonly TrackProgress[];
  readonly #poison: { readonly plan: PoisonPlan; isDone: boolean }[];
  #incarnations = 0;

  constructor(
    readonly name: string,
    tracks: readonly TrackPlan[],
    poison: readonly PoisonPlan[],
  ) {
    this.#tracks = tracks.map((plan) => ({
      plan,
      attempt: plan.attempt,
      next: 0,
      hasBegun: false,
      isDone: false,
    }));
    this.#poison = poison.map((plan) => ({ plan, isDone: false }));
  }

  get isDone(): boolean {
    return this.#tracks.every((track) => track.isDone) && this.#poison.every((one) => one.isDone);
  }

  /** Publishes what is left, every track on its own. Resolves when all of it is acknowledged. */
  async run(context: PublishingContext): Promise<void> {
    this.#incarnations += 1;
    for (const track of this.#tracks) if (!track.isDone && track.hasBegun) this.#takeUp(track, context);
    await Promise.all([
      ...this.#tracks.map((track, index) => this.#publish(track, index, context)),
      ...this.#poison.map((one) => this.#publishPoison(one, context)),
    ]);
  }

  /** What an application does about a step that its former process has left half-way. */
  #takeUp(track: TrackProgress, { chance }: PublishingContext): void {
    const choice = chance.fraction();
    if (track.plan.isMain && choice < 0.4) {
      track.attempt += 1;
      track.next = 0;
    } else if (choice < 0.7) {
      track.isDone = true;
    }
    // Otherwise it goes on as if nothing had happened, which is not allowed to the model stream.
  }

  async #publish(track: TrackProgress, index: number, context: PublishingContext): Promise<void> {
    const { plan } = track;
    const { runtime, log } = context;
    if (track.isDone) return;
    const key = new TextEncoder().encode(plan.chatId);
    const partition = partitionOf(key, log.partitionCount);
    const producer = `${this.name}.${this.#incarnations}-${index}`;
    let seq = 0;
    if (!track.hasBegun) await this.#waitUntil(plan.startMs, context);
    track.hasBegun = true;
    for (const item of plan.items.slice(track.next)) {
      await sleep(runtime, item.delayMs);
      const ownSeq = Math.max(0, seq + item.seqShift);
      seq = Math.max(seq, ownSeq + 1);
      const event = {
        v: 1,
        chat_id: plan.chatId,
        step_id: plan.stepId,
        ...(track.attempt === 0 ? {} : { attempt: track.attempt }),
        ...(plan.hasProducer ? { producer, seq: ownSeq } : {}),
        at: runtime.nowMicros(),
        ...item.fields,
      };
      const record = { key, value: encodeEvent(event as unknown as Event) };
      await this.#append(partition, item.isRepeated ? [record, record] : [record], context);
      track.next += 1;
    }
    track.isDone = true;
  }

  async #publishPoison(
    one: { readonly plan: PoisonPlan; isDone: boolean },
    context: PublishingContext,
  ): Promise<void> {
    if (one.isDone) return;
    const { plan } = one;
    await this.#waitUntil(plan.atMs, context);
    const key = new TextEncoder().encode(plan.key);
    const partition = plan.partition ?? partitionOf(key, context.log.partitionCount);
    await this.#append(partition, [{ key, value: plan.value }], context);
    one.isDone = true;
  }

  async #append(
    partition: number,
    records: readonly RecordToAppend[],
    { log, runtime }: PublishingContext,
  ): Promise<void> {
    const options = { runtime, initialDelayMs: 10, maximalDelayMs: 200 };
    const range = await retryTransient(() => log.append('events', partition, records), options);
    records.forEach((record, i) => {
      this.acknowledged.push({ partition, offset: range.firstOffset + i, record });
    });
  }

  async #waitUntil(atMs: number, { runtime }: PublishingContext): Promise<void> {
    await sleep(runtime, Math.max(0, atMs - runtime.monotonicMs()));
  }
}

export interface PublishingContext {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly chance: SeededChance;
}
