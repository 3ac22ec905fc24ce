/** The fields of an object, whatever was given: what is no object, and an array, has none. */
export function fieldsOf(given: unknown): Readonly<Record<string, unknown>> {
  return isObject(given) ? given : {};
}

/** True for an object that is no array. */
export function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
