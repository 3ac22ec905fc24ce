import { expect, it } from '@jest/globals';
import { createPartCounter } from './part-counter.js';

/** As in part-counter.ts. */
const NAMES_MAX = 100;
const NAME_LENGTH_MAX = 100;

it('parts that are passed over are counted under NAMES_MAX names, and all others as one', () => {
  const { counts, passOver } = createPartCounter();
  for (let name = 0; name < NAMES_MAX; name++) passOver(`name-${name}`);
  for (let name = 0; name < 50; name++) passOver(`other-${name}`);
  passOver('name-0');
  expect(counts.size).toBe(NAMES_MAX + 1);
  expect([counts.get('name-0'), counts.get('(other)')]).toEqual([2, 50]);
});

it('names that differ beyond NAME_LENGTH_MAX characters are one', () => {
  const { counts, passOver } = createPartCounter();
  const long = 'x'.repeat(NAME_LENGTH_MAX);
  for (const end of ['', 'a', 'b'.repeat(1_000_000)]) passOver(`${long}${end}`);
  passOver(undefined);
  expect([...counts]).toEqual([
    [long, 3],
    ['(no type)', 1],
  ]);
});
