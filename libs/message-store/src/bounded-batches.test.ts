import { describe, expect, it } from '@jest/globals';
import { boundedBatches } from './bounded-batches.js';

const MEBIBYTE = 1024 * 1024;

describe('boundedBatches', () => {
  it('keeps every item once and in order, in batches of at most 1,000', () => {
    const items = Array.from({ length: 2_500 }, (_, i) => i);
    const batches = [
      ...boundedBatches(
        items,
        (item) => item,
        () => 1,
      ),
    ];
    expect(batches.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
    expect(batches.flat()).toEqual(items);
  });

  it('ends a batch with the item that fills 16 MiB', () => {
    const batches = [
      ...boundedBatches(
        [15, 15, 15, 1, 1],
        (item) => item,
        (item) => item * MEBIBYTE,
      ),
    ];
    expect(batches).toEqual([[15, 15], [15, 1], [1]]);
  });

  it('encodes an item when its batch is asked for, not before', () => {
    const encoded: number[] = [];
    const batches = boundedBatches(
      Array.from({ length: 1_500 }, (_, i) => i),
      (item) => encoded.push(item),
      () => 1,
    );
    batches.next();
    expect(encoded).toHaveLength(1_000);
  });

  it('gives no batch of nothing', () => {
    expect([
      ...boundedBatches(
        [],
        (item) => item,
        () => 1,
      ),
    ]).toEqual([]);
  });
});
