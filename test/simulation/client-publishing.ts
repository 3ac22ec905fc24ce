import {
  createPublisher,
  type OpenStep,
  type Outbox,
  type Publication,
  type Publisher,
  type PublisherLimits,
  type StepStopped,
} from '@stepfold/publisher';
import { sleep, UsageError, type Runtime } from '@stepfold/runtime';
import type { EventLog, Position } from '@stepfold/event-log';
import type { SeededChance } from '../support/chance.js';
import { KeptEvents } from './kept-events.js';
import type { SimulationOptions } from './simulation-options.js';
import type { TrackPlan } from './workload.js';

/** An event that was given to a publisher, and what was heard of it. */
export interface GivenEvent {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly isTaken: boolean;
  position: Position | undefined;
}

/** What one incarnation of a publisher was given for one attempt of a step, in this order. */
export interface LaneFact {
  readonly id: string;
  readonly attempt: number;
  readonly producer: string;
  readonly events: GivenEvent[];
  /** Nothing of it may be missing at the end: the process closed its publisher, or an outbox has kept it. */
  mustArrive: boolean;
}

/** A signal of an open step that was aborted. */
export interface SignalFact {
  /** How, as the reason says. */
  readonly ending: string;
  readonly id: string;
  readonly attempt: number;
  readonly producer: string;
}

interface TrackProgress {
  readonly plan: TrackPlan;
  attempt: number;
  next: number;
  hasBegun: boolean;
  isDone: boolean;
}

export interface ClientContext {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly chance: SeededChance;
  readonly options: SimulationOptions['client'];
  readonly wrapOutbox: (outbox: Outbox) => Outbox;
  /** Other limits than the options say. */
  readonly limits: Partial<PublisherLimits>;
}

/** An application with a production publisher, whose process may die and start again any number of times. */
export class ClientPublishing {
  readonly lanes: LaneFact[] = [];
  readonly signals: SignalFact[] = [];
  /** The most events that were in the queue of a publisher at once. */
  queuedMax = 0;
  #queued = new Set<Publication>();
  readonly #tracks: readonly TrackProgress[];
  readonly #kept = new KeptEvents();
  #incarnations = 0;
  #isClosed = false;

  constructor(
    readonly name: string,
    tracks: readonly TrackPlan[],
  ) {
    this.#tracks = tracks.map((plan) => ({
      plan,
      attempt: plan.attempt,
      next: 0,
      hasBegun: false,
      isDone: false,
    }));
  }

  get isDone(): boolean {
    return this.#isClosed || this.#tracks.length === 0;
  }

  async run(context: ClientContext): Promise<void> {
    const { log, runtime, options } = context;
    const {
      whenFull,
      hasOutbox,
      awaitProbability: _a,
      flushProbability: _f,
      listenProbability: _l,
      ...limits
    } = options;
    this.#incarnations += 1;
    this.#queued = new Set();
    for (const track of this.#tracks) if (!track.isDone && track.hasBegun) this.#takeUp(track, context);
    const publisher = createPublisher({
      ...{ log, runtime, whenFull, producer: `${this.name}-${this.#incarnations}` },
      ...limits,
      ...context.limits,
      closeTimeoutMs: 1_000_000,
      onError: () => undefined,
      ...(hasOutbox ? { outbox: context.wrapOutbox(this.#kept.open()) } : {}),
    });
    const lanes = new Map<string, LaneFact>();
    await Promise.all(this.#tracks.map((track) => this.#publish(track, publisher, lanes, context)));
    await publisher.close();
    for (const lane of lanes.values()) lane.mustArrive = true;
    this.#isClosed = true;
  }

  #takeUp(track: TrackProgress, { chance }: ClientContext): void {
    const choice = chance.fraction();
    if (track.plan.isMain && choice < 0.5) {
      track.attempt += 1;
      track.next = 0;
    } else if (choice < 0.8) track.isDone = true;
  }

  async #publish(
    track: TrackProgress,
    publisher: Publisher,
    lanes: Map<string, LaneFact>,
    context: ClientContext,
  ): Promise<void> {
    const { plan } = track;
    const { runtime, chance, options } = context;
    if (track.isDone) return;
    if (!track.hasBegun) await sleep(runtime, Math.max(0, plan.startMs - runtime.monotonicMs()));
    track.hasBegun = true;
    for (const item of plan.items.slice(track.next)) {
      await sleep(runtime, item.delayMs);
      const publication = this.#give(track, item.fields, publisher, lanes, context);
      track.next += 1;
      if (publication === undefined) break;
      if (chance.isTrue(options.awaitProbability)) await publication.catch(() => undefined);
      if (chance.isTrue(options.flushProbability)) await publisher.flush().catch(() => undefined);
    }
    track.isDone = true;
  }

  #give(
    { plan, attempt }: TrackProgress,
    fields: Readonly<Record<string, unknown>>,
    publisher: Publisher,
    lanes: Map<string, LaneFact>,
    { chance, options }: ClientContext,
  ): Publication | undefined {
    const address = { chat_id: plan.chatId, step_id: plan.stepId, ...(attempt === 0 ? {} : { attempt }) };
    const event = { ...address, ...fields } as never;
    const id = `${plan.chatId}:${plan.stepId}`;
    let publication: Publication;
    if (fields['type'] === 'step-start') {
      let opened: OpenStep;
      try {
        opened = publisher.openStepWith(event);
      } catch (error) {
        // Somebody of this process has it open, or has ended it: the loop gives up.
        if (error instanceof UsageError) return undefined;
        throw error;
      }
      publication = opened.opened;
      if (chance.isTrue(options.listenProbability)) {
        const { signal } = opened;
        signal.addEventListener('abort', () => {
          const { ending } = signal.reason as StepStopped;
          this.signals.push({ ending, id, attempt, producer: publisher.producer });
        });
      }
    } else publication = publisher.publish(event);
    const { isTaken } = publication;
    const given: GivenEvent = { fields, isTaken, position: undefined };
    const key = `${id}:${attempt}`;
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { id, attempt, producer: publisher.producer, events: [], mustArrive: options.hasOutbox };
      lanes.set(key, lane);
      this.lanes.push(lane);
    }
    lane.events.push(given);
    const queued = this.#queued;
    queued.add(publication);
    publication.acknowledged.then(
      (position) => {
        given.position = position;
        queued.delete(publication);
      },
      () => queued.delete(publication),
    );
    this.queuedMax = Math.max(this.queuedMax, [...queued].filter((one) => one.isTaken).length);
    return publication;
  }
}
