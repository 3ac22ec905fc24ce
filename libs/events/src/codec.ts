import type { EventProblem } from './dead-letter-code.js';
import { crossFieldProblem, encryptedEventSchemas, eventSchemas, eventTypes, type Event } from './event.js';
import { isCount, isId, isProviderId, isStamp } from './fields.js';
import { isNestedDeeper } from './json-value.js';
import { ATTEMPT_MAX, EVENT_BYTES_MAX, EVENT_DEPTH_MAX } from './limits.js';
import type { Upcasters } from './upcasters.js';

/** The schema version that this code writes. */
const PRESENT_VERSION = 1;

export type DecodedEvent =
  { readonly ok: true; readonly event: Event } | ({ readonly ok: false } & EventProblem);

export interface EventCodec {
  /**
   * Reads one record value. Never throws. The event is the parsed JSON itself, unknown fields included:
   * whoever forwards it forwards everything.
   */
  decode(value: Uint8Array): DecodedEvent;
  /** The same for a value that is parsed already, whatever its size. */
  check(raw: unknown): DecodedEvent;
  encode(event: Event): Uint8Array;
}

export interface EventCodecOptions {
  /** Largest accepted value in bytes. Default 8 MiB. */
  readonly eventBytesMax?: number;
  readonly upcasters?: Upcasters;
}

export function createEventCodec(options: EventCodecOptions = {}): EventCodec {
  const { eventBytesMax = EVENT_BYTES_MAX, upcasters = {} } = options;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const encoder = new TextEncoder();

  function decode(value: Uint8Array): DecodedEvent {
    if (value.byteLength > eventBytesMax) {
      return problem(
        'oversize',
        `the event has ${value.byteLength} bytes; at most ${eventBytesMax} are taken`,
      );
    }
    let text: string;
    try {
      text = decoder.decode(value);
    } catch {
      return problem('bad-json', 'the event is not valid UTF-8');
    }
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch {
      // The parser's own message quotes the text, which may be anybody's words.
      return problem('bad-json', 'the event is not valid JSON');
    }
    return check(raw);
  }

  function check(raw: unknown): DecodedEvent {
    return isPlainEvent(raw) ? { ok: true, event: raw } : checkWithSchema(raw, upcasters);
  }

  return { decode, check, encode: (event) => encoder.encode(JSON.stringify(event)) };
}

const standardCodec = createEventCodec();

/** Reads one record value with the standard limits and no upcasters. */
export const decodeEvent = standardCodec.decode;
/** One event as one line of UTF-8 JSON, without framing. */
export const encodeEvent = standardCodec.encode;

/** Everything there is to check about an event that is not a plain one. */
export function checkWithSchema(raw: unknown, upcasters: Upcasters = {}): DecodedEvent {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return problem('bad-event', 'the event is not a JSON object');
  }
  let object = raw as Record<string, unknown>;
  const version = object['v'];
  if (version === undefined) return problem('bad-event', 'v: is missing');
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    return problem('bad-event', 'v: must be a whole number');
  }
  for (let reached = version; reached !== PRESENT_VERSION; reached++) {
    const upcaster = Object.hasOwn(upcasters, reached) ? upcasters[reached] : undefined;
    if (upcaster === undefined || reached > PRESENT_VERSION) {
      return problem('unknown-version', `v: version ${version} is not known here; ${PRESENT_VERSION} is`);
    }
    object = { ...upcaster(object), v: reached + 1 };
  }
  const type = object['type'];
  if (type === undefined) return problem('bad-event', 'type: is missing');
  if (typeof type !== 'string') return problem('bad-event', 'type: must be a string');
  const known = eventTypes.find((candidate) => candidate === type);
  if (known === undefined) {
    // Shown only if it looks like the name of a type: anything else may be anybody's words.
    const shown = /^[\w.-]{1,64}$/.test(type) ? JSON.stringify(type) : 'the given one';
    return problem('unknown-type', `type: ${shown} is no event type of version 1`);
  }
  const schema = object['enc'] === undefined ? eventSchemas[known] : encryptedEventSchemas[known];
  const checked = schema.safeParse(object);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const path = issue?.path
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
      .join('');
    return problem(
      'bad-event',
      `${path?.replace(/^\./, '') || 'the event'}: ${issue?.message ?? 'is invalid'}`,
    );
  }
  if (isNestedDeeper(object, EVENT_DEPTH_MAX)) {
    return problem('bad-event', `the event: is nested more than ${EVENT_DEPTH_MAX} levels deep`);
  }
  const crossField = crossFieldProblem(object);
  if (crossField !== undefined) return problem('bad-event', `${crossField[0]}: ${crossField[1]}`);
  // The object itself and not the schema's copy, which lacks unknown fields and every key `__proto__`.
  return { ok: true, event: object as unknown as Event };
}

/**
 * Nearly all events are deltas, or begin or end something. This says yes to those with nothing unusual about them, for
 * a fraction of the schema's cost; everything else, bad or merely rare, is left to the schema. So it may refuse too
 * much, never accept too much: a property test holds the two against each other.
 */
export function isPlainEvent(raw: unknown): raw is Event {
  if (typeof raw !== 'object' || raw === null) return false;
  const event = raw as Record<string, unknown>;
  if (
    event['v'] !== PRESENT_VERSION ||
    !isId(event['chat_id']) ||
    !isId(event['step_id']) ||
    !isStamp(event['at'])
  ) {
    return false;
  }
  const ownFields = plainOwnFields(event);
  if (ownFields === undefined) return false;
  const { attempt, producer, seq } = event;
  if (attempt !== undefined && !(isCount(attempt) && attempt <= ATTEMPT_MAX)) return false;
  if (producer === undefined ? seq !== undefined : !(isId(producer) && isCount(seq))) return false;
  // Any field beyond these (`metadata`, `enc`, one that nobody knows) is for the schema.
  const fields = 5 + ownFields + (attempt === undefined ? 0 : 1) + (producer === undefined ? 0 : 2);
  return Object.keys(event).length === fields;
}

/** How many fields of its type a plain event has; undefined if they are not all right, or for the schema to judge. */
function plainOwnFields(event: Record<string, unknown>): number | undefined {
  switch (event['type']) {
    case 'text-delta':
    case 'reasoning-delta':
      return isProviderId(event['id']) ? plainDeltaFields(event) : undefined;
    case 'tool-input-delta':
      return isProviderId(event['tool_call_id']) ? plainDeltaFields(event) : undefined;
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
      return isProviderId(event['id']) ? 1 : undefined;
    case 'tool-input-start': {
      const { tool_call_id, tool_name } = event;
      if (!isProviderId(tool_call_id)) return undefined;
      if (tool_name === undefined) return 1;
      return isProviderId(tool_name) ? 2 : undefined;
    }
    case 'tool-input-end':
    case 'tool-execution-start':
      return isProviderId(event['tool_call_id']) ? 1 : undefined;
    case 'heartbeat':
    case 'step-end':
      return 0;
    default:
      return undefined;
  }
}

function plainDeltaFields({ text, until, merged }: Record<string, unknown>): number | undefined {
  if (typeof text !== 'string') return undefined;
  if (!(until === undefined || isStamp(until)) || !(merged === undefined || isCount(merged)))
    return undefined;
  return 2 + (until === undefined ? 0 : 1) + (merged === undefined ? 0 : 1);
}

function problem(code: EventProblem['code'], detail: string): DecodedEvent {
  return { ok: false, code, detail };
}
