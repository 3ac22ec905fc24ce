import { describe, expect, it } from '@jest/globals';
import { crc32c } from './crc32c.js';

describe('crc32c', () => {
  // Check value of the algorithm's catalogue entry, and the examples of RFC 3720, B.4.
  it.each([
    ['123456789', 0xe3069283],
    ['', 0],
  ])('of %j', (text, expected) => {
    expect(crc32c(Buffer.from(text))).toBe(expected);
  });

  it('of 32 zeros, 32 ones, and 32 numbers up and down', () => {
    const up = Uint8Array.from({ length: 32 }, (_, i) => i);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(up)).toBe(0x46dd794e);
    expect(crc32c(up.toReversed())).toBe(0x113fdb5c);
  });
});
