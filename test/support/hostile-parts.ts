import * as fc from 'fast-check';

/** Values that no provider would send, for tests of the formats: any JavaScript value, deep nesting, odd strings. */

const deep = fc
  .constantFrom(31, 32, 33, 62, 64, 500)
  .map((levels) => JSON.parse('[{"a":'.repeat(levels) + '1' + '}]'.repeat(levels)) as unknown);
const anything = fc.anything({
  maxDepth: 3,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withTypedArray: true,
  withSparseArray: true,
  withObjectString: true,
  withUnicodeString: true,
});

/** An id: mostly one of three that are fine, so that parts meet. */
export const hostileId: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>('a', 'b', 'c') },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>('', '\0', 'x'.repeat(600), '\uD83D', '__proto__', 'constructor'),
  },
  { weight: 1, arbitrary: anything },
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 3, arbitrary: anything },
  { weight: 1, arbitrary: deep },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(true, false, 'url', 'interrupted', 'data:,x', 'x'.repeat(2_000)),
  },
);

/** A stream of such parts, with some values among them that are no parts at all. */
export function hostileParts(part: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc.array(fc.oneof({ weight: 20, arbitrary: part }, { weight: 1, arbitrary: anything }), {
    maxLength: 25,
    size: 'max',
  });
}

/** A stream in which parts were dropped, doubled and moved; each kind of damage never, sometimes or often. */
export function mutated<T>(stream: readonly T[]): fc.Arbitrary<T[]> {
  return fc
    .record({
      seed: fc.integer(),
      dropped: fc.constantFrom(0, 0.02, 0.3),
      doubled: fc.constantFrom(0, 0.02, 0.3),
      moved: fc.constantFrom(0, 0.02, 1),
    })
    .map(({ seed, dropped, doubled, moved }) => {
      const random = randomNumbers(seed);
      const kept = stream.filter(() => random() >= dropped);
      const damaged = kept.flatMap((item) => (random() < doubled ? [item, item] : [item]));
      for (const index of damaged.keys()) {
        if (random() >= moved) continue;
        const other = Math.floor(random() * damaged.length);
        [damaged[index], damaged[other]] = [damaged[other]!, damaged[index]!];
      }
      return damaged;
    });
}

/** Numbers in [0, 1) that a seed repeats. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}
