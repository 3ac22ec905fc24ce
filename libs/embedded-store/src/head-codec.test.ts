import { describe, expect, it } from '@jest/globals';
import { decodeHead, encodeHead } from './head-codec.js';

describe('a stored head', () => {
  it('comes back exactly, up to the highest values', () => {
    for (const head of [
      { rev: 0, foldVersion: 0, order: 0n },
      { rev: Number.MAX_SAFE_INTEGER, foldVersion: 2 ** 31, order: 2n ** 63n - 1n },
    ]) {
      expect(decodeHead(encodeHead(head))).toEqual(head);
    }
  });
});
