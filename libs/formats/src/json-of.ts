import { JSON_DEPTH_MAX, jsonProblem, setOwn, type JsonValue } from '@stepfold/events';
import { base64Of, bytesOf } from './bytes.js';

/**
 * What a provider gave, as JSON that may stand in an event. What is valid already is answered as it is,
 * not copied. What is not keeps as much as JSON can say:
 *
 * - a container below the deepest level becomes its JSON text (a string);
 * - `NaN` and the infinities become their names, large bigints their digits;
 * - bytes become base64, dates and URLs what their `toJSON` says, errors an object with name and message,
 *   maps and sets arrays;
 * - `undefined`, functions and symbols become null in an array and are left out of an object;
 * - a reference back to an object around it becomes `"[circular]"`.
 *
 * @param levels how many levels of nesting are left: 64 for a field of an event, less for what is put inside
 */
export function jsonOf(value: unknown, levels = JSON_DEPTH_MAX): JsonValue {
  if (jsonProblem(value, JSON_DEPTH_MAX - levels + 1) === undefined) return value as JsonValue;
  return repaired(value, levels, []);
}

function repaired(value: unknown, levels: number, around: readonly object[]): JsonValue {
  if (typeof value !== 'object' || value === null) return scalarOf(value);
  if (around.includes(value)) return CIRCULAR;
  const plain = plainOf(value);
  if (typeof plain !== 'object' || plain === null) return scalarOf(plain);
  if (levels <= 0) return jsonText(plain);
  const within = [...around, value];
  if (Array.isArray(plain)) return Array.from(plain, (item) => repaired(item, levels - 1, within));
  const object: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(plain)) {
    if (!isAbsent(item)) setOwn(object, key, repaired(item, levels - 1, within));
  }
  return object;
}

/** True for what has more levels of nesting than a field of an event may have. */
export function isTooDeep(value: unknown, levels = JSON_DEPTH_MAX): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels <= 0 || Object.values(value).some((item) => isTooDeep(item, levels - 1));
}

/**
 * The JSON text of any value, by the rules of `jsonOf` but without its limit on depth. Needs no call stack,
 * so nesting of any depth is safe: `JSON.stringify` gives up after some thousand levels.
 */
export function jsonText(value: unknown): string {
  const pieces: string[] = [];
  const open = new Set<object>();
  const tasks: Task[] = [{ value }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if (task.text !== undefined) {
      pieces.push(task.text);
      if (task.closes !== undefined) open.delete(task.closes);
      continue;
    }
    const given = task.value;
    const isOpen = typeof given === 'object' && given !== null && open.has(given);
    const plain = typeof given === 'object' && given !== null && !isOpen ? plainOf(given) : given;
    if (isOpen || typeof plain !== 'object' || plain === null) {
      pieces.push(JSON.stringify(isOpen ? CIRCULAR : scalarOf(plain)));
      continue;
    }
    open.add(given as object);
    const inner: Task[] = [];
    if (Array.isArray(plain)) {
      for (const item of plain) inner.push({ text: inner.length === 0 ? '[' : ',' }, { value: item });
      if (inner.length === 0) inner.push({ text: '[' });
      inner.push({ text: ']', closes: given as object });
    } else {
      for (const [key, item] of Object.entries(plain)) {
        if (isAbsent(item)) continue;
        inner.push({ text: `${inner.length === 0 ? '{' : ','}${JSON.stringify(key)}:` }, { value: item });
      }
      if (inner.length === 0) inner.push({ text: '{' });
      inner.push({ text: '}', closes: given as object });
    }
    while (inner.length > 0) tasks.push(inner.pop() as Task);
  }
  return pieces.join('');
}

interface Task {
  /** Text to write as it is; without it, a value to write. */
  readonly text?: string;
  readonly value?: unknown;
  readonly closes?: object;
}

const CIRCULAR = '[circular]';

function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

function scalarOf(value: unknown): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    default:
      return null;
  }
}

/** An array, a string-keyed object or a scalar that says what the object is. */
function plainOf(value: object): unknown {
  if (Array.isArray(value)) return value;
  const bytes = bytesOf(value);
  if (bytes !== undefined) return base64Of(bytes);
  if (value instanceof Error) {
    const cause = value.cause === undefined ? {} : { cause: value.cause };
    const { name, message } = value;
    return { name, message, ...cause, ...Object.fromEntries(Object.entries(value)) };
  }
  if (value instanceof Map || value instanceof Set) return Array.from(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    try {
      return (value as { toJSON(): unknown }).toJSON();
    } catch {
      return value;
    }
  }
  return value;
}

/** What a provider gave for a field that holds text: null and undefined are no text, an object is its JSON. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (isAbsent(value) || value === null) return undefined;
  const scalar = typeof value === 'object' ? jsonText(value) : scalarOf(value);
  return typeof scalar === 'string' ? scalar : JSON.stringify(scalar);
}
