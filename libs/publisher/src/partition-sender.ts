import type { EventLog, Position, RecordToAppend } from '@stepfold/event-log';
import { retryTransient, UsageError, type Logger, type Runtime } from '@stepfold/runtime';
import type { PublisherLimits } from './publisher-limits.js';
import type { QueuedEvent } from './queued-event.js';

/**
 * Sends the events of one partition.
 *
 * 1. One send is in flight at a time.
 * 2. A send that failed is repeated, the same bytes, before anything later of the partition: whatever of it
 *    had arrived is recognised by `producer` and `seq`, and what comes later never arrives first.
 * 3. `seq` is given once, when an event is cut into a batch, if an outbox has not done so before. Nothing about it
 *    changes from there on.
 */
export interface PartitionSender {
  push(event: QueuedEvent): void;
  /** Those that were pushed and are not settled. */
  unsettled(): readonly QueuedEvent[];
}

export interface PartitionSenderOptions {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly partition: number;
  readonly limits: PublisherLimits;
  /** Ends the repetitions; what is unsettled then stays so. */
  readonly signal: AbortSignal;
  /** The event has its number and leaves. */
  readonly onDeparture: (event: QueuedEvent) => void;
  /** The log has acknowledged these, or refused them for good. In the order in which they were pushed. */
  readonly onSettled: (events: readonly QueuedEvent[], outcomes: readonly (Position | Error)[]) => void;
  /** The log failed in a way that repeating does not mend. */
  readonly onFailure: (error: Error) => void;
}

interface Batch {
  readonly events: readonly QueuedEvent[];
  readonly records: readonly RecordToAppend[];
}

export function createPartitionSender(options: PartitionSenderOptions): PartitionSender {
  const { log, runtime, logger, partition, limits, signal } = options;
  const encoder = new TextEncoder();
  let queue: QueuedEvent[] = [];
  let head = 0;
  let inFlight: readonly QueuedEvent[] = [];
  let isSending = false;

  async function sendAll(): Promise<void> {
    // What the caller publishes in one go travels together.
    await Promise.resolve();
    while (head < queue.length && !signal.aborted) {
      const batch = cutBatch();
      inFlight = batch.events;
      await send(batch);
    }
  }

  function cutBatch(): Batch {
    const events: QueuedEvent[] = [];
    const records: RecordToAppend[] = [];
    let bytes = 0;
    while (head < queue.length && events.length < limits.batchRecordsMax) {
      const event = queue[head]!;
      if (events.length > 0 && bytes + event.bytes > limits.batchBytesMax) break;
      head++;
      bytes += event.bytes;
      options.onDeparture(event);
      events.push(event);
      records.push({ key: event.key, value: encoder.encode(event.number()) });
    }
    if (head === queue.length) {
      queue = [];
      head = 0;
    } else if (head * 2 >= queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
    return { events, records };
  }

  async function send({ events, records }: Batch): Promise<void> {
    let firstOffset: number;
    try {
      ({ firstOffset } = await retryTransient(() => log.append('events', partition, records), {
        runtime,
        signal,
        initialDelayMs: limits.retryDelayMinMs,
        maximalDelayMs: limits.retryDelayMaxMs,
        onRetry: (error, attempt) =>
          logger.warn(
            { partition, events: events.length, attempt, code: error.code },
            'the log did not take events; sending them again',
          ),
      }));
    } catch (error) {
      // Given up by the whole publisher: whoever did so has told everybody.
      if (signal.aborted) return;
      if (!isRefusal(error)) throw error;
      if (events.length === 1) {
        settle(events, [error]);
        return;
      }
      // One of them is the cause, and nothing was appended. Alone, only that one is refused.
      for (const [index, event] of events.entries()) {
        await send({ events: [event], records: [records[index]!] });
        if (signal.aborted) return;
      }
      return;
    }
    if (signal.aborted) return;
    settle(
      events,
      events.map((_, index) => ({ partition, offset: firstOffset + index })),
    );
  }

  function settle(events: readonly QueuedEvent[], outcomes: readonly (Position | Error)[]): void {
    inFlight = inFlight.slice(events.length);
    options.onSettled(events, outcomes);
  }

  function start(): void {
    if (isSending || signal.aborted) return;
    isSending = true;
    sendAll().then(
      () => {
        isSending = false;
        // Something may have come after the last look and before this.
        if (head < queue.length) start();
      },
      (cause: unknown) => {
        isSending = false;
        options.onFailure(cause instanceof Error ? cause : new Error('the log failed', { cause }));
      },
    );
  }

  return {
    push(event) {
      queue.push(event);
      start();
    },
    unsettled: () => [...inFlight, ...queue.slice(head)],
  };
}

function isRefusal(error: unknown): error is UsageError {
  return error instanceof UsageError && error.code === 'event-oversize';
}
