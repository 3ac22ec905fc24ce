import { describe, expect, it } from '@jest/globals';
import { itemsMaxOf, PAGE_ITEMS_MAX } from './page-limits.js';

describe('the items of a page', () => {
  it('are LIMIT_DEFAULT, 100, unless the caller says otherwise', () => {
    expect([itemsMaxOf(undefined), itemsMaxOf({})]).toEqual([100, 100]);
  });

  it('are at most PAGE_ITEMS_MAX, whatever the caller says', () => {
    expect(PAGE_ITEMS_MAX).toBe(1_000);
    const limits = [PAGE_ITEMS_MAX - 1, PAGE_ITEMS_MAX, PAGE_ITEMS_MAX + 1, Number.MAX_SAFE_INTEGER];
    expect(limits.map((limit) => itemsMaxOf({ limit }))).toEqual([999, 1_000, 1_000, 1_000]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('are no such number: %d', (limit) => {
    expect(() => itemsMaxOf({ limit })).toThrow(expect.objectContaining({ code: 'bad-usage' }));
  });
});
