import { describe, expect, it } from '@jest/globals';
import { compressFrame, decompressFrame } from 'lz4-napi';
import * as fc from 'fast-check';
import { lz4BytesAtMost } from './lz4-frame.js';

const MEBIBYTE = 1024 * 1024;

describe('what LZ4 frames hold at most', () => {
  it.each([{}, { contentChecksum: true, blockChecksums: true }])(
    'is no less than what they hold, and at most a block more: %j',
    async (options) => {
      for (const mebibytes of [0, 1, 3, 9]) {
        const frame = await compressFrame(Buffer.alloc(mebibytes * MEBIBYTE + 1, 'x'), options);
        const { length } = await decompressFrame(frame);
        expect(lz4BytesAtMost(frame)).toBeGreaterThanOrEqual(length);
        expect(lz4BytesAtMost(frame)).toBeLessThanOrEqual(length + 4 * MEBIBYTE);
        // Several of them, one behind the other, are read as one.
        expect(lz4BytesAtMost(Buffer.concat([frame, frame]))).toBe(2 * lz4BytesAtMost(frame));
      }
    },
  );

  it('counts blocks that are stored as they are by their length', async () => {
    const incompressible = Buffer.from(
      Array.from({ length: 50_000 }, (_, index) => (index * 7_919) ^ (index >> 3)),
    );
    const frame = await compressFrame(incompressible);
    expect(lz4BytesAtMost(frame)).toBeGreaterThanOrEqual(incompressible.length);
  });

  it('is a number for any bytes', () => {
    const magic = Buffer.from([0x04, 0x22, 0x4d, 0x18]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (given, isFrame) => {
        const bytes = Buffer.concat([...(isFrame ? [magic] : []), given]);
        expect(lz4BytesAtMost(bytes)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});
