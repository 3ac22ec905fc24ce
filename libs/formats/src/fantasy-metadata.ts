import { setOwn, type JsonValue, type Metadata } from '@stepfold/events';
import { isObject } from './fields-of.js';
import { metadataOf } from './metadata-of.js';

/** Names that the AI SDK has for the same thing, by provider: who builds the next request reads both with one code. */
const names: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  openai: new Map([['encrypted_content', 'reasoningEncryptedContent']]),
  google: new Map([['signature', 'thoughtSignature']]),
};

/**
 * `provider_metadata` of a part, as metadata of an event: the Go types are wrapped as `{type: 'anthropic.…', data: {…}}`,
 * have snake_case names, and always have all fields. What is empty says nothing, and would overwrite what an earlier part
 * of the same block said.
 *
 * @param own more entries, under `fantasy`
 */
export function fantasyMetadataOf(
  given: unknown,
  own: Readonly<Record<string, unknown>> = {},
): Metadata | undefined {
  const added = { provider: 'fantasy', entries: own };
  if (!isObject(given)) return metadataOf(given, added);
  const metadata: Record<string, unknown> = {};
  for (const [provider, wrapped] of Object.entries(given)) {
    const entries = named(provider, fantasyDataOf(wrapped));
    if (!isEmpty(entries)) setOwn(metadata as Record<string, JsonValue>, provider, entries as JsonValue);
  }
  return metadataOf(Object.keys(metadata).length === 0 ? undefined : metadata, added);
}

/** What a provider's entry wraps. */
export function fantasyDataOf(wrapped: unknown): unknown {
  const isWrapped = isObject(wrapped) && typeof wrapped['type'] === 'string' && 'data' in wrapped;
  return isWrapped ? wrapped['data'] : wrapped;
}

function named(provider: string, data: unknown): unknown {
  if (!isObject(data)) return data;
  const ofProvider = Object.hasOwn(names, provider) ? names[provider] : undefined;
  const entries: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(data)) {
    if (!isEmpty(value)) setOwn(entries, ofProvider?.get(name) ?? camelCase(name), value as JsonValue);
  }
  return entries;
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Go writes what is not there as its zero value. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  return (Array.isArray(value) || isObject(value)) && Object.keys(value).length === 0;
}
