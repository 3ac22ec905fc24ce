import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { copyWellFormed, isNestedDeeper, jsonProblem, setOwn, type JsonValue } from './json-value.js';

/** JSON as a parser gives it, with keys and strings that careless code gets wrong. */
const strings = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('\ud83c', '\udf75', 'a', '\u0000') }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', ''),
);
const json = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(strings, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(strings, tie('value')), { maxLength: 4 })
        .map(
          (entries) =>
            `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`).join(',')}}`,
        )
        .map((text) => JSON.parse(text) as unknown),
    ),
  }))
  .value.map((value) => value as JsonValue);

function isWellFormed(value: JsonValue): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item as JsonValue));
}

describe('a well-formed copy', () => {
  it('equals what was copied, but for surrogates that stand alone', () => {
    fc.assert(
      fc.property(json, (value) => {
        const copy = copyWellFormed(value);
        expect(isWellFormed(copy)).toBe(true);
        if (isWellFormed(value)) expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('shares nothing with what was copied', () => {
    const value = { list: [{ a: 1 }] };
    const copy = copyWellFormed(value);
    value.list[0] = { a: 2 };
    value.list.push({ a: 3 });
    expect(copy).toEqual({ list: [{ a: 1 }] });
  });

  it('has __proto__ as a key like any other, and the prototype of every object', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1}}') as JsonValue;
    const copy = copyWellFormed(value);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"polluted":1}}');
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('replaces surrogates that stand alone in keys and values by U+FFFD, and no pair', () => {
    expect(copyWellFormed({ 'k\ud800': ['\udc00', '\ud83c\udf75'] })).toEqual({
      'k\ufffd': ['\ufffd', '🍵'],
    });
  });
});

describe('setOwn', () => {
  it('sets any key as an own property that can be listed and set again', () => {
    for (const key of ['__proto__', 'constructor', 'x']) {
      const target: Record<string, unknown> = {};
      setOwn(target, key, { first: 1 });
      setOwn(target, key, 2);
      expect(Object.entries(target)).toEqual([[key, 2]]);
      expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
    }
  });
});

describe('the depth of a value', () => {
  const nested = (levels: number): JsonValue =>
    JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as JsonValue;

  it('is counted from the outermost list or object', () => {
    expect(isNestedDeeper('text', 0)).toBe(false);
    expect(isNestedDeeper([], 0)).toBe(true);
    expect(isNestedDeeper([], 1)).toBe(false);
    expect(isNestedDeeper({ a: 1, b: { c: [] } }, 2)).toBe(true);
    expect(isNestedDeeper({ a: 1, b: { c: [] } }, 3)).toBe(false);
  });

  it('is never looked at beyond the limit', () => {
    expect(isNestedDeeper(nested(1_000_000), 64)).toBe(true);
    expect(jsonProblem(nested(1_000_000))).toBe('is nested more than 64 levels deep');
    expect(jsonProblem(nested(64))).toBeUndefined();
  });

  it('has no problem with anything that JSON holds', () => {
    fc.assert(fc.property(json, (value) => expect(jsonProblem(value)).toBeUndefined()));
  });
});
