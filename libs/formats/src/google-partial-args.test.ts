import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { googleJsonPathOf } from './google-json-path.js';
import { createGooglePartialArgs } from './google-partial-args.js';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The fragments of a value as the service sends them: in order, strings in pieces, empty containers never. */
function fragmentsOf(value: Json, path = '$', pieces = 2): object[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => fragmentsOf(item, `${path}[${index}]`, pieces));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => fragmentsOf(item, `${path}['${key}']`, pieces));
  }
  if (value === null) return [{ jsonPath: path, nullValue: 'NULL_VALUE' }];
  if (typeof value === 'number') return [{ jsonPath: path, numberValue: value }];
  if (typeof value === 'boolean') return [{ jsonPath: path, boolValue: value }];
  const size = Math.max(1, Math.ceil(value.length / pieces));
  const parts = value.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  return [
    ...parts.map((stringValue) => ({ jsonPath: path, stringValue, willContinue: true })),
    { jsonPath: path, stringValue: '' },
  ];
}

function read(fragments: readonly unknown[]) {
  const args = createGooglePartialArgs();
  const texts = fragments.map((fragment) => args.add(fragment));
  return { args, texts, text: texts.join('') + args.rest };
}

const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const key = fc.stringMatching(/^[a-z ._"[\]]{1,6}$/);
const tree = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  ),
})).node;

describe('arguments in fragments (case 25)', () => {
  it('are the value that was cut up, and their text is its JSON', () => {
    const object = fc.dictionary(key, tree, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
    fc.assert(
      fc.property(object, fc.integer({ min: 1, max: 4 }), (value, pieces) => {
        const { args, text } = read(fragmentsOf(value, '$', pieces));
        expect(args.value).toEqual(value);
        expect(args.isInOrder).toBe(true);
        expect(JSON.parse(text)).toEqual(value);
      }),
    );
  });

  it('may come in any order, and then have no text of their own', () => {
    const { args } = read([
      { jsonPath: '$.a.x', numberValue: 1 },
      { jsonPath: '$.b', boolValue: true },
      { jsonPath: '$.a.y', stringValue: 'z' },
    ]);
    expect(args.value).toEqual({ a: { x: 1, y: 'z' }, b: true });
    expect(args.isInOrder).toBe(false);
  });

  it.each<[string, object[], unknown]>([
    [
      'a string told again',
      [
        { jsonPath: '$.a', stringValue: 'x' },
        { jsonPath: '$.a', stringValue: 'y' },
      ],
      { a: 'y' },
    ],
    [
      'another kind of container',
      [
        { jsonPath: '$.a.b', numberValue: 1 },
        { jsonPath: '$.a[0]', numberValue: 2 },
      ],
      { a: [2] },
    ],
    [
      'an index lower than the last',
      [
        { jsonPath: '$.a[1]', numberValue: 1 },
        { jsonPath: '$.a[0]', numberValue: 0 },
      ],
      { a: [0, 1] },
    ],
    [
      'a string that goes on after another value',
      [
        { jsonPath: '$.a', stringValue: 'x', willContinue: true },
        { jsonPath: '$.b', numberValue: 1 },
        { jsonPath: '$.a', stringValue: 'y' },
      ],
      { a: 'xy', b: 1 },
    ],
  ])('out of order: %s', (_name, fragments, value) => {
    const { args } = read(fragments);
    expect(args.value).toEqual(value);
    expect(args.isInOrder).toBe(false);
  });

  it('leave out places of a list that never came', () => {
    expect(read([{ jsonPath: '$.a[999999999]', numberValue: 1 }]).args.value).toEqual({ a: [1] });
  });

  it('have no text before the first fragment', () => {
    expect(read([])).toMatchObject({ text: '{}', args: { value: {} } });
  });

  it.each([
    undefined,
    {},
    { jsonPath: '$.a' },
    { jsonPath: '$', numberValue: 1 },
    { jsonPath: 'a.b', numberValue: 1 },
    { jsonPath: '$..a', numberValue: 1 },
    { jsonPath: '$.a[*]', numberValue: 1 },
    { jsonPath: `$${'.a'.repeat(64)}`, numberValue: 1 },
    { jsonPath: '$.a', numberValue: Infinity },
  ])('know no fragment in %j', (fragment) => {
    const { args, texts } = read([fragment]);
    expect(texts).toEqual([undefined]);
    expect(args.value).toEqual({});
  });

  it('never reach a prototype', () => {
    const { value } = read([{ jsonPath: '$.__proto__.polluted', boolValue: true }]).args;
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":true}}');
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('a JSONPath', () => {
  it.each([
    ['$.a', ['a']],
    ['$.a[0].b', ['a', 0, 'b']],
    [`$['a b']["c.d"]`, ['a b', 'c.d']],
    [`$['it\\'s']`, ["it's"]],
  ])('%s', (path, segments) => {
    expect(googleJsonPathOf(path)).toEqual(segments);
  });
});
