import { describe, expect, it } from '@jest/globals';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { compressionTypes, registerCodecs } from './codecs.js';
import { compressions } from './kafka-log-options.js';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(batch: Buffer): Promise<Buffer>;
}

registerCodecs();
const codecOf = (type: keyof typeof CompressionCodecs) => CompressionCodecs[type]() as Codec;
const codecs = compressions.flatMap((name) => {
  const type = compressionTypes[name];
  return type === CompressionTypes.None ? [] : [[name, codecOf(type)] as const];
});

const texts = ['', 'x', '{"type":"text-delta"}'.repeat(5_000), 'z'.repeat(70_000)];

describe('the codecs', () => {
  it('are three, and no compression is none', () => {
    expect(codecs.map(([name]) => name)).toEqual(['gzip', 'snappy', 'lz4']);
    expect(compressionTypes.none).toBe(CompressionTypes.None);
  });

  it.each(codecs)('give back what was compressed, and make it smaller: %s', async (_name, codec) => {
    for (const text of texts) {
      const buffer = Buffer.from(text);
      const compressed = await codec.compress({ buffer });
      expect(Buffer.isBuffer(compressed)).toBe(true);
      const again = await codec.decompress(compressed);
      // Compared as numbers would be slow.
      expect(Buffer.isBuffer(again) && again.equals(buffer)).toBe(true);
      if (text.length > 1_000) expect(compressed.length).toBeLessThan(text.length / 10);
    }
  });

  it.each(codecs)(
    'say what is wrong with bytes that are not what they should be: %s',
    async (name, codec) => {
      await expect(codec.decompress(Buffer.from('this is none of them'))).rejects.toMatchObject({
        name: 'CorruptStateError',
        code: 'batch-unreadable',
        message: expect.stringContaining(name),
      });
    },
  );

  it('read the blocks in which Java producers frame snappy', async () => {
    const codec = codecOf(CompressionTypes.Snappy);
    const parts = ['first ', 'second '.repeat(9_000), 'third'].map((text) => Buffer.from(text));
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const blocks = await Promise.all(
      parts.map(async (buffer) => {
        const block = await codec.compress({ buffer });
        const length = Buffer.alloc(4);
        length.writeUInt32BE(block.length);
        return Buffer.concat([length, block]);
      }),
    );
    const batch = Buffer.concat([header, ...blocks]);
    expect((await codec.decompress(batch)).equals(Buffer.concat(parts))).toBe(true);
    await expect(codec.decompress(batch.subarray(0, -1))).rejects.toMatchObject({ code: 'batch-unreadable' });
  });

  it('refuse zstd with a sentence that says what to do', () => {
    expect(() => codecOf(CompressionTypes.ZSTD)).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        code: 'compression-unknown',
        message: expect.stringContaining('zstd'),
      }),
    );
  });
});
