import type { Position } from '@stepfold/event-log';
import type { QueuedEvent } from './queued-event.js';
import { WatchedPromise, type Reporter } from './watched-promise.js';

/**
 * What every publishing method answers. As a promise it resolves when the event has been taken into the
 * queue: awaiting it is what slows a caller who is faster than the log. Nobody has to await it; an error that
 * nobody awaited goes to `onError`.
 * @throws UsageError `event-invalid`, `event-oversize`, `step-closed`, `publisher-closed`: the event was not taken
 */
export interface Publication extends Promise<void> {
  /**
   * Resolves when the log has made the event durable, to its position; that of the merged event if it was
   * merged. Rejects if it was not taken, or if the log refused it.
   */
  readonly acknowledged: Promise<Position>;
  /** The event is in the queue: there is nothing to wait for. */
  readonly isTaken: boolean;
}

export class PublicationPromise extends WatchedPromise<void> implements Publication {
  readonly #watch: Reporter;
  #acknowledged: WatchedPromise<Position> | undefined;
  #queued: QueuedEvent | undefined;
  #failure: Error | undefined;
  #listener: ((position: Position) => void) | undefined;
  #start: PublicationPromise | undefined;

  constructor(reporter: Reporter) {
    super(reporter);
    this.#watch = reporter;
  }

  get acknowledged(): Promise<Position> {
    if (this.#acknowledged === undefined) {
      // Whoever asks for the position learns there that the event was not even taken.
      this.isAwaited = true;
      this.#acknowledged = new WatchedPromise<Position>(this.#watch);
      if (this.#failure !== undefined) this.#acknowledged.reject(this.#failure);
      else this.#queued?.watch(this.#acknowledged);
    }
    return this.#acknowledged;
  }

  /** What was to be published was split, and `start` is the first of it that has its type. */
  startWith(start: PublicationPromise): void {
    this.#start ??= start;
  }

  /** Hears of the position where it starts, if there will be one. Does not count as awaiting. */
  listen(listener: (position: Position) => void): void {
    if (this.#start !== undefined) this.#start.listen(listener);
    else if (this.#queued === undefined) this.#listener = listener;
    else this.#queued.listen(listener);
  }

  get isTaken(): boolean {
    return this.#queued !== undefined;
  }

  /** The event is in the queue as, or as a part of, `queued`. */
  take(queued: QueuedEvent): void {
    this.#queued = queued;
    if (this.#acknowledged !== undefined) queued.watch(this.#acknowledged);
    if (this.#listener !== undefined) queued.listen(this.#listener);
    this.resolve();
  }

  /** Nothing was to be sent: there is no position. */
  withhold(error: Error): void {
    this.#failure = error;
    this.#acknowledged?.reject(error);
    this.resolve();
  }

  /** The event was not taken. */
  refuse(error: Error, isReported = false): void {
    this.#failure = error;
    this.#acknowledged?.reject(error, isReported);
    this.reject(error, isReported);
  }
}
