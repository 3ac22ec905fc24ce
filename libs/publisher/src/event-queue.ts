import type { EventLog, Position } from '@stepfold/event-log';
import { TransientError, type Logger, type Runtime } from '@stepfold/runtime';
import { canMerge, mergeDeltas, mergedGrowthBytes } from './coalescing.js';
import { rankOf } from './event-rank.js';
import { createFlushBarriers, type FlushBarrier } from './flush-barriers.js';
import type { Outbox } from './outbox.js';
import { createPartitionSender, type PartitionSender } from './partition-sender.js';
import type { PublicationPromise } from './publication.js';
import { partitionShare, type PublisherLimits } from './publisher-limits.js';
import { QueuedEvent, type NewEvent } from './queued-event.js';
import { createQueueRoom, type QueueRoomLimits } from './queue-room.js';
import { WatchedPromise, type Reporter } from './watched-promise.js';

/**
 * The way of an event from its caller to the log.
 *
 * 1. Order: the events of a step leave in the order in which they were published.
 * 2. Nothing that was taken is dropped: it is acknowledged, or its error is told.
 * 3. Bounded: what was taken and is not settled stays within the limits. The rest waits, and with it whoever
 *    awaits; or, if the caller chose so, it is dropped, and the message says that something is missing. Then what ends
 *    a step may go above the limits, by the excess, which is limited too. What was recovered comes on top: it is taken
 *    at once, before anything else.
 * 4. A delta is merged only into the last event of its step that is in the queue, and only if no flush lies
 *    between the two.
 */
export interface EventQueue {
  /** Takes the event when there is room, and tells the publication. */
  add(event: NewEvent, publication: PublicationPromise): void;
  /**
   * Resolves when everything that was added so far is acknowledged, with the last position of every partition
   * that was written to. Held deltas leave at once.
   */
  flush(): Promise<readonly Position[]>;
  /** Events that were added and are not settled. */
  readonly pendingEvents: number;
  /** Events that found no room and were not taken, but for heartbeats. */
  readonly droppedEvents: number;
  /** Why nothing can be published any more. */
  readonly failure: Error | undefined;
  /** Gives up: everything that is pending is rejected. */
  fail(error: Error): void;
}

