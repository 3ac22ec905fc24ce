import { describe, expect, it } from '@jest/globals';
import { camelCased } from './camel-cased.js';

describe('camelCased', () => {
  it('renames keys at every level, and nothing else', () => {
    expect(
      camelCased({
        applied_edits: [{ cleared_input_tokens: 1, type: 'clear_thinking_20251015' }],
        id: 'a_b',
      }),
    ).toEqual({ appliedEdits: [{ clearedInputTokens: 1, type: 'clear_thinking_20251015' }], id: 'a_b' });
  });

  it('leaves keys that begin or end with underscores, and no prototype is touched', () => {
    const given = JSON.parse('{"__proto__": {"is_admin": true}, "_id": 1, "a_": 2}');
    const renamed = camelCased(given) as Record<string, unknown>;
    expect(Object.entries(renamed)).toEqual([
      ['__proto__', { isAdmin: true }],
      ['_id', 1],
      ['a_', 2],
    ]);
    expect(Object.getPrototypeOf(renamed)).toBe(Object.prototype);
  });
});
