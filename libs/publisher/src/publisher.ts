import type { EventLog, Position } from '@stepfold/event-log';
import type { Event, EventOf, EventType } from '@stepfold/events';
import type { Logger, Runtime } from '@stepfold/runtime';
import type { Sha256 } from './elide-event.js';
import type { EventFields } from './event-fields.js';
import type { Outbox } from './outbox.js';
import type { Publication } from './publication.js';
import type { PublisherLimits } from './publisher-limits.js';
import type { Redact } from './redaction.js';
import type { JoinedStep } from './step-handle.js';

/**
 * Publishes the events of model streams to the log (`contract/events.md`, Publishing).
 *
 * What was *taken* is in memory and dies with the process; what is *acknowledged* survives it. Await what a
 * method answers to be slowed down when the log is slower than you; await `flush()` or `.acknowledged` where
 * something must be durable. Timers (heartbeats) keep a process alive until the publisher is closed.
 */
export interface Publisher extends AsyncDisposable {
  /** Names this incarnation: the `producer` of its events. Grows a suffix `.1`, `.2`, … as steps are forgotten. */
  readonly producer: string;
  /** Events that found no room and were dropped (`whenFull: 'drop'`), but for heartbeats. */
  readonly droppedEvents: number;

  /**
   * Opens a step: sends its `step-start`, and heartbeats while it is open and silent. A lower attempt of the
   * step that is open is over with it.
   * @throws UsageError `event-invalid`, `step-open`, `step-closed`, `open-steps-full`, `publisher-closed`
   */
  openStep(options: OpenStepOptions): OpenStep;

  /** The same with a `step-start` that has its names on the wire, as a converter makes it. */
  openStepWith(start: EventToPublish & { type: 'step-start' }): OpenStep;

  /**
   * Publishes to a step that somebody else opened (a tool worker, a stop button): the same methods, without
   * a `step-start`, heartbeats, or an interrupt at shutdown.
   * @throws UsageError `event-invalid` if an id or the attempt is none
   */
  joinStep(options: StepAddress): JoinedStep;

  /** A whole message in one event: opens and completes its step. `parts` are as stored (contract/message.md). */
  message(options: StepAddress & EventFields<'message'>): Publication;

  /**
   * Any event, with its names on the wire. `v` and `at` are added where they are missing, `producer` and `seq`
   * where both are. Whether its step is open is for the fold to say.
   */
  publish(event: EventToPublish): Publication;

  /** An event that is sent as it is: nothing is added, merged or elided. */
  publishAsIs(event: Event): Publication;

  /**
   * Resolves when the log has acknowledged everything that was published so far, to the last position of each
   * partition that was written to. Rejects if the log refused an event for good, or failed.
   */
  flush(): Promise<readonly Position[]>;

  /**
   * Takes nothing more, stops the heartbeats, and resolves when everything is acknowledged. Steps that are open
   * stay so (somebody may go on with them by a higher attempt; else the reaper ends them): a process that
   * is told to stop calls `shutdown`. Closing twice is one closing.
   * @throws TransientError if the log did not acknowledge everything within `closeTimeoutMs`
   */
  close(): Promise<void>;

  /**
   * For the signal handler of the application: interrupts every open step with reason `shutdown`, then closes.
   * The library listens to no signals itself.
   */
  shutdown(): Promise<void>;
}

/** Which attempt of which step. `attempt` is 0 where it is left out. */
export interface StepAddress {
  readonly chatId: string;
  readonly stepId: string;
  readonly attempt?: number | undefined;
}

export type OpenStepOptions = StepAddress & OpenStepFields;

export type OpenStepFields = EventFields<'step-start'>;

export interface OpenStep extends JoinedStep {
  /** The publication of its `step-start`. */
  readonly opened: Publication;
  /**
   * Aborted when the step was ended, but not by its own stream: by an interrupt of the user, wherever it was pressed, by
   * `shutdown`, and, within a second after it is on the log, by anybody else: the reaper, another terminal
   * event, a higher attempt. The reason is a `StepStopped`. The log is read only for steps whose signal was asked for.
   */
  readonly signal: AbortSignal;
  /**
   * Opens the next attempt, with the same fields except those given. This one is over: the fold starts afresh.
   * @throws UsageError as `openStep`
   */
  retry(options?: OpenStepFields): OpenStep;
}

export type EventToPublish = {
  [T in EventType]: Omit<EventOf<T>, 'v' | 'at'> & { v?: 1; at?: number | undefined };
}[EventType];

export interface PublisherOptions extends Partial<PublisherLimits> {
  /** Stays open until the publisher is closed; the publisher does not close it. */
  readonly log: EventLog;
  readonly runtime: Runtime;
  /** Base of the producer id; random characters are appended, so that each incarnation is new. Default `publisher`. */
  readonly name?: string;
  /** The whole producer id instead, for tests. The same one twice makes the second one's events duplicates. */
  readonly producer?: string;
  readonly logger?: Logger;
  /** Errors that nobody awaited. Default: they are logged. */
  readonly onError?: (error: Error) => void;
  /**
   * What happens to an event above `eventBytesMax`: it is refused with `event-oversize`, or its largest values
   * are elided, for which `sha256` is needed (see `elideEvent`). Default `refuse`.
   */
  readonly oversize?: 'refuse' | 'elide';
  readonly sha256?: Sha256;
  /**
   * What happens to an event that finds the queue full. `wait`: it waits, and with it whoever awaits its publication.
   * `drop`: it is not taken, and its publication rejects with `event-dropped`; the fold notes the gap in the message, and
   * `onError` hears of the first of each gap. Deltas are dropped first; what ends a step finds room above the queue too, as
   * much as `queueExcessEventsMax` and `queueExcessBytesMax` say. An end that is beyond that is dropped and told of, and
   * the reaper ends the step. Default `wait`.
   */
  readonly whenFull?: 'wait' | 'drop';
  /** Changes events before anything of them leaves the process, the outbox included. */
  readonly redact?: Redact;
  /** Keeps what is queued, so that a killed process loses none of it. Not together with `coalesceMs`. */
  readonly outbox?: Outbox;
}
