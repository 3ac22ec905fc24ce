import { describe, expect, it } from '@jest/globals';
import { canaries } from './canaries.js';
import { runSeed } from './run-seeds.js';
import { changedOptions, shrink } from './shrink.js';
import { simulate } from './simulation.js';
import { optionsOf } from './simulation-options.js';

describe('a failing seed', () => {
  it('is shrunk to a smaller world that breaks the same, each time the same', async () => {
    const canary = canaries.find(({ name }) => name === 'publisher takes what failed for sent')!;
    let seed = 1;
    while ((await runSeed(seed, canary)).violations.length === 0) seed++;
    const options = optionsOf(seed);
    const { violations } = await simulate(seed, { canary });
    const { invariant } = violations[0]!;
    const changes = await shrink(options, invariant, canary);
    expect(Object.keys(changes).length).toBeGreaterThan(2);
    const small = await simulate(seed, { canary, options: changedOptions(options, changes) });
    expect(small.violations.map((violation) => violation.invariant)).toContain(invariant);
    expect(await shrink(options, invariant, canary)).toEqual(changes);
    // Without the bug nothing is wrong in that world either.
    expect((await simulate(seed, { options: changedOptions(options, changes) })).violations).toEqual([]);
  }, 120_000);
});
