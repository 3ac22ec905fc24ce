import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { firstDifference } from './first-difference.js';

const AT = 1_775_822_400_000_000;

function difference(expected: unknown, stored: unknown) {
  return firstDifference(expected as Message, stored, () => createHash('sha256'));
}

describe('the first difference', () => {
  it.each([
    ['the same fields in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['−0 and 0', { args: [-0] }, { args: [0] }],
    ['absent and undefined', { a: 1 }, { a: 1, b: undefined }],
  ])('is none between %s', (_name, expected, stored) => {
    expect(difference(expected, stored)).toBeUndefined();
    expect(difference(stored, expected)).toBeUndefined();
  });

  it.each([
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, { path: 'a[0].b', expected: 1, stored: 2 }],
    [{ a: [1, 2] }, { a: [1] }, { path: 'a[1]', expected: 2 }],
    [{ a: [1] }, { a: [1, null] }, { path: 'a[1]', stored: null }],
    [{ a: {} }, { a: [] }, { path: 'a', expected: {}, stored: [] }],
    [{ a: null }, { a: {} }, { path: 'a', expected: null, stored: {} }],
    [{ a: 1 }, { a: '1' }, { path: 'a', expected: 1, stored: '1' }],
    [{ a: { 'b c': 1 } }, { a: { 'b c': 2 } }, { path: 'a["b c"]', expected: 1, stored: 2 }],
    [{ a: 1 }, 'text', { path: '', expected: { a: 1 }, stored: 'text' }],
    [
      { a: 1, fold_version: 1 },
      { a: 2, fold_version: 2 },
      { path: 'fold_version', expected: 1, stored: 2 },
    ],
  ])('between %j and %j', (expected, stored, found) => {
    expect(difference(expected, stored)).toEqual(found);
  });

  it('treats __proto__ as a key like any other', () => {
    const expected = JSON.parse('{"args": {"__proto__": {"a": 1}}}') as unknown;
    expect(difference(expected, JSON.parse('{"args": {}}'))?.path).toBe('args.__proto__');
    expect(difference({ args: {} }, expected)?.path).toBe('args.__proto__');
    expect(difference(expected, structuredClone(expected))).toBeUndefined();
    expect(difference({ args: {} }, { args: { toString: 1 } })).toEqual({ path: 'args.toString', stored: 1 });
  });

  it('shows stamps as text, but not the application’s own numbers', () => {
    expect(difference({ parts: [{ created_at: AT }] }, { parts: [{}] })).toEqual({
      path: 'parts[0].created_at',
      expected: '2026-04-10T12:00:00.000000Z',
    });
    expect(difference({ parts: [{ type: 'text', created_at: AT }] }, { parts: [] })?.expected).toEqual({
      type: 'text',
      created_at: '2026-04-10T12:00:00.000000Z',
    });
    expect(difference({ parts: [{ args: { at: AT } }] }, { parts: [{ args: { at: 5 } }] })).toEqual({
      path: 'parts[0].args.at',
      expected: AT,
      stored: 5,
    });
  });

  it.each(['noon', 1e300, {}, null])('shows a stored stamp that is no time as it is: %j', (stored) => {
    expect(difference({ ended_at: AT }, { ended_at: stored })).toMatchObject({ path: 'ended_at', stored });
  });

  it('shows of long texts what lies around the difference', () => {
    const long = 'x'.repeat(5_000);
    const found = difference({ text: `${long}a${long}` }, { text: `${long}b${long}` });
    expect(found?.expected).toBe(`…${'x'.repeat(40)}a${'x'.repeat(159)}…`);
    expect(found?.stored).toBe(`…${'x'.repeat(40)}b${'x'.repeat(159)}…`);
    expect(difference({ text: long }, { text: '' })).toEqual({
      path: 'text',
      expected: `${'x'.repeat(200)}…`,
      stored: '',
    });
    expect(difference({ text: `${long}😀` }, { text: long })?.stored).toBe(`…${'x'.repeat(40)}`);
  });

  it('shows of other large values their size and hash', () => {
    const large = { list: Array.from({ length: 1_000 }, (_, i) => i) };
    const text = JSON.stringify(large);
    const sha256 = createHash('sha256').update(text).digest('hex');
    expect(difference({ args: large }, {})).toEqual({
      path: 'args',
      expected: { $elided: { bytes: text.length, sha256 } },
    });
  });
});
