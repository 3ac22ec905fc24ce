import { type Event, type EventOf, utf8Length } from '@stepfold/events';

/** An event that more text can be added to. */
export type Delta = EventOf<'text-delta' | 'reasoning-delta' | 'tool-input-delta'>;

/** Room for `until` and `merged`, which the first merging adds to an event. */
export const MERGED_FIELDS_BYTES = 64;

/** What a merged event may consist of: a delta with any other field is somebody's own and stays as it is. */
const mergeableFields = new Set([
  'v',
  'chat_id',
  'step_id',
  'attempt',
  'at',
  'type',
  'id',
  'tool_call_id',
  'text',
  'metadata',
  'until',
  'merged',
]);

/** The event as a delta that may be merged with others, if it is one. */
export function mergeableDelta(event: Event): Delta | undefined {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
      return Object.keys(event).every((name) => mergeableFields.has(name)) ? event : undefined;
    default:
      return undefined;
  }
}

/**
 * True if `later` can be taken into `first` without any trace in the message but the count of events: the
 * same block of the same attempt, and no metadata that would have to be merged.
 */
export function canMerge(first: Delta, later: Delta): boolean {
  return (
    first.type === later.type &&
    blockIdOf(first) === blockIdOf(later) &&
    first.chat_id === later.chat_id &&
    first.step_id === later.step_id &&
    (first.attempt ?? 0) === (later.attempt ?? 0) &&
    !('metadata' in later)
  );
}

/** The one delta that stands for two: it happened from the first's `at` until the last's. */
export function mergeDeltas(first: Delta, later: Delta): Delta {
  return {
    ...first,
    text: first.text + later.text,
    until: later.until ?? later.at,
    merged: (first.merged ?? 1) + (later.merged ?? 1),
  };
}

/** By how many bytes a delta grows at most when `later` is merged into it. */
export function mergedGrowthBytes(first: Delta, later: Delta): number {
  return utf8Length(JSON.stringify(later.text)) + (first.merged === undefined ? MERGED_FIELDS_BYTES : 0);
}

function blockIdOf(delta: Delta): string {
  return delta.type === 'tool-input-delta' ? delta.tool_call_id : delta.id;
}
