import { expect } from '@jest/globals';
import type { Suite } from './message-store-conformance.js';

export function progressTests({ test }: Suite): void {
  test('has no progress at first', async (open) => {
    expect(await (await open()).progress(0)).toEqual([]);
  });

  test('raises the progress of a partition, and never lowers it', async (open) => {
    const store = await open();
    for (const folded_to of [0, 5, 3, 5, 2 ** 53 - 1, 7, 0]) {
      await store.raiseProgress({ generation: 0, partition: 0, folded_to });
    }
    expect(await store.progress(0)).toEqual([{ generation: 0, partition: 0, folded_to: 2 ** 53 - 1 }]);
  });

  test('keeps partitions and generations apart', async (open) => {
    const store = await open();
    const all = [
      { generation: 0, partition: 0, folded_to: 1 },
      { generation: 0, partition: 1, folded_to: 2 },
      { generation: 0, partition: 10, folded_to: 3 },
      { generation: 0, partition: 9, folded_to: 4 },
      { generation: 1, partition: 0, folded_to: 5 },
      { generation: 10, partition: 0, folded_to: 6 },
      { generation: 32_767, partition: 99_999, folded_to: 7 },
    ];
    for (const progress of all) await store.raiseProgress(progress);
    for (const generation of [0, 1, 2, 10, 32_767]) {
      const stored = [...(await store.progress(generation))].sort((a, b) => a.partition - b.partition);
      const expected = all.filter((progress) => progress.generation === generation);
      expect(stored).toEqual(expected.sort((a, b) => a.partition - b.partition));
    }
  });

  test('ends with the highest when writers race', async (open) => {
    const handles = [await open(), await open(), await open()];
    const values = Array.from({ length: 60 }, (_, i) => (i * 37) % 61);
    await Promise.all(
      values.map((folded_to, i) =>
        handles[i % handles.length]!.raiseProgress({ generation: 3, partition: 4, folded_to }),
      ),
    );
    for (const handle of handles) {
      expect(await handle.progress(3)).toEqual([
        { generation: 3, partition: 4, folded_to: Math.max(...values) },
      ]);
    }
  });
}
