import type { Event } from '@stepfold/events';

/**
 * Keeps events that were taken and are not on the log yet, so that they survive the process. `@stepfold/outbox` is one on
 * disk. With an outbox an event has its `seq` from when it is taken, and so nothing is merged.
 *
 * Every call is synchronous, and the stream waits for it; a promise that it answers is awaited by nobody. Whatever it throws
 * or answers, events go on to the log, and `onError` hears `outbox-unavailable` once.
 */
export interface Outbox {
  /**
   * What processes before this one have left: their events in the order in which they were taken, and an `interrupt`
   * (`crash`) for every step that one of them held open. The publisher sends them before anything of its own.
   * Answers each only once.
   *
   * @param nowMicros when it was found out, for `detected_at`
   */
  recover(nowMicros: number): readonly RecoveredEvent[];

  /**
   * When it returns, the event survives the death of the process, though not that of the machine.
   *
   * @param text the event as it will be sent
   * @returns what is called when the log has the event, or has refused it for good
   * @throws any error; the event then is sent all the same
   */
  keep(event: Event, text: string): () => void;

  /** The publisher is closed. What is on the log, or was ended, is forgotten; the rest is for the next process. */
  close(): void;
}

export interface RecoveredEvent {
  readonly event: Event;
  readonly onSettled: () => void;
}
