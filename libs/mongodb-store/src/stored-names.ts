/**
 * How fields of a message are called in its document. Every stamp is there twice: as a Date under its own name, for
 * people, indexes and TTL, and as exact microseconds under `…_us`: `created_at` and `created_us`, `at` and `at_us`.
 */

const microsNames = new Map<string, string>([['at', 'at_us']]);
const stampNames = new Map<string, string>([['at_us', 'at']]);

/**
 * The name under which the microseconds of a stamp are stored, or undefined if the name is not that of a stamp. By
 * the ending of the name, so that a stamp of a newer version is one here too.
 */
export function microsNameOf(name: string): string | undefined {
  const known = microsNames.get(name);
  if (known !== undefined || !name.endsWith('_at')) return known;
  return `${name.slice(0, -'_at'.length)}_us`;
}

/** The name of the stamp whose microseconds are stored under a name, or undefined if there are none. */
export function stampNameOf(name: string): string | undefined {
  if (name === DURATION_NAME) return undefined;
  const known = stampNames.get(name);
  if (known !== undefined || !name.endsWith('_us')) return known;
  return `${name.slice(0, -'_us'.length)}_at`;
}

/** Derived from other stamps; read by people, never by us. */
export const DURATION_NAME = 'duration_us';

const JSON_ENDING = '_json';

/** Where a value stands as JSON text that BSON would not give back exactly. */
export function jsonNameOf(name: string): string {
  return `${name}${JSON_ENDING}`;
}

/** The name of the value that stands as JSON text under a name, or undefined if none does. */
export function valueNameOf(name: string): string | undefined {
  return name.endsWith(JSON_ENDING) ? name.slice(0, -JSON_ENDING.length) : undefined;
}

/** Fields of ours that have fields of ours. What is not listed holds JSON of an application, or of a newer version. */
export const structureNames: ReadonlySet<string> = new Set([
  'parts',
  'approval',
  'interrupt',
  'errors',
  'gaps',
  'anomalies',
  'log',
]);

/** Fields that are JSON of an application even where they hold only a number or a text. */
export const valueNames: ReadonlySet<string> = new Set(['args', 'result', 'data', 'metadata', 'usage']);

/** Whole numbers that grow beyond 32 bits: stored with 64 always, so that one field has one type. */
export const longNames: ReadonlySet<string> = new Set(['rev', 'first_offset', 'last_offset']);

/** Fields of the document that the message does not have. */
export const documentNames: ReadonlySet<string> = new Set(['_id', 'order']);