export function createEventQueue(options: {
  readonly log: EventLog;
  readonly limits: PublisherLimits;
  readonly logger: Logger;
  readonly reporter: Reporter;
  readonly whenFull: 'wait' | 'drop';
  /** Does not throw. */
  readonly outbox: Outbox | undefined;
}): EventQueue {
  const { log, limits, logger, reporter, whenFull, outbox } = options;
  const runtime: Runtime = reporter.runtime;
  const { partitionCount } = log;
  const room = createQueueRoom(
    roomLimits(limits.queueEventsMax, limits.queueBytesMax),
    roomLimits(limits.queueExcessEventsMax, limits.queueExcessBytesMax),
  );
  const barriers = createFlushBarriers();
  const senders = new Map<number, PartitionSender>();
  const lastOffsets = new Map<number, number>();
  const giveUp = new AbortController();
  const waiting = new Set<PublicationPromise>();
  /** The last event of each step in the queue, where it is a delta that can still grow. */
  const tails = new Map<string, QueuedEvent>();
  /** Those of them that are held back. */
  const held = new Set<QueuedEvent>();
  const mergedBytesMax = Math.min(limits.batchBytesMax, limits.eventBytesMax);
  let pendingEvents = 0;
  let droppedEvents = 0;
  let isOverrunTold = false;
  let failure: Error | undefined;

  function roomLimits(eventsMax: number, bytesMax: number): QueueRoomLimits {
    return {
      eventsMax,
      bytesMax,
      partitionEventsMax: partitionShare(eventsMax, partitionCount),
      partitionBytesMax: partitionShare(bytesMax, partitionCount),
    };
  }

  function enqueue(event: NewEvent, publication: PublicationPromise, barrier: FlushBarrier): void {
    const tail = tails.get(event.stepKey);
    if (tail !== undefined) {
      if (merge(tail, event, barrier)) {
        publication.take(tail);
        return;
      }
      tails.delete(event.stepKey);
      release(tail);
    }
    const queued = new QueuedEvent(event, barrier);
    if (queued.gapBefore > 0) {
      const { chatId, stepId } = event.lane!;
      logger.warn(
        { chatId, stepId, dropped: queued.gapBefore },
        'events were dropped because the queue was full',
      );
    }
    // Before the caller goes on: what was taken survives the process.
    queued.onSettled ??= outbox?.keep(event.event, queued.number());
    if (queued.delta !== undefined) tails.set(event.stepKey, queued);
    // Somebody waits, for a flush or for room: then holding back would only make that longer.
    if (queued.delta === undefined || barrier.isClosed || room.waiting > 0) push(queued);
    else hold(queued);
    publication.take(queued);
  }

  /**
   * There is no room, and nobody is to wait. Told is the first of each gap, and whatever leaves a step open. The number is
   * used up where something is missing in the message then.
   */
  function drop({ lane, event, stepKey }: NewEvent, publication: PublicationPromise): void {
    const { type, step_id: stepId } = event;
    const refuse = (what: string, isTold: boolean): void => {
      const text = `the queue is full: ${what} was dropped of step ${stepId}`;
      publication.refuse(new TransientError('event-dropped', text), !isTold);
    };
    if (type === 'heartbeat') {
      refuse('a heartbeat', false);
      return;
    }
    droppedEvents++;
    const tail = tails.get(stepKey);
    if (tail !== undefined) {
      tails.delete(stepKey);
      release(tail);
    }
    const wasLost = lane?.isLost === true;
    if (lane !== undefined && type === 'step-start' && !lane.isStarted) {
      lane.isLost = true;
      refuse('the whole step', !wasLost);
    } else if (lane !== undefined && type === 'message') {
      // It may be published again.
      lane.isEnded = false;
      refuse('the whole message', true);
    } else {
      const isFirst = lane === undefined || lane.droppedEvents === 0;
      if (lane !== undefined) lane.droppedEvents++;
      const isEnd = rankOf(event) === 'vital';
      refuse(isEnd ? 'an end' : `a ${type} event`, !wasLost && (isFirst || isEnd));
    }
  }

  /** Takes the event if there is room for it, and a step to which it can belong. */
  function tryTake({ lane, event, partition, bytes }: NewEvent): boolean {
    const isOpening = event.type === 'step-start' || event.type === 'message';
    if (lane?.isLost === true && !isOpening) return false;
    if (!room.tryTake(partition, bytes, rankOf(event))) return false;
    if (lane !== undefined && event.type === 'step-start') {
      lane.isStarted = true;
      lane.isLost = false;
    }
    return true;
  }

  function merge(tail: QueuedEvent, event: NewEvent, barrier: FlushBarrier): boolean {
    const first = tail.delta;
    if (first === undefined || event.delta === undefined) return false;
    if (tail.barrier !== barrier || !canMerge(first, event.delta)) return false;
    const growthBytes = mergedGrowthBytes(first, event.delta);
    if (tail.bytes + growthBytes > mergedBytesMax) return false;
    tail.delta = mergeDeltas(first, event.delta);
    tail.text = undefined;
    tail.bytes += growthBytes;
    forget(event, barrier);
    room.release(event.partition, 1, event.bytes - growthBytes);
    return true;
  }

  /** One event less to wait for. */
  function forget(event: NewEvent | QueuedEvent, barrier: FlushBarrier, error?: Error): void {
    pendingEvents--;
    if (event.lane !== undefined) event.lane.pendingEvents--;
    barriers.settle(barrier, error);
  }

  function hold(queued: QueuedEvent): void {
    held.add(queued);
    queued.cancelHold = runtime.setTimer(limits.coalesceMs, () => release(queued));
  }

  function release(queued: QueuedEvent): void {
    if (!held.delete(queued)) return;
    queued.cancelHold?.();
    push(queued);
  }

  function releaseAll(): void {
    for (const queued of held) release(queued);
  }

  function push(queued: QueuedEvent): void {
    let sender = senders.get(queued.partition);
    if (sender === undefined) {
      sender = createPartitionSender({
        log,
        runtime,
        logger,
        limits,
        partition: queued.partition,
        signal: giveUp.signal,
        onDeparture(departing) {
          if (departing.delta !== undefined && tails.get(departing.stepKey) === departing) {
            tails.delete(departing.stepKey);
          }
        },
        onSettled,
        onFailure(error) {
          logger.error({ error: error.name, partition: queued.partition }, 'the log failed for good');
          reporter.report(error);
          fail(error);
        },
      });
      senders.set(queued.partition, sender);
    }
    sender.push(queued);
  }

  function onSettled(events: readonly QueuedEvent[], outcomes: readonly (Position | Error)[]): void {
    let [roomEvents, roomBytes] = [0, 0];
    for (const [index, event] of events.entries()) {
      const outcome = outcomes[index]!;
      const error = outcome instanceof Error ? outcome : undefined;
      if (event.takesRoom) {
        roomEvents++;
        roomBytes += event.bytes;
      }
      event.onSettled?.();
      if (!(outcome instanceof Error)) lastOffsets.set(outcome.partition, outcome.offset);
      const isTold = event.settle(outcome);
      if (error !== undefined && !isTold) reporter.report(error);
      forget(event, event.barrier, error);
    }
    room.release(events[0]!.partition, roomEvents, roomBytes);
  }

  function fail(error: Error): void {
    if (failure !== undefined) return;
    failure = error;
    giveUp.abort(error);
    room.clear();
    for (const queued of held) {
      queued.cancelHold?.();
      queued.settle(error, true);
    }
    for (const sender of senders.values()) {
      for (const queued of sender.unsettled()) queued.settle(error, true);
    }
    for (const publication of waiting) publication.refuse(error, true);
    held.clear();
    tails.clear();
    waiting.clear();
    senders.clear();
    barriers.fail(error);
  }

  return {
    add(event, publication) {
      if (failure !== undefined) {
        publication.refuse(failure);
        return;
      }
      const isRecovered = event.onSettled !== undefined;
      const mayDrop = whenFull === 'drop' && !isRecovered;
      if (mayDrop && !tryTake(event)) {
        drop(event, publication);
        return;
      }
      const barrier = barriers.present;
      barrier.pendingEvents++;
      pendingEvents++;
      if (event.lane !== undefined) event.lane.pendingEvents++;
      if (mayDrop || isRecovered) {
        enqueue(event, publication, barrier);
        return;
      }
      let isTaken = false;
      room.take(event.partition, event.bytes, () => {
        isTaken = true;
        waiting.delete(publication);
        enqueue(event, publication, barrier);
      });
      if (isTaken) return;
      waiting.add(publication);
      releaseAll();
      if (room.waiting <= limits.queueEventsMax || isOverrunTold) return;
      isOverrunTold = true;
      logger.warn(
        { waiting: room.waiting, queueEventsMax: limits.queueEventsMax },
        'events are published faster than the log takes them, and nobody awaits: memory grows',
      );
    },
    flush() {
      const flushed = new WatchedPromise<readonly Position[]>(reporter);
      if (failure !== undefined) {
        flushed.reject(failure, true);
        return flushed;
      }
      barriers.close(
        () => {
          const positions = [...lastOffsets].map(([partition, offset]) => ({ partition, offset }));
          flushed.resolve(positions.sort((a, b) => a.partition - b.partition));
        },
        (error) => flushed.reject(error, error === failure),
      );
      releaseAll();
      return flushed;
    },
    get pendingEvents() {
      return pendingEvents;
    },
    get droppedEvents() {
      return droppedEvents;
    },
    get failure() {
      return failure;
    },
    fail,
  };
}
