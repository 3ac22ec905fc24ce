import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { base64Of, bytesFromJson } from './bytes.js';

describe('bytes', () => {
  it('are the same base64 that Node writes, whatever their length', () => {
    const sizes = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 8_190, maxLength: 8_200 }));
    fc.assert(
      fc.property(sizes, (bytes) => {
        expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      }),
      { numRuns: 100 },
    );
  });

  it('come back from what JSON makes of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        expect(bytesFromJson(JSON.parse(JSON.stringify(bytes)))).toEqual(bytes);
        expect(bytesFromJson(JSON.parse(JSON.stringify(Buffer.from(bytes))))).toEqual(bytes);
        expect(bytesFromJson([...bytes])).toEqual(bytes);
      }),
    );
  });

  it.each([
    [{}],
    [{ 0: 256 }],
    [{ 0: 1, 2: 1 }],
    [{ 0: 1, a: 1 }],
    [['x']],
    ['text'],
    [null],
    [{ data: [1] }],
  ])('are not seen in %j', (value) => {
    expect(bytesFromJson(value)).toBeUndefined();
  });
});
