import { expect, it } from '@jest/globals';
import type { JsonValue } from '@stepfold/events';
import { isExactInBson } from './bson-exactness.js';

/** As in bson-exactness.ts. */
const LEVELS_MAX = 80;

function nested(levels: number): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

it('a value of more than LEVELS_MAX levels is stored as JSON text, however deep it is', () => {
  expect([LEVELS_MAX, LEVELS_MAX + 1, 100_000].map((levels) => isExactInBson(nested(levels)))).toEqual([
    true,
    false,
    false,
  ]);
});
