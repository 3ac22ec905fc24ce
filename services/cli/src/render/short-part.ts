/** What says nothing about the part that it stands in: ids, counters, and what every part repeats. */
const dull = new Set([
  ...['id', 'object', 'created', 'created_at', 'model', 'modelVersion', 'responseId', 'createTime'],
  ...['system_fingerprint', 'service_tier', 'provider', 'sequence_number', 'item_id', 'output_index'],
  ...['content_index', 'summary_index', 'index', 'obfuscation', 'logprobs', 'native_finish_reason'],
  ...['usage', 'usageMetadata', 'x_groq', 'response', 'role'],
]);

/** Characters beyond which nobody sees anything: a part may have megabytes. */
const LENGTH_MAX = 300;

/** The beginning of a part for a person: its type, then the values that are its own, wherever they are nested. */
export function shortPart(part: Readonly<Record<string, unknown>>): string {
  const type = typeof part['type'] === 'string' ? part['type'] : undefined;
  const telling = writeLeaves(part, dull);
  // Of a part with nothing else, better those than none.
  const words = telling === (type ?? '') ? writeLeaves(part, new Set()) : telling;
  return words === '' ? '{}' : words;
}

function writeLeaves(part: Readonly<Record<string, unknown>>, without: ReadonlySet<string>): string {
  let words = '';
  const visit = (name: string, value: unknown, depth: number): void => {
    if (words.length > LENGTH_MAX || value === null || value === undefined || value === '') return;
    if (typeof value !== 'object') {
      const shown = JSON.stringify(typeof value === 'string' ? value.slice(0, LENGTH_MAX) : value);
      const word =
        name === 'type' && typeof value === 'string' ? value.slice(0, LENGTH_MAX) : `${name} ${shown}`;
      words += words === '' ? word : ` ${word}`;
      return;
    }
    if (depth > 8) return;
    if (Array.isArray(value)) for (const element of value) visit(name, element, depth + 1);
    else for (const [key, own] of Object.entries(value)) if (!without.has(key)) visit(key, own, depth + 1);
  };
  // The type comes first wherever it stands.
  visit('type', part['type'], 1);
  for (const [key, value] of Object.entries(part)) {
    if (key !== 'type' && !without.has(key)) visit(key, value, 1);
  }
  return words;
}
