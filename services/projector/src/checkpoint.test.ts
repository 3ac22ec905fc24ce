import { describe, expect, it } from '@jest/globals';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.js';

describe('a checkpoint', () => {
  it('comes back as it was committed', () => {
    const checkpoint = { lowWaterMark: 7, foldedTo: 1_000_000_000_000 };
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it('fits the metadata of any log', () => {
    const { metadata } = encodeCheckpoint({ lowWaterMark: 0, foldedTo: Number.MAX_SAFE_INTEGER });
    expect(metadata.length).toBeLessThan(100);
  });

  it.each(['', '{', '{}', 'null', '7', '{"folded_to":"9"}', '{"folded_to":1.5}', '{"folded_to":6}'])(
    'begins at the low-water mark if its metadata is %j',
    (metadata) => {
      expect(decodeCheckpoint({ nextOffset: 7, metadata })).toEqual({ lowWaterMark: 7, foldedTo: 7 });
    },
  );

  it('begins at the beginning if nothing was committed', () => {
    expect(decodeCheckpoint(undefined)).toEqual({ lowWaterMark: 0, foldedTo: 0 });
  });
});
