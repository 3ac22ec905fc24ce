import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { murmur2, partitionOf } from './partition.js';

describe('murmur2', () => {
  /** What the Java client gives; every client of a cluster has to agree with it. */
  const known: readonly [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ];

  it.each(known)('of %s is what the Java client gives', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('gives the same for a view into larger memory', () => {
    const memory = Buffer.from('xxfoobarxx');
    expect(murmur2(memory.subarray(2, 8))).toBe(-790332482);
  });

  it('is a signed 32-bit integer for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const hash = murmur2(bytes);
        expect(hash).toBe(hash | 0);
      }),
    );
  });
});

describe('partitionOf', () => {
  it.each([
    ['21', (-973932308 & 0x7fffffff) % 6],
    ['foobar', (-790332482 & 0x7fffffff) % 6],
    ['abc', 479470107 % 6],
  ])('of %s drops the sign and takes the remainder', (text, partition) => {
    expect(partitionOf(Buffer.from(text), 6)).toBe(partition);
  });

  it('is one of the partitions, and the same for equal keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 1_024 }), (key, count) => {
        const partition = partitionOf(key, count);
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
        expect(partitionOf(Uint8Array.from(key), count)).toBe(partition);
      }),
    );
  });

  it('gives every one of 16 partitions some of 1,000 chats', () => {
    const chats = Array.from({ length: 1_000 }, (_, i) => Buffer.from(`chat-${i}`));
    expect(new Set(chats.map((chat) => partitionOf(chat, 16))).size).toBe(16);
  });
});
