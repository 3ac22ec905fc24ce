import { describe, expect, it } from '@jest/globals';
import { canaries } from './canaries.js';
import { CANARY_SEEDS, runCanary, runSeed } from './run-seeds.js';
import { simulate } from './simulation.js';

/** The first of the seeds that are always the same. Fresh ones are for `npm run simulate`. */
const FROM = 1;
const TIME_OUT_MS = 240_000;

describe('the simulation', () => {
  it('does the same again for the same seed, whether its lines are kept or not', async () => {
    for (const seed of [FROM, FROM + 1, FROM + 2]) {
      const first = await simulate(seed);
      const second = await simulate(seed, { linesKept: 50 });
      expect(second.traceHash).toBe(first.traceHash);
      expect(second.violations).toEqual(first.violations);
      expect(second.lastLines).toHaveLength(50);
    }
  });

  it('does something else for another seed', async () => {
    const hashes = await Promise.all([simulate(FROM), simulate(FROM + 1)]);
    expect(hashes[0].traceHash).not.toBe(hashes[1].traceHash);
  });

  it.each([
    [20_001_302, 'a projector closed a step although a look at the log had failed since it was decided'],
  ])('finds no more what seed %d has found: %s', async (seed) => {
    expect((await runSeed(seed)).violations).toEqual([]);
  });

  it(
    'finds nothing wrong in a few fixed seeds',
    async () => {
      for (let seed = FROM; seed < FROM + 40; seed++) {
        expect({ seed, violations: (await runSeed(seed)).violations }).toEqual({ seed, violations: [] });
      }
    },
    TIME_OUT_MS,
  );

  it.each(canaries.map((canary) => [canary.name, canary] as const))(
    `catches within ${CANARY_SEEDS} seeds: %s`,
    async (_name, canary) => {
      expect(await runCanary(canary, FROM)).toBeDefined();
    },
    TIME_OUT_MS,
  );
});
