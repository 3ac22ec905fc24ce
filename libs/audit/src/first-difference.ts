import { messageToJson, type CreateSha256, type Message } from '@stepfold/fold';
import type { JsonValue } from '@stepfold/events';
import { sha256Hex } from './stored-message.js';

/** The first place at which two messages differ. A side that lacks the field has no value. */
export interface MessageDifference {
  /** Such as `parts[3].created_at` or `parts[0].args["a b"]`. */
  readonly path: string;
  /** As in the JSON form: stamps are text. Large values are shortened. */
  readonly expected?: JsonValue;
  readonly stored?: JsonValue;
}

/** Fields whose values are the application's own JSON: a key `at` in them is no stamp. */
const opaqueNames: ReadonlySet<string> = new Set(['args', 'result', 'data', 'metadata', 'usage']);

/** Longest JSON text of a value that is shown as it is. */
const SHOWN_LENGTH_MAX = 1_000;
/** What is shown of a long text, and how much of that lies before the difference. */
const EXCERPT_LENGTH = 200;
const EXCERPT_LENGTH_BEFORE = 40;

/**
 * Compares a stored message, which may hold anything, with the one that the log yields, field by field.
 * The order of the keys of an object means nothing, −0 is 0, and an undefined field is absent, as in
 * JSON. `fold_version` comes first: where it differs, nothing else says anything.
 */
export function firstDifference(
  expected: Message,
  stored: unknown,
  createSha256: CreateSha256,
): MessageDifference | undefined {
  const found = compare(expected, stored, { path: '', name: '', isOpaque: false });
  if (found === undefined) return undefined;
  const { place, left, right } = found;
  const at = typeof left === 'string' && typeof right === 'string' ? firstDifferentUnit(left, right) : 0;
  return {
    path: place.path,
    ...(left === undefined ? {} : { expected: shown(left, place, at, createSha256) }),
    ...(right === undefined ? {} : { stored: shown(right, place, at, createSha256) }),
  };
}

interface Place {
  readonly path: string;
  /** The last name of the path. */
  readonly name: string;
  readonly isOpaque: boolean;
}

interface Found {
  readonly place: Place;
  readonly left: unknown;
  readonly right: unknown;
}

function compare(left: unknown, right: unknown, place: Place): Found | undefined {
  if (left === right) return undefined;
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      const inner = { ...place, path: `${place.path}[${i}]`, name: String(i) };
      const found = compare(left[i], right[i], inner);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(left) || !isObject(right)) return { place, left, right };
  const names = new Set(['fold_version', ...Object.keys(left), ...Object.keys(right)]);
  for (const name of names) {
    const found = compare(own(left, name), own(right, name), innerPlace(place, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that the object itself has: `__proto__` is a key like any other. */
function own(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function innerPlace(place: Place, name: string): Place {
  const isPlain = /^[A-Za-z_]\w*$/.test(name);
  const link = isPlain ? (place.path === '' ? name : `.${name}`) : `[${JSON.stringify(name)}]`;
  return { path: place.path + link, name, isOpaque: place.isOpaque || opaqueNames.has(name) };
}

function firstDifferentUnit(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

/** A value as the JSON form has it, shortened if it is large; of a text, what lies around `at`. */
function shown(value: unknown, place: Place, at: number, createSha256: CreateSha256): JsonValue {
  const json = place.isOpaque ? value : withTextStamps(value, place.name);
  const text = JSON.stringify(json) ?? 'null';
  if (text.length <= SHOWN_LENGTH_MAX) return JSON.parse(text) as JsonValue;
  if (typeof json === 'string') return excerpt(json, at);
  const bytes = new TextEncoder().encode(text).byteLength;
  return { $elided: { bytes, sha256: sha256Hex(createSha256, text) } };
}

function withTextStamps(value: unknown, name: string): unknown {
  if (typeof value !== 'number' && (typeof value !== 'object' || value === null)) return value;
  try {
    return (messageToJson({ [name]: value } as unknown as Message) as unknown as Record<string, unknown>)[
      name
    ];
  } catch {
    // A stored stamp that is no time is shown as it is.
    return value;
  }
}

function excerpt(text: string, at: number): string {
  const start = Math.max(0, at - EXCERPT_LENGTH_BEFORE);
  const end = start + EXCERPT_LENGTH;
  const middle = text.slice(start, end).toWellFormed();
  return `${start > 0 ? '…' : ''}${middle}${end < text.length ? '…' : ''}`;
}
