/** The part of a hash that a digest needs; a hash of `node:crypto` fits. */
export interface IncrementalHash {
  update(bytes: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/** Makes a fresh SHA-256. */
export type CreateSha256 = () => IncrementalHash;

/**
 * The digest of a message: over the record values of the accepted events of its attempt, in log order, each
 * preceded by its length as four bytes, most significant first. Whoever has the log can check it.
 */
export interface EventDigest {
  add(value: Uint8Array): void;
  /** The digest as it stands in the message. Nothing can be added afterwards. */
  finish(): string;
}

export function createEventDigest(createSha256: CreateSha256): EventDigest {
  const hash = createSha256();
  return {
    add(value) {
      const length = value.byteLength;
      hash.update(Uint8Array.of(length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff));
      hash.update(value);
    },
    finish: () => `sha256:${hash.digest('hex')}`,
  };
}
