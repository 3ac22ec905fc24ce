import type { LogRecord, Position } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';

/**
 * Up to where events are taken: by the time at which they happened, or by their place on the log. Both
 * limits are inclusive. A time leaves events out of the middle; a position cuts.
 */
export type Until = { readonly at: number } | { readonly position: Position };

/** When an event is held to have happened, in microseconds: an interrupt, when it was noticed. */
export function happenedAt(event: Event): number {
  // The fields of an encrypted event have been checked by nobody.
  if (event.type === 'interrupt' && event.enc === undefined) return event.detected_at ?? event.at;
  return event.at;
}

/** Whether the time allows a record. One that is no event has only the time at which the log took it. */
export function isInTime(until: Until | undefined, record: LogRecord, event: Event | undefined): boolean {
  if (until === undefined || 'position' in until) return true;
  return (event === undefined ? record.appendedAtMs * 1000 : happenedAt(event)) <= until.at;
}

/**
 * The offset to stop before, for a log that ends at `end`.
 * @throws UsageError if the position is one of another partition
 */
export function endOffset(until: Until | undefined, partition: number, end: number): number {
  if (until === undefined || 'at' in until) return end;
  if (until.position.partition !== partition) {
    throw new UsageError(
      'bad-usage',
      `position ${until.position.partition}:${until.position.offset} is not of partition ${partition}, in which the chat is`,
    );
  }
  return Math.min(end, until.position.offset + 1);
}
