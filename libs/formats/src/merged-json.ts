import { setOwn, type JsonValue } from '@stepfold/events';
import { isObject } from './fields-of.js';

/** JSON values laid over one another in order: objects key by key, at every level; of anything else the last counts. */
export function mergedJson(values: readonly JsonValue[]): JsonValue | undefined {
  let merged: JsonValue | undefined;
  for (const value of values) merged = laidOver(merged, value);
  return merged;
}

/** `under` is a value that was made here, so that it may be written to; `value` is never touched. */
function laidOver(under: JsonValue | undefined, value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  const merged = isObject(under) ? (under as Record<string, JsonValue>) : {};
  for (const [key, item] of Object.entries(value)) {
    setOwn(merged, key, laidOver(Object.hasOwn(merged, key) ? merged[key] : undefined, item));
  }
  return merged;
}
