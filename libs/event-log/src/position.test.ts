import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatPosition, parsePosition } from './position.js';

describe('positions', () => {
  it('are written as partition and offset', () => {
    expect(formatPosition({ partition: 3, offset: 1_234 })).toBe('3:1234');
    expect(parsePosition('3:1234')).toEqual({ partition: 3, offset: 1_234 });
  });

  it('come back as they were written', () => {
    const positions = fc.record({ partition: fc.nat(999_999_999), offset: fc.maxSafeNat() });
    fc.assert(
      fc.property(positions, (position) => {
        expect(parsePosition(formatPosition(position))).toEqual(position);
      }),
    );
  });

  it.each([
    '',
    '3',
    ':',
    '3:',
    ':4',
    '3:4:5',
    '-1:4',
    '3:-4',
    '3:4.5',
    ' 3:4',
    '3:4\n',
    '٣:٤',
    '0x3:4',
    '3:1e3',
    '3:9007199254740992',
  ])('are not read from %j', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});
