import { expect } from '@jest/globals';
import type { GenerationClaim } from '../generation-claim.js';
import type { Suite } from './message-store-conformance.js';

export function generationTests({ test }: Suite): void {
  test('registers the first claim, and answers it to whoever claims the same', async (open) => {
    const [one, other] = [await open(), await open()];
    const claim = { generation: 0, partition_count: 12 };
    expect(await one.claimGeneration(claim)).toEqual(claim);
    expect(await other.claimGeneration(claim)).toEqual(claim);
  });

  test('answers what was registered to a claim of an equal or lower generation, and keeps it', async (open) => {
    const store = await open();
    const registered = { generation: 3, partition_count: 12 };
    await store.claimGeneration(registered);
    for (const [generation, partition_count] of [
      [3, 13],
      [2, 24],
      [0, 1],
    ] as const) {
      expect(await store.claimGeneration({ generation, partition_count })).toEqual(registered);
    }
    await store.close();
    expect(await (await open()).claimGeneration({ generation: 0, partition_count: 5 })).toEqual(registered);
  });

  test('lets a higher generation replace what is registered, with a count of its own', async (open) => {
    const [one, other] = [await open(), await open()];
    await one.claimGeneration({ generation: 9, partition_count: 12 });
    for (const claim of [
      { generation: 10, partition_count: 3 },
      { generation: 32_767, partition_count: 100_000 },
    ]) {
      expect(await one.claimGeneration(claim)).toEqual(claim);
      expect(await other.claimGeneration({ generation: 9, partition_count: 12 })).toEqual(claim);
    }
  });

  test('lets one of several counts that race for a generation win, for everybody', async (open) => {
    const handles = [await open(), await open(), await open()];
    for (let generation = 1; generation <= 5; generation++) {
      const answers = await Promise.all(
        Array.from({ length: 9 }, (_, i) =>
          handles[i % handles.length]!.claimGeneration({ generation, partition_count: 1 + i }),
        ),
      );
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect(answers[0]?.generation).toBe(generation);
    }
  });

  test('ends with the highest generation when claims of several race', async (open) => {
    const handles = [await open(), await open(), await open()];
    const generations = Array.from({ length: 30 }, (_, i) => (i * 7) % 31);
    const answers = await Promise.all(
      generations.map((generation, i) =>
        handles[i % handles.length]!.claimGeneration({ generation, partition_count: 100 + generation }),
      ),
    );
    for (const [i, answer] of answers.entries()) {
      expect(answer.generation).toBeGreaterThanOrEqual(generations[i]!);
      expect(answer.partition_count).toBe(100 + answer.generation);
    }
    const highest = { generation: 30, partition_count: 130 };
    expect(await handles[0]!.claimGeneration({ generation: 0, partition_count: 1 })).toEqual(highest);
  });

  test('refuses what is no generation and no count of partitions', async (open) => {
    const store = await open();
    const bad: readonly GenerationClaim[] = [
      { generation: -1, partition_count: 1 },
      { generation: 0.5, partition_count: 1 },
      { generation: 32_768, partition_count: 1 },
      { generation: Number.NaN, partition_count: 1 },
      { generation: '1' as unknown as number, partition_count: 1 },
      { generation: 0, partition_count: 0 },
      { generation: 0, partition_count: 1.5 },
      { generation: 0, partition_count: { $gt: 0 } as unknown as number },
    ];
    for (const claim of bad) {
      const refused = { name: 'UsageError', code: 'bad-usage' };
      await expect(store.claimGeneration(claim)).rejects.toMatchObject(refused);
    }
    const claim = { generation: 0, partition_count: 1 };
    expect(await store.claimGeneration(claim)).toEqual(claim);
  });
}
