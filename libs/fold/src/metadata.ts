import { copyWellFormed, setOwn, type JsonValue, type Metadata } from '@stepfold/events';

/**
 * Metadata merged key by key, as a new object: messages that were made before share the old one. An absent
 * or empty object, at either level, changes nothing.
 */
export function mergedMetadata(
  former: Metadata | undefined,
  later: Metadata | undefined,
): Metadata | undefined {
  if (later === undefined) return former;
  let merged: Record<string, Metadata[string]> | undefined;
  for (const [provider, entries] of Object.entries(later)) {
    const added = Object.entries(entries);
    if (added.length === 0) continue;
    merged ??= copyOwn(former);
    const name = provider.toWellFormed();
    const present: Record<string, JsonValue> = copyOwn(
      Object.hasOwn(merged, name) ? merged[name] : undefined,
    );
    for (const [key, value] of added) setOwn(present, key.toWellFormed(), copyWellFormed(value));
    setOwn(merged, name, present);
  }
  return merged ?? former;
}

function copyOwn<T>(object: Readonly<Record<string, T>> | undefined): Record<string, T> {
  const copy: Record<string, T> = {};
  if (object !== undefined) for (const [key, value] of Object.entries(object)) setOwn(copy, key, value);
  return copy;
}
