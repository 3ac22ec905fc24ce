import { JSON_DEPTH_MAX, jsonProblem, setOwn, type JsonValue, type Metadata } from '@stepfold/events';
import { isObject } from './fields-of.js';
import { jsonOf } from './json-of.js';

/** Levels that are left for a value of `metadata[provider][key]`. */
const VALUE_LEVELS = JSON_DEPTH_MAX - 2;

/**
 * What a source gave as provider metadata, as metadata of an event. An entry of a provider that is no object
 * is kept as `{value: …}`, and what is no object of providers at all as `{unknown: {value: …}}`.
 *
 * @param own more entries, under a provider name of the converter's own; those that are undefined are left out
 */
export function metadataOf(
  given: unknown,
  own?: { readonly provider: string; readonly entries: Readonly<Record<string, unknown>> },
): Metadata | undefined {
  const metadata = given === undefined || given === null ? undefined : repaired(given);
  const added = Object.entries(own?.entries ?? {}).filter(([, value]) => value !== undefined);
  if (own === undefined || added.length === 0) return metadata;
  const merged: Record<string, Metadata[string]> = {};
  for (const [provider, entries] of Object.entries(metadata ?? {})) setOwn(merged, provider, entries);
  const entries: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(merged[own.provider] ?? {})) setOwn(entries, key, value);
  for (const [key, value] of added) setOwn(entries, key, jsonOf(value, VALUE_LEVELS));
  merged[own.provider] = entries;
  return merged;
}

function repaired(given: unknown): Metadata | undefined {
  if (!isObject(given)) return { unknown: { value: jsonOf(given, VALUE_LEVELS) } };
  if (Object.values(given).every(isObject) && jsonProblem(given) === undefined) return given as Metadata;
  const metadata: Record<string, Metadata[string]> = {};
  for (const [provider, entries] of Object.entries(given)) {
    if (entries === undefined || entries === null) continue;
    const repairedEntries: Record<string, JsonValue> = {};
    for (const [key, value] of Object.entries(isObject(entries) ? entries : { value: entries })) {
      if (value !== undefined) setOwn(repairedEntries, key, jsonOf(value, VALUE_LEVELS));
    }
    setOwn(metadata, provider, repairedEntries);
  }
  return metadata;
}

/** Metadata that its holder alone has, and may change. */
export type OwnMetadata = Record<string, Record<string, JsonValue>>;

/** Metadata with that of a later event laid over it, key by key. */
export function mergedMetadata(
  former: Metadata | undefined,
  later: Metadata | undefined,
): Metadata | undefined {
  if (former === undefined || later === undefined) return later ?? former;
  const merged: OwnMetadata = {};
  addMetadata(merged, former);
  addMetadata(merged, later);
  return merged;
}

/** Lays later metadata over own one, in place: what is collected over many events costs each of them only its own. */
export function addMetadata(own: OwnMetadata, later: Metadata): void {
  for (const [provider, entries] of Object.entries(later)) {
    let present = Object.hasOwn(own, provider) ? own[provider] : undefined;
    if (present === undefined) setOwn(own, provider, (present = {}));
    for (const [key, value] of Object.entries(entries)) setOwn(present, key, value);
  }
}
