import type { JsonValue } from '@stepfold/events';
import type { Part } from '@stepfold/fold';

type WithMetadata = Pick<Part, 'metadata'>;

/** What a provider attached to a part under one of its names. Text that is empty says nothing. */
export function metadataEntry(
  { metadata }: WithMetadata,
  providers: string | readonly string[],
  key: string,
): JsonValue | undefined {
  for (const provider of typeof providers === 'string' ? [providers] : providers) {
    const entries =
      metadata !== undefined && Object.hasOwn(metadata, provider) ? metadata[provider] : undefined;
    const value = entries !== undefined && Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

/** The same if it is text. */
export function metadataText(
  part: WithMetadata,
  providers: string | readonly string[],
  key: string,
): string | undefined {
  const value = metadataEntry(part, providers, key);
  return typeof value === 'string' ? value : undefined;
}

export function isObject(value: unknown): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
