/** The fields of an object, whatever was given: what is no object, and an array, has none. */
export function fieldsOf(given: unknown): Readonly<Record<string, unknown>> {
  return isObject(given) ? given : {};
}

/** True for an object that is no array. */
export function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** The items of a list, whatever was given: what is no list has none. */
export function listOf(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}

/** A text that says something; undefined for an empty one and for what is no text. */
export function wordOf(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** True for what says nothing: absent or null, an empty text, an empty list or object. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
