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
      scratch[0] = length >>> 24;
      scratch[1] = length >>> 16;
      scratch[2] = length >>> 8;
      scratch[3] = length;
      if (LENGTH_BYTES + length <= scratch.length) {
        scratch.set(value, LENGTH_BYTES);
        hash.update(scratch.subarray(0, LENGTH_BYTES + length));
      } else {
        hash.update(scratch.subarray(0, LENGTH_BYTES));
        hash.update(value);
      }
    },
    finish: () => `sha256:${hash.digest('hex')}`,
  };
}

const LENGTH_BYTES = 4;
/** Holds nothing between two calls. A call of a hash costs more than copying the value of nearly every event. */
const scratch = new Uint8Array(4_096);
