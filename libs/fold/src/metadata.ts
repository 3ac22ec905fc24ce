import { copyWellFormed, setOwn, type JsonValue, type Metadata } from '@stepfold/events';

/** Metadata as a state holds it: grows in place, so that n events cost n and not n² copies. */
export type OwnMetadata = Record<string, Record<string, JsonValue>>;

/**
 * Merges metadata key by key into what is there, and answers that, or a new object if nothing was. An absent
 * or empty object, at either level, changes nothing.
 */
export function mergeMetadata(
  own: OwnMetadata | undefined,
  later: Metadata | undefined,
): OwnMetadata | undefined {
  if (later === undefined) return own;
  for (const [provider, entries] of Object.entries(later)) {
    const added = Object.entries(entries);
    if (added.length === 0) continue;
    own ??= {};
    const name = provider.toWellFormed();
    let present = Object.hasOwn(own, name) ? own[name] : undefined;
    if (present === undefined) {
      present = {};
      setOwn(own, name, present);
    }
    for (const [key, value] of added) setOwn(present, key.toWellFormed(), copyWellFormed(value));
  }
  return own;
}

/** The metadata as it is now, for a message: later merges do not show in it. The values are never changed. */
export function copyMetadata(own: OwnMetadata): Metadata {
  const copy: OwnMetadata = {};
  for (const [provider, entries] of Object.entries(own)) setOwn(copy, provider, { ...entries });
  return copy;
}
