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

  const decompressedBytesMax = 256 * 1024 * 1024;

  it.each(codecs.filter(([name]) => name !== 'snappy'))(
    'refuse a batch that holds more than DECOMPRESSED_BYTES_MAX, and take one that holds less: %s',
    async (name, codec) => {
      const buffer = Buffer.alloc(decompressedBytesMax + 1);
      // Its length, so that nothing prints the bytes.
      const outcomeOf = async (batch: Buffer): Promise<unknown> =>
        codec.decompress(batch).then(
          ({ length }) => length,
          (error: unknown) => error,
        );
      expect(await outcomeOf(await codec.compress({ buffer }))).toMatchObject({
        name: 'CorruptStateError',
        code: 'batch-unreadable',
        message: `a batch on the log, compressed with ${name}, holds more than ${decompressedBytesMax} bytes`,
      });
      // Of an LZ4 frame only its whole blocks are known beforehand.
      const less = buffer.subarray(0, decompressedBytesMax - 4 * 1024 * 1024);
      expect(await outcomeOf(await codec.compress({ buffer: less }))).toBe(less.length);
    },
    60_000,
  );

  it('refuse blocks of snappy that say that they hold more, alone or together', async () => {
    const codec = codecOf(CompressionTypes.Snappy);
    /** A block that says how long it is, and nothing else. */
    const saying = (bytes: number): Buffer =>
      Buffer.from([0, 7, 14, 21, 28].map((bits) => ((bytes >>> bits) & 0x7f) | (bits < 28 ? 0x80 : 0)));
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const framed = (...blocks: readonly Buffer[]): Buffer =>
      Buffer.concat([header, ...blocks.flatMap((block) => [Buffer.from([0, 0, 0, block.length]), block])]);
    const refusalOf = (batch: Buffer): Promise<unknown> =>
      codec.decompress(batch).then(
        () => 'taken',
        ({ message }: Error) => /holds more than|is not/.exec(message)?.[0],
      );
    const one = await codec.compress({ buffer: Buffer.from('x') });
    expect(await refusalOf(saying(decompressedBytesMax + 1))).toBe('holds more than');
    expect(await refusalOf(framed(one, saying(decompressedBytesMax)))).toBe('holds more than');
    expect(await refusalOf(framed(one, saying(1_000)))).toBe('taken');
  });

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
