import { partitionOf } from '@stepfold/event-log';
import { createEventCodec, isId, surelyEndsStep, type Event, type EventType } from '@stepfold/events';
import { randomSuffix, silentLogger, StepfoldError, TransientError, UsageError } from '@stepfold/runtime';
import { mergeableDelta } from './coalescing.js';
import { wireFields } from './event-fields.js';
import { createEventQueue } from './event-queue.js';
import { guardLogger } from './guarded-logger.js';
import { guardOutbox } from './guarded-outbox.js';
import { createLanes, stepKeyOf, type Lane } from './lanes.js';
import { createOpenSteps, type OpenStepEntry } from './open-steps.js';
import { PublicationPromise } from './publication.js';
import { resolveLimits } from './publisher-limits.js';
import type { EventToPublish, OpenStep, OpenStepOptions, Publisher, PublisherOptions } from './publisher.js';
import { bareEvent, redacted, redactionNote } from './redaction.js';
import { createStampClock } from './stamp-clock.js';
import { OpenStepHandle, stepEvent, StepHandle, type StepSink } from './step-handle.js';
import { stepStopped, type StepEnding } from './step-stopped.js';
import { createStepWatch } from './step-watch.js';
import { WatchedPromise, type Reporter } from './watched-promise.js';
import { writeEvent, writeEventAsIs, writePlainEvent, type WireEvent } from './wire-event.js';

/** Room for the `.N` of later incarnations within the 200 characters of an id. */
const PRODUCER_LENGTH_MAX = 180;
/** 62 bits: two incarnations of one name meet by chance never. */
const PRODUCER_SUFFIX_LENGTH = 12;
/** `,"producer":"","seq":` with the longest number, and the framing of a record. */
const RECORD_FRAMING_BYTES = 96;

