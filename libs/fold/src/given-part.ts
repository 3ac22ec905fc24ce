import { copyWellFormed, type GivenPart } from '@stepfold/events';
import { mergedMetadata } from './metadata.js';
import { partFields } from './part-fields.js';
import type { PartState } from './state.js';

/**
 * A part of a `message` event as a part of its message: the fields that a stored part of its type has,
 * booleans only when true, and a stamp of creation where the part has none and could have one.
 */
export function givenPart(given: GivenPart, at: number): PartState {
  const source = given as unknown as Readonly<Record<string, unknown>>;
  const part: Record<string, unknown> = { type: given.type, first_event: 1, last_event: 1 };
  for (const name of partFields[given.type]) {
    const value = source[name];
    if (value === undefined || (value === false && !opaque.has(name))) continue;
    part[name] = name === 'metadata' || typeof value === 'number' ? value : copyWellFormed(value as never);
  }
  part['metadata'] = mergedMetadata(undefined, given.metadata);
  if (part['created_at'] === undefined && part['partial'] !== true) part['created_at'] = at;
  return part as unknown as PartState;
}

/** Fields whose value is any JSON, `false` included. */
const opaque: ReadonlySet<string> = new Set(['args', 'result', 'data']);
