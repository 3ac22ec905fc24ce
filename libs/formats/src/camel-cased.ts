import { setOwn, type JsonValue } from '@stepfold/events';

/**
 * JSON with every key in camel case, at every level. The AI SDK renames the fields of a service like this before it
 * hands them on as provider metadata, so that who reads metadata of either source finds the same names.
 */
export function camelCased(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  const renamed: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) setOwn(renamed, camelCasedKey(key), camelCased(item));
  return renamed;
}

export function camelCasedKey(key: string): string {
  return key.replace(/(?<=[a-z0-9])_+([a-z0-9])/gi, (_match, letter: string) => letter.toUpperCase());
}
