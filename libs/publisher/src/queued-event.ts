import type { Position } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import type { CancelTimer } from '@stepfold/runtime';
import type { Delta } from './coalescing.js';
import type { FlushBarrier } from './flush-barriers.js';
import type { Lane } from './lanes.js';
import type { WatchedPromise } from './watched-promise.js';

/** An event between being taken and being settled. */
export class QueuedEvent {
  /** What will be sent, without `producer` and `seq`; absent while it can still change by merging. */
  text: string | undefined;
  /** The event as a delta, if later ones may be merged into it. */
  delta: Delta | undefined;
  /** What it takes of the queue's bytes: at least what will be sent. */
  bytes: number;
  readonly partition: number;
  readonly key: Uint8Array;
  /** Names the step: nothing is merged across another event of it. */
  readonly stepKey: string;
  /** Who numbers it; absent if it is sent as it is. */
  readonly lane: Lane | undefined;
  readonly barrier: FlushBarrier;
  /** Events of its lane that were dropped just before it. */
  readonly gapBefore: number;
  /** It counts against the limits. What was recovered is in memory anyway, and does not. */
  readonly takesRoom: boolean;
  /** Forgets the event in the outbox, or in what an outbox has recovered. */
  onSettled: (() => void) | undefined;
  /** Set while it is held back for later deltas to join it. */
  cancelHold: CancelTimer | undefined;
  /** Where it lies on the log, or why it does not. */
  outcome: Position | Error | undefined;
  #isNumbered = false;
  #watchers: WatchedPromise<Position>[] | undefined;
  #listener: ((position: Position) => void) | undefined;

  constructor(event: NewEvent, barrier: FlushBarrier) {
    this.text = event.text;
    this.delta = event.delta;
    this.bytes = event.bytes;
    this.partition = event.partition;
    this.key = event.key;
    this.stepKey = event.stepKey;
    this.lane = event.lane;
    this.barrier = barrier;
    this.takesRoom = event.onSettled === undefined;
    this.onSettled = event.onSettled;
    this.gapBefore = event.lane?.droppedEvents ?? 0;
    if (event.lane !== undefined) event.lane.droppedEvents = 0;
  }

  /** Gives it its number, the next of its lane. What will be sent does not change from here on. */
  number(): string {
    const { lane } = this;
    const text = this.text ?? JSON.stringify(this.delta);
    if (lane === undefined || this.#isNumbered) return text;
    const seq = lane.nextSeq + this.gapBefore;
    lane.nextSeq = seq + 1;
    this.#isNumbered = true;
    // A producer id holds nothing that JSON would escape.
    this.text = `${text.slice(0, -1)},"producer":"${lane.producer}","seq":${seq}}`;
    return this.text;
  }

  watch(watcher: WatchedPromise<Position>): void {
    if (this.outcome === undefined) (this.#watchers ??= []).push(watcher);
    else tell(watcher, this.outcome, false);
  }

  listen(listener: (position: Position) => void): void {
    if (this.outcome === undefined) this.#listener = listener;
    else if (!(this.outcome instanceof Error)) listener(this.outcome);
  }

  /** Tells everybody who asked. Answers whether anybody did. */
  settle(outcome: Position | Error, isReported = false): boolean {
    const watchers = this.#watchers;
    this.outcome = outcome;
    this.#watchers = undefined;
    if (!(outcome instanceof Error)) this.#listener?.(outcome);
    if (watchers === undefined) return false;
    for (const watcher of watchers) tell(watcher, outcome, isReported);
    return true;
  }
}

/** An event on its way into the queue. */
export interface NewEvent {
  readonly event: Event;
  readonly text: string;
  readonly delta: Delta | undefined;
  readonly bytes: number;
  readonly partition: number;
  readonly key: Uint8Array;
  readonly stepKey: string;
  readonly lane: Lane | undefined;
  /** It was recovered: an outbox has it already. */
  readonly onSettled?: () => void;
}

function tell(watcher: WatchedPromise<Position>, outcome: Position | Error, isReported: boolean): void {
  if (outcome instanceof Error) watcher.reject(outcome, isReported);
  else watcher.resolve(outcome);
}
