import type { Event } from '@stepfold/events';
import type { Outcome } from './acceptance.js';
import { evolve } from './evolve.js';
import { mergeMetadata, type OwnMetadata } from './metadata.js';
import { partFields } from './part-fields.js';
import type { PartState, StepState } from './state.js';
import { partField } from './to-message.js';

/** What one event did to one part. */
export interface PartChange {
  readonly outcome: Outcome;
  /** The event was accepted and touched the part: its `last_event` is this event. */
  readonly isTouched: boolean;
  /**
   * The fields that have a value now and had none or another one, and those that have lost theirs, in the
   * order of the document. Not `type`, `first_event` and `last_event`: they follow from the list of events.
   */
  readonly fields: readonly string[];
}

/**
 * Folds an event as `evolve` does, and answers what became of the part at `index` by it. Costs what the event
 * costs and not what the part does: a text that has grown is not read.
 */
export function evolvePart(state: StepState, event: Event, index: number, recordBytes?: number): PartChange {
  const former = state.parts[index];
  const before = former && fieldsOf(former);
  // Set aside, so that what the event brings can be told from what was there: it is merged in place.
  const metadata = former?.metadata;
  if (former !== undefined) former.metadata = undefined;
  const outcome = evolve(state, event, recordBytes);
  const added = former?.metadata;
  const changesMetadata = former !== undefined && hasNews(metadata, added);
  if (former !== undefined) former.metadata = mergeMetadata(metadata, added);

  const part = state.parts[index];
  if (outcome !== 'accepted' || part?.last_event !== state.events) {
    return { outcome, isTouched: false, fields: [] };
  }
  // The event may have opened another attempt, whose parts have no past.
  const past = part === former ? before : undefined;
  const fields = namesOf(part).filter((name) => {
    if (name === 'metadata' && past !== undefined) return changesMetadata;
    return !isSame(past?.get(name), partField(part, name));
  });
  return { outcome, isTouched: true, fields };
}

function namesOf(part: PartState): readonly string[] {
  return partFields[part.type].filter((name) => name !== 'first_event' && name !== 'last_event');
}

function fieldsOf(part: PartState): ReadonlyMap<string, unknown> {
  return new Map(namesOf(part).map((name) => [name, partField(part, name)]));
}

function hasNews(own: OwnMetadata | undefined, added: OwnMetadata | undefined): boolean {
  return Object.entries(added ?? {}).some(([provider, entries]) => {
    const present = own !== undefined && Object.hasOwn(own, provider) ? own[provider] : undefined;
    return Object.entries(entries).some(
      ([key, value]) => present === undefined || !Object.hasOwn(present, key) || !isSame(present[key], value),
    );
  });
}

/** Whether two values are one in the document. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // A text that has grown differs by its length, so only what was written anew is read.
  if (typeof a === 'string' && typeof b === 'string') {
    return a.length === b.length && a.toWellFormed() === b.toWellFormed();
  }
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return JSON.stringify(a) === JSON.stringify(b);
}
