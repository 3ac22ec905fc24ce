import type { JsonValue } from '@stepfold/events';
import type { Elided } from '@stepfold/fold';

/** A value on one line as far as it is there: a text as it is, else its JSON, or how much was left out. */
export function valueWords(json: JsonValue | undefined, elided: Elided | undefined): string {
  if (elided !== undefined) return `(${elided.bytes} bytes, left out)`;
  return json === undefined ? '' : typeof json === 'string' ? json.trim() : JSON.stringify(json);
}
