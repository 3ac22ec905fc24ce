import { setOwn, type JsonValue, type Metadata } from '@stepfold/events';
import { camelCased, camelCasedKey } from './camel-cased.js';
import { jsonOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';

/**
 * What an event has no field for, as metadata of `anthropic`, under the names that the AI SDK gives it: `caller`
 * stays, `server_name` becomes `serverName`. Fields that are null say nothing and are left out.
 *
 * @param fields what the API gave
 * @param told names of fields that the event tells in another way
 * @param own more entries, as they are; those that are undefined are left out
 */
export function anthropicMetadataOf(
  fields: Readonly<Record<string, unknown>>,
  told: readonly string[],
  own: Readonly<Record<string, unknown>> = {},
): Metadata | undefined {
  const entries: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || told.includes(name)) continue;
    setOwn(entries, camelCasedKey(name), camelCased(jsonOf(value)));
  }
  return metadataOf(undefined, { provider: 'anthropic', entries: { ...entries, ...own } });
}
