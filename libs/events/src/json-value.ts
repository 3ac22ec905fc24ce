import { JSON_DEPTH_MAX } from './limits.js';

/** Any JSON value, as `JSON.parse` gives it. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** `{ [provider]: { [key]: JSON } }`: what providers attach to a step or a part. */
export type Metadata = Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;

/** Why a value may not stand in an event, or undefined if it may. Never looks deeper than the limit. */
export function jsonProblem(value: unknown, depth = 1): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : 'holds a number that a double cannot hold';
    case 'object':
      break;
    case 'undefined':
      return depth === 1 ? 'is missing' : 'holds an undefined, which is not JSON';
    default:
      return `holds a ${typeof value}, which is not JSON`;
  }
  if (value === null) return undefined;
  if (depth > JSON_DEPTH_MAX) return `is nested more than ${JSON_DEPTH_MAX} levels deep`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const problem = jsonProblem(item, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return 'holds an object that is not plain JSON';
  for (const key in value) {
    const problem = jsonProblem((value as Record<string, unknown>)[key], depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** True if a value has more than `levelsMax` levels; `[]` is one. Never looks deeper than that. */
export function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levelsMax === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isNestedDeeper(item, levelsMax - 1));
  for (const key in value) {
    if (isNestedDeeper((value as Record<string, unknown>)[key], levelsMax - 1)) return true;
  }
  return false;
}

/**
 * Sets an own property whatever its name: `target[key] = value` would call the setter behind `__proto__`.
 */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/** A deep copy in which every string, keys included, is well-formed: a lone surrogate becomes U+FFFD. */
export function copyWellFormed<T extends JsonValue>(value: T): T {
  return copy(value) as T;
}

function copy(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) setOwn(result, key.toWellFormed(), copy(item));
  return result;
}