/**
 * A publisher on a log. Does no I/O until something is published.
 * @throws UsageError `bad-configuration` naming the option
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { log, runtime, whenFull = 'wait', redact } = options;
  const logger = guardLogger(options.logger ?? silentLogger);
  const limits = resolveLimits(options, log.partitionCount);
  const producer = producerOf(options);
  const wireOptions = {
    codec: createEventCodec(),
    eventBytesMax: limits.eventBytesMax,
    sha256: options.oversize === 'elide' ? options.sha256 : undefined,
  };
  if (options.oversize === 'elide' && options.sha256 === undefined) {
    throw new UsageError('bad-configuration', 'sha256 is needed to elide what is too large');
  }
  if (options.outbox !== undefined && limits.coalesceMs > 0) {
    throw new UsageError(
      'bad-configuration',
      'coalesceMs must be 0 with an outbox: what it keeps has its number',
    );
  }
  const reporter: Reporter = { runtime, report };
  const outbox = options.outbox === undefined ? undefined : guardOutbox(options.outbox, report);
  const nowMicros = createStampClock(runtime);
  const encoder = new TextEncoder();
  const lanes = createLanes({ ...limits, producer, partitionCount: log.partitionCount });
  const queue = createEventQueue({ log, limits, logger, reporter, whenFull, outbox });
  const openSteps = createOpenSteps({
    runtime,
    heartbeatIntervalMs: limits.heartbeatIntervalMs,
    sendHeartbeat(lane) {
      // Once the log has failed for good, that has been told; there is nobody to tell it to again.
      if (queue.failure === undefined) publishOwn(lane, 'heartbeat', {});
    },
  });
  const stepWatch = createStepWatch({
    log,
    runtime,
    logger,
    intervalMs: limits.watchIntervalMs,
    onEnded(lane, ending) {
      const entry = openSteps.get(lane.stepKey);
      if (entry?.lane === lane) closeStep(entry, ending);
    },
  });
  let closing: WatchedPromise<void> | undefined;

  function report(error: Error): void {
    try {
      if (options.onError === undefined) {
        logger.error({ code: codeOf(error), error: error.name }, 'an event was not published');
        return;
      }
      // It may be an async function.
      const answer = options.onError(error) as unknown;
      if (answer instanceof Promise) answer.catch(noteThrown);
    } catch (thrown) {
      noteThrown(thrown);
    }
  }

  function noteThrown(thrown: unknown): void {
    logger.error({ error: thrown instanceof Error ? thrown.name : 'none' }, 'onError has thrown');
  }

  /** Answers a publication, which is where every error of a call goes. */
  function attempted(publish: (publication: PublicationPromise) => void): PublicationPromise {
    const publication = new PublicationPromise(reporter);
    try {
      demandOpen();
      publish(publication);
    } catch (error) {
      publication.refuse(error as Error);
    }
    return publication;
  }

  function demandOpen(): void {
    if (queue.failure !== undefined) throw queue.failure;
    if (closing !== undefined) throw new UsageError('publisher-closed', 'the publisher is closed');
  }

  /** The lower attempt that is open, if one is. */
  function demandNotOpen(chatId: string, stepId: string, attempt: number): OpenStepEntry | undefined {
    const entry = openSteps.get(stepKeyOf(chatId, stepId));
    if (entry === undefined || entry.lane.attempt < attempt) return entry;
    throw new UsageError('step-open', `step ${stepId}: attempt ${entry.lane.attempt} is open`);
  }

  /**
   * Hands an event on, to be numbered. Effects on steps are at once, so that the next call sees them.
   *
   * A stop button's interrupt goes without `producer` and `seq`: it is taken as of the present attempt, which
   * the publisher may not know, and a number of another attempt's series would make it a duplicate there.
   */
  function submit(lane: Lane, wire: WireEvent, publication: PublicationPromise): void {
    noteEffect(wire.event, lane.stepKey, lane);
    const write = (event: Event): WireEvent => writeEvent(event, wireOptions);
    send(wire, lane, publication, write, ({ event, text, bytes }, sent) => {
      queue.add(
        {
          event,
          text,
          delta: limits.coalesceMs > 0 ? mergeableDelta(event) : undefined,
          bytes: bytes + lane.producer.length + lane.key.length + RECORD_FRAMING_BYTES,
          partition: lane.partition,
          key: lane.key,
          stepKey: lane.stepKey,
          lane: isStopButton(event) ? undefined : lane,
        },
        sent,
      );
    });
  }

  function submitAsIs(wire: WireEvent, publication: PublicationPromise): void {
    const { chat_id, step_id, attempt = 0 } = wire.event;
    const lane = lanes.peek(chat_id, step_id, attempt);
    noteEffect(wire.event, stepKeyOf(chat_id, step_id), lane);
    const write = (event: Event): WireEvent => writeEventAsIs(event, wireOptions);
    send(wire, lane, publication, write, (sent, ofSent) => addAsIs(sent, ofSent));
  }

  function addAsIs(
    { event, text, bytes }: WireEvent,
    publication: PublicationPromise,
    onSettled?: () => void,
  ): void {
    const key = encoder.encode(event.chat_id);
    queue.add(
      {
        event,
        text,
        delta: undefined,
        bytes: bytes + key.length + RECORD_FRAMING_BYTES,
        partition: partitionOf(key, log.partitionCount),
        key,
        stepKey: stepKeyOf(event.chat_id, event.step_id),
        lane: undefined,
        ...(onSettled === undefined ? {} : { onSettled }),
      },
      publication,
    );
  }

  /** Adds what may leave of an event. The publication is that of the last of it. */
  function send(
    wire: WireEvent,
    lane: Lane | undefined,
    publication: PublicationPromise,
    write: (event: Event) => WireEvent,
    add: (wire: WireEvent, publication: PublicationPromise) => void,
  ): void {
    if (redact === undefined || wire.event.type === 'heartbeat') {
      add(wire, publication);
      return;
    }
    const { wires, error } = redacted(wire.event, redact, write);
    const last = wires.at(-1);
    const isContent = bareEvent(wire.event) === undefined;
    const isTold = lane?.isRedactionTold === true;
    if (error !== undefined && lane !== undefined) {
      if (isContent && !lane.isRedactionNoted)
        add(write(redactionNote(wire.event)), new PublicationPromise(reporter));
      lane.isRedactionNoted ||= isContent;
      lane.isRedactionTold = true;
    }
    for (const other of wires.slice(0, -1)) {
      const earlier = new PublicationPromise(reporter);
      // A step is open from its start on, not from the last of what `redact` made of that.
      if (other.event.type === wire.event.type) publication.startWith(earlier);
      add(other, earlier);
    }
    if (last !== undefined) {
      add(last, publication);
      if (error !== undefined && !isTold) report(error);
    } else if (error !== undefined) publication.refuse(error, isTold);
    else publication.withhold(new UsageError('event-redacted', `redact withheld a ${wire.event.type} event`));
  }

  /** What an event does to the steps that are held open, as the fold will see it. */
  function noteEffect(event: Event, stepKey: string, lane: Lane | undefined): void {
    const attempt = event.attempt ?? 0;
    const entry = openSteps.get(stepKey);
    if (event.type === 'step-start' || event.type === 'message') {
      // Of the same attempt it is a conflict, of a lower one it comes too late: the open step does not notice.
      if (entry !== undefined && attempt <= entry.lane.attempt) return;
      if (entry !== undefined) closeStep(entry);
      if (event.type === 'message' && lane !== undefined) lane.isEnded = true;
    } else if (surelyEndsStep(event)) {
      const isForAnyAttempt = isStopButton(event);
      if (entry !== undefined && (attempt === entry.lane.attempt || isForAnyAttempt)) {
        closeStep(entry, isForAnyAttempt ? 'user' : undefined);
      }
      // A stop button says nothing about its own attempt, which may not even have been opened yet.
      if (lane !== undefined && !isForAnyAttempt) lane.isEnded = true;
    } else if (entry !== undefined && attempt === entry.lane.attempt) {
      openSteps.touch(entry);
    }
  }

  /** With `ending` somebody else than the step's own stream ends it. */
  function closeStep(entry: OpenStepEntry, ending?: StepEnding): void {
    openSteps.close(entry);
    stepWatch.remove(entry.lane);
    lanes.letGo(entry.lane);
    entry.lane.isEnded = true;
    if (ending !== undefined) abortSignal(entry, ending);
  }

  /** Also for who asks for it later: a step that was stopped has a signal that says so. */
  function abortSignal(entry: OpenStepEntry, ending: StepEnding): void {
    entry.stop ??= new AbortController();
    entry.stop.abort(stepStopped(entry.lane.stepId, ending));
  }

  /** An event of the publisher's own, which is always valid. */
  function publishOwn(lane: Lane, type: 'heartbeat' | 'interrupt', fields: object): void {
    void attempted((publication) => {
      submit(lane, writePlainEvent(stepEvent(lane, nowMicros(), type, fields), wireOptions), publication);
    });
  }

  const sink: StepSink = {
    nowMicros,
    publish(handle, event, isPlain) {
      return attempted((publication) => {
        const { lane, isOpener } = handle;
        const isStop = isStopButton(event);
        // A stop button means whichever attempt is open, and may be pressed again after a retry.
        if (handle.isEnded && (isOpener || !isStop)) throw stepClosedError(lane);
        const wire = (isPlain ? writePlainEvent : writeEvent)(event, wireOptions);
        submit(lane, wire, publication);
        if (isStop && surelyEndsStep(wire.event)) handle.isStopped = true;
      });
    },
  };

  function openStep(given: OpenStepOptions): OpenStep {
    const { chatId, stepId, attempt = 0, at = nowMicros(), ...fields } = given;
    return openStepWith(stepEvent({ chatId, stepId, attempt }, at, 'step-start', wireFields(fields)));
  }

  function openStepWith(given: object): OpenStep {
    demandOpen();
    const wire = writeEvent({ v: 1, at: nowMicros(), ...given, type: 'step-start' }, wireOptions);
    const { chat_id: chatId, step_id: stepId, attempt = 0 } = wire.event;
    const entry = demandNotOpen(chatId, stepId, attempt);
    if (entry === undefined && openSteps.size >= limits.openStepsMax) {
      throw new UsageError('open-steps-full', `${limits.openStepsMax} steps are open, which is the limit`);
    }
    const lane = lanes.laneOf(chatId, stepId, attempt);
    if (lane.isEnded) throw stepClosedError(lane);
    if (entry !== undefined) closeStep(entry);
    const opening = openSteps.open(lane);
    lanes.hold(lane);
    const opened = attempted((publication) => submit(lane, wire, publication));
    return new OpenStepHandle(sink, lane, opened, {
      signal: () => signalOf(opening, opened),
      retry: ({ at = nowMicros(), ...changed }) =>
        openStepWith({ ...given, ...wireFields(changed), at, attempt: lane.attempt + 1 }),
    });
  }

  function signalOf(entry: OpenStepEntry, opened: PublicationPromise): AbortSignal {
    if (entry.stop === undefined) {
      entry.stop = new AbortController();
      opened.listen(({ offset }) => {
        if (openSteps.get(entry.lane.stepKey) === entry) stepWatch.add(entry.lane, offset);
      });
    }
    return entry.stop.signal;
  }

  function close(): Promise<void> {
    if (closing !== undefined) return closing;
    const closed = (closing = new WatchedPromise<void>(reporter));
    openSteps.stop();
    stepWatch.stop();
    const cancelTimeout = runtime.setTimer(limits.closeTimeoutMs, () => {
      queue.fail(
        new TransientError(
          'log-unavailable',
          `the log did not acknowledge ${queue.pendingEvents} events within ${limits.closeTimeoutMs} ms; they may be lost`,
        ),
      );
    });
    queue.flush().then(
      () => {
        cancelTimeout();
        outbox?.close();
        closed.resolve();
      },
      (error: Error) => {
        cancelTimeout();
        outbox?.close();
        closed.reject(error);
      },
    );
    return closed;
  }

  for (const { event, onSettled } of outbox?.recover(nowMicros()) ?? []) {
    attempted((publication) => addAsIs(writeEventAsIs(event, wireOptions), publication, onSettled)).catch(
      (error: Error) => {
        report(error);
        // It cannot be sent under these limits, now or later.
        if (error instanceof UsageError && error.code !== 'publisher-closed') onSettled();
      },
    );
  }

  return {
    producer,
    get droppedEvents() {
      return queue.droppedEvents;
    },
    openStep,
    openStepWith,
    joinStep({ chatId, stepId, attempt = 0 }) {
      demandOpen();
      // Any event tells whether the address is one.
      const probe = writePlainEvent(
        stepEvent({ chatId, stepId, attempt }, nowMicros(), 'heartbeat', {}),
        wireOptions,
      );
      return new StepHandle(sink, lanes.laneOf(probe.event.chat_id, probe.event.step_id, attempt), false);
    },
    message: ({ chatId, stepId, attempt = 0, at = nowMicros(), ...fields }) =>
      attempted((publication) => {
        const event = stepEvent({ chatId, stepId, attempt }, at, 'message', wireFields(fields));
        const wire = writeEvent(event, wireOptions);
        demandNotOpen(chatId, stepId, attempt);
        const lane = lanes.laneOf(chatId, stepId, attempt);
        if (lane.isEnded) throw stepClosedError(lane);
        submit(lane, wire, publication);
      }),
    publish: (event) =>
      attempted((publication) => {
        const given: Partial<EventToPublish> = { ...event };
        const wire = writeEvent({ ...given, v: given.v ?? 1, at: given.at ?? nowMicros() }, wireOptions);
        const { chat_id, step_id, attempt = 0 } = wire.event;
        if (wire.event.producer !== undefined) submitAsIs(wire, publication);
        else submit(lanes.laneOf(chat_id, step_id, attempt), wire, publication);
      }),
    publishAsIs: (event) =>
      attempted((publication) => submitAsIs(writeEventAsIs(event, wireOptions), publication)),
    flush: () => queue.flush(),
    close,
    shutdown() {
      if (closing === undefined) {
        for (const entry of openSteps.entries()) {
          publishOwn(entry.lane, 'interrupt', { reason: 'shutdown' });
          abortSignal(entry, 'shutdown');
        }
      }
      return close();
    },
    [Symbol.asyncDispose]: close,
  };
}

function producerOf({ producer, name = 'publisher', runtime }: PublisherOptions): string {
  const whole = producer ?? `${name}-${randomSuffix(runtime, PRODUCER_SUFFIX_LENGTH)}`;
  if (isId(whole) && whole.length <= PRODUCER_LENGTH_MAX) return whole;
  const option = producer === undefined ? 'name' : 'producer';
  throw new UsageError(
    'bad-configuration',
    `${option} must make a producer id of at most ${PRODUCER_LENGTH_MAX} characters: A–Z a–z 0–9 . _ ~ @ / -`,
  );
}

/** An interrupt by the user: of whichever attempt is the present one. */
function isStopButton(event: { readonly type: EventType; readonly reason?: unknown }): boolean {
  return event.type === 'interrupt' && event.reason === 'user';
}

function stepClosedError(lane: Lane): UsageError {
  return new UsageError('step-closed', `step ${lane.stepId}: attempt ${lane.attempt} has ended`);
}

function codeOf(error: Error): string | undefined {
  return error instanceof StepfoldError ? error.code : undefined;
}
