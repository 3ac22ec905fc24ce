import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createEventDigest } from './digest.js';

function digestOf(...values: readonly (string | Uint8Array)[]): string {
  const digest = createEventDigest(() => createHash('sha256'));
  for (const value of values) digest.add(typeof value === 'string' ? new TextEncoder().encode(value) : value);
  return digest.finish();
}

describe('the digest', () => {
  it('is the hash of the record values in order, each after its length in four bytes', () => {
    const hash = createHash('sha256')
      .update('\u0000\u0000\u0000\u0003abc\u0000\u0000\u0000\u0000')
      .digest('hex');
    expect(digestOf('abc', '')).toBe(`sha256:${hash}`);
  });

  it('has lengths with the most significant byte first', () => {
    const long = new Uint8Array(0x010203).fill(0x61);
    const hash = createHash('sha256')
      .update(Uint8Array.of(0, 1, 2, 3))
      .update(long)
      .digest('hex');
    expect(digestOf(long)).toBe(`sha256:${hash}`);
  });

  it('is the same whether a value is short or long, whatever stands around it', () => {
    const values = [1, 4_091, 4_092, 4_093, 10_000, 2].map((length) => new Uint8Array(length).fill(length));
    const hash = createHash('sha256');
    for (const value of values) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(value.length);
      hash.update(length).update(value);
    }
    expect(digestOf(...values)).toBe(`sha256:${hash.digest('hex')}`);
  });

  it('tells apart the same bytes cut elsewhere, in another order, or one record fewer', () => {
    const digests = [
      digestOf('ab', 'c'),
      digestOf('a', 'bc'),
      digestOf('c', 'ab'),
      digestOf('ab'),
      digestOf(),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});
