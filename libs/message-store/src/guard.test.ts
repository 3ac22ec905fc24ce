import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isRaisedBy, isRepairedBy, type Guard, type Head } from './guard.js';

const headArbitrary: fc.Arbitrary<Head> = fc.record({
  rev: fc.integer({ min: 0, max: 3 }),
  foldVersion: fc.integer({ min: 1, max: 3 }),
  order: fc.bigInt({ min: 0n, max: 3n }),
});

describe('isRaisedBy', () => {
  it('never lets (rev, fold version) fall or stay, whatever is offered', () => {
    fc.assert(
      fc.property(headArbitrary, headArbitrary, (stored, offered) => {
        if (!isRaisedBy(stored, offered)) return;
        const isHigher =
          offered.rev > stored.rev ||
          (offered.rev === stored.rev && offered.foldVersion > stored.foldVersion);
        expect(isHigher).toBe(true);
      }),
    );
  });

  it('never takes later what it has refused once, so an answer "stale" stays true', () => {
    fc.assert(
      fc.property(headArbitrary, headArbitrary, fc.array(headArbitrary), (first, refused, others) => {
        fc.pre(!isRaisedBy(first, refused));
        let stored = first;
        for (const other of others) {
          if (isRaisedBy(stored, other)) stored = other;
          expect(isRaisedBy(stored, refused)).toBe(false);
        }
      }),
    );
  });

  it('takes the first version of a message, whatever it is', () => {
    expect(isRaisedBy(undefined, { rev: 0, foldVersion: 0, order: 0n })).toBe(true);
  });
});

describe('isRepairedBy', () => {
  it('lets an equal version go, and otherwise exactly what a write would', () => {
    fc.assert(
      fc.property(headArbitrary, headArbitrary, (stored, offered) => {
        const isEqual = offered.rev === stored.rev && offered.foldVersion === stored.foldVersion;
        expect(isRepairedBy(stored, offered)).toBe(
          isEqual ? stored.order >= offered.order : isRaisedBy(stored, offered),
        );
      }),
    );
  });

  it('never takes later what it has refused once, whatever is written and repaired meanwhile', () => {
    const guardArbitrary = fc.constantFrom<Guard>(isRaisedBy, isRepairedBy);
    const offers = fc.array(fc.tuple(headArbitrary, guardArbitrary));
    fc.assert(
      fc.property(headArbitrary, headArbitrary, guardArbitrary, offers, (first, refused, guard, others) => {
        fc.pre(!guard(first, refused));
        let stored = first;
        for (const [other, guardOfOther] of others) {
          if (guardOfOther(stored, other)) stored = other;
          expect(guard(stored, refused)).toBe(false);
        }
      }),
    );
  });
});
