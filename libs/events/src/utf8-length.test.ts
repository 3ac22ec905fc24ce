import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { utf8Length } from './utf8-length.js';

describe('the UTF-8 length of a text', () => {
  it('is what an encoder writes, lone surrogates included', () => {
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe001 }));
    fc.assert(
      fc.property(fc.array(unit), (units) => {
        const text = String.fromCharCode(...units);
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});
