/** An argument of any type in an error: text and numbers as they are, but short, of others the type. Not everything can be made text. */
export function shownArgument(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return typeof value === 'number' ? String(value) : `of type ${typeof value}`;
}
