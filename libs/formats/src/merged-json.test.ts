import { describe, expect, it } from '@jest/globals';
import { mergedJson } from './merged-json.js';

describe('JSON values laid over one another', () => {
  it('are merged key by key at every level; of what is no object on both sides the last counts', () => {
    expect(
      mergedJson([
        { a: { x: 1, y: [1] }, b: 1 },
        { a: { y: [2], z: null }, c: 2 },
      ]),
    ).toEqual({
      a: { x: 1, y: [2], z: null },
      b: 1,
      c: 2,
    });
    expect(mergedJson([{ a: 1 }, { a: { b: 2 } }])).toEqual({ a: { b: 2 } });
    expect(mergedJson([{ a: { b: 2 } }, { a: [3] }])).toEqual({ a: [3] });
    expect(mergedJson(['x', { a: 1 }])).toEqual({ a: 1 });
    expect(mergedJson([{ a: 1 }, null])).toBeNull();
    expect(mergedJson([])).toBeUndefined();
  });

  it('are not written to, nor any prototype', () => {
    const under = { a: { b: 1 } };
    const over = JSON.parse('{"a":{"b":2},"__proto__":{"c":3}}') as { a: { b: number } };
    const merged = mergedJson([under, over, { a: { b: 3 } }]);
    expect(merged).toHaveProperty('a.b', 3);
    expect([under.a.b, over.a.b]).toEqual([1, 2]);
    expect(Object.hasOwn(merged as object, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>)['c']).toBeUndefined();
  });
});
