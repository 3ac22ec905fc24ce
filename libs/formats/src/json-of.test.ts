import { describe, expect, it } from '@jest/globals';
import { jsonProblem } from '@stepfold/events';
import * as fc from 'fast-check';
import { isTooDeep, jsonOf, jsonText, textOf } from './json-of.js';

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe('jsonOf', () => {
  it('answers valid JSON as it is, not a copy', () => {
    const value = { a: [1, null, { b: 'x' }] };
    expect(jsonOf(value)).toBe(value);
    expect(jsonOf(nested(64))).toEqual(nested(64));
  });

  it('keeps what lies below the deepest level as JSON text', () => {
    const level64 = { deeper: ['kept'] };
    let value: unknown = level64;
    for (let level = 63; level >= 1; level--) value = [value];
    let shown = jsonOf(value) as unknown;
    for (let level = 63; level >= 1; level--) shown = (shown as unknown[])[0];
    expect(shown).toEqual({ deeper: '["kept"]' });
    expect(jsonOf({ a: { b: {} } }, 2)).toEqual({ a: { b: '{}' } });
  });

  it.each<[string, unknown, unknown]>([
    ['a number beyond a double', JSON.parse('[1e999, -1e999]'), ['Infinity', '-Infinity']],
    ['NaN', Number.NaN, 'NaN'],
    ['bigints', [1n, 2n ** 70n], [1, '1180591620717411303424']],
    [
      'what JSON has no word for',
      { a: undefined, b: [undefined, () => 1], c: Symbol('s') },
      { b: [null, null] },
    ],
    ['undefined itself', undefined, null],
    ['a sparse array', [, 1], [null, 1]], // eslint-disable-line no-sparse-arrays
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['an invalid date', new Date(Number.NaN), null],
    ['a URL', new URL('https://x.test/'), 'https://x.test/'],
    ['bytes', [Uint8Array.of(104, 105), new DataView(Uint8Array.of(104).buffer)], ['aGk=', 'aA==']],
    ['a buffer', Uint8Array.of(104, 105).buffer, 'aGk='],
    ['maps and sets', [new Map([['a', 1n]]), new Set([1n])], [[['a', 1]], [1]]],
    [
      'an object with a class',
      new (class Point {
        x = 1;
      })(),
      { x: 1 },
    ],
    [
      'an error',
      Object.assign(new TypeError('no', { cause: 'why' }), { status: 500 }),
      { name: 'TypeError', message: 'no', cause: 'why', status: 500 },
    ],
  ])('makes JSON of %s', (_name, value, expected) => {
    expect(jsonOf(value)).toEqual(expected);
  });

  it('ends a circle where it closes, and shows what is merely there twice', () => {
    const shared = { x: 1n };
    const circle: Record<string, unknown> = { shared, again: shared };
    circle['self'] = circle;
    expect(jsonOf(circle)).toEqual({ shared: { x: 1 }, again: { x: 1 }, self: '[circular]' });
    expect(jsonText(circle)).toBe('{"shared":{"x":1},"again":{"x":1},"self":"[circular]"}');
  });

  it('keeps a key called __proto__ as data', () => {
    const value = JSON.parse('{"__proto__": {"a": 1e999}}') as object;
    expect(JSON.stringify(jsonOf(value))).toBe('{"__proto__":{"a":"Infinity"}}');
  });

  it('makes something that an event may hold of anything', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      withObjectString: true,
      withUnicodeString: true,
      key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toJSON')),
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(jsonProblem(jsonOf(value))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});

describe('jsonText', () => {
  it('agrees with JSON.stringify on JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
        if (!Object.is(value, -0)) expect(jsonText(value)).toBe(JSON.stringify(value));
      }),
      { numRuns: 300 },
    );
  });

  it('writes any depth', () => {
    const levels = 200_000;
    expect(jsonText(nested(levels))).toBe('['.repeat(levels) + ']'.repeat(levels));
    expect(() => JSON.stringify(nested(levels))).toThrow(RangeError);
  });
});

describe('isTooDeep', () => {
  it('knows the deepest level that an event takes', () => {
    expect([
      isTooDeep(nested(64)),
      isTooDeep(nested(65)),
      isTooDeep('x'),
      isTooDeep(nested(100_000)),
    ]).toEqual([false, true, false, true]);
  });
});

describe('textOf', () => {
  it('takes text as it is, writes scalars out, objects as JSON, and nothing as nothing', () => {
    expect(['a', '', 7, true, 2n ** 70n, { a: 1 }, null, undefined, () => 1].map(textOf)).toEqual([
      'a',
      '',
      '7',
      'true',
      '1180591620717411303424',
      '{"a":1}',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
