import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { cellOf, formatTick, tickStep } from './timeline-scale.js';

describe('ticks', () => {
  it.each([
    [1, ['0', '1 µs']],
    [1_500, ['0', '500 µs', '1 ms', '1.5 ms']],
    [1_600_000, ['0', '500 ms', '1 s', '1.5 s']],
    [47_000_000, ['0', '10 s', '20 s', '30 s', '40 s']],
    [100_000_000, ['0', '30 s', '1 min', '1:30 min']],
    [3 * 3_600_000_000, ['0', '1 h', '2 h', '3 h']],
    [6 * 3_600_000_000 + 1, ['0', '2 h', '4 h', '6 h']],
    [9 * 86_400_000_000, ['0', '2 d', '4 d', '6 d', '8 d']],
  ])('of %d microseconds are round', (length, labels) => {
    const step = tickStep(length, 5);
    const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
    expect(ticks.map(formatTick)).toEqual(labels);
  });

  it('are never more than asked for, and at least one beside the beginning or half of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e17 }), fc.integer({ min: 1, max: 12 }), (length, ticksMax) => {
        const step = tickStep(length, ticksMax);
        expect(Number.isInteger(step)).toBe(true);
        expect(length / step).toBeLessThanOrEqual(ticksMax);
        expect(formatTick(step)).toMatch(/^\d+(?:[.:]\d+)? (?:µs|ms|s|min|h|d)$/);
      }),
    );
  });
});

describe('the cell of a moment', () => {
  it('is within the chart, and never left of that of an earlier one', () => {
    const scale = { from: 1_000, to: 2_000, cells: 40 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.nat(1_000), (at, more) => {
        const [first, second] = [cellOf(at, scale), cellOf(at + more, scale)];
        expect(first).toBeGreaterThanOrEqual(0);
        expect(second).toBeLessThan(40);
        expect(second).toBeGreaterThanOrEqual(first);
      }),
    );
    expect([1_000, 1_499, 1_500, 2_000].map((at) => cellOf(at, scale))).toEqual([0, 19, 20, 39]);
  });
});
