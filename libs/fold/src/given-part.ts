import { copyWellFormed, type GivenPart, type JsonValue } from '@stepfold/events';
import type { Approval } from './message.js';
import { mergeMetadata } from './metadata.js';
import { partFields } from './part-fields.js';
import type { PartState } from './state.js';

/**
 * A part of a `message` event as a part of its message: the fields that a part of its type can be given,
 * booleans only when true, and a stamp of creation where the part has none and could have one.
 */
export function givenPart(given: GivenPart, at: number): PartState {
  const source = given as unknown as Readonly<Record<string, JsonValue | undefined>>;
  const part: Record<string, unknown> = { type: given.type };
  for (const name of partFields[given.type]) {
    const value = source[name];
    if (value === undefined || ofTheFold.has(name) || (value === false && !opaque.has(name))) continue;
    part[name] = copyWellFormed(value);
  }
  if (given.type === 'tool-call' && given.approval !== undefined)
    part['approval'] = givenApproval(given.approval);
  part['metadata'] = mergeMetadata(undefined, given.metadata);
  part['first_event'] = part['last_event'] = 1;
  if (part['created_at'] === undefined && part['partial'] !== true) part['created_at'] = at;
  return part as unknown as PartState;
}

type GivenApproval = NonNullable<Extract<GivenPart, { type: 'tool-call' }>['approval']>;

function givenApproval(given: GivenApproval): Approval {
  const { approval_id, state, automatic, reason, requested_at, responded_at } = given;
  return {
    approval_id: approval_id.toWellFormed(),
    state,
    ...(automatic === true ? { automatic } : {}),
    ...(reason === undefined ? {} : { reason: reason.toWellFormed() }),
    ...(requested_at === undefined ? {} : { requested_at }),
    ...(responded_at === undefined ? {} : { responded_at }),
  };
}

/** Fields that are not for the giver to say, or that are read one by one: the schema has not looked inside. */
const ofTheFold: ReadonlySet<string> = new Set([
  'first_event',
  'last_event',
  'input_open',
  'approval',
  'metadata',
]);

/** Fields whose value is any JSON, `false` included. */
const opaque: ReadonlySet<string> = new Set(['args', 'result', 'data']);
