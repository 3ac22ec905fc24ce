import { promisify } from 'node:util';
import { gzip, unzip } from 'node:zlib';
import kafkajs, { CompressionTypes } from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import snappy from 'snappyjs';
import { CorruptStateError, UsageError } from '@stepfold/runtime';
import type { Compression } from './kafka-log-options.js';

// Node finds only some of the names that this CommonJS package exports.
const { CompressionCodecs } = kafkajs;

/** What kafkajs calls for each batch; the encoder holds the records that are to be compressed. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(batch: Buffer): Promise<Buffer>;
}

/** kafkajs' number of each kind of compression. */
export const compressionTypes: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
};

const gzipBytes = promisify(gzip);
const unzipBytes = promisify<Buffer, Buffer>(unzip);

/**
 * Teaches kafkajs the kinds of compression that other producers and the brokers may use. Its table is one
 * for the process; doing it again changes nothing. A batch that cannot be read is a typed error:
 * UsageError `compression-unknown` for zstd, which Node 20 lacks, CorruptStateError `batch-unreadable` for
 * bytes that are not what they say.
 */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = codec('gzip', gzipBytes, unzipBytes);
  CompressionCodecs[CompressionTypes.Snappy] = codec('snappy', compressSnappy, decompressSnappy);
  CompressionCodecs[CompressionTypes.LZ4] = codec('lz4', compressFrame, decompressFrame);
  CompressionCodecs[CompressionTypes.ZSTD] = () => {
    throw new UsageError(
      'compression-unknown',
      'a batch on the log is compressed with zstd, which cannot be read here; set compression.type of the ' +
        'topic to producer, and the producers to none, gzip, snappy or lz4',
    );
  };
}

function codec(
  name: Compression,
  compress: (records: Buffer) => Promise<Buffer>,
  decompress: (batch: Buffer) => Promise<Buffer>,
): () => Codec {
  const made: Codec = {
    compress: ({ buffer }) => compress(buffer),
    async decompress(batch) {
      try {
        return await decompress(batch);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new CorruptStateError(
          'batch-unreadable',
          `a batch on the log says that it is compressed with ${name}, and is not: ${reason}`,
          { cause: error },
        );
      }
    },
  };
  return () => made;
}

// Answers a promise, so that what it throws is a rejection like that of the others.
async function compressSnappy(records: Buffer): Promise<Buffer> {
  return snappy.compress(records);
}

/** Java producers cut a batch into blocks of their own framing, with a header of two versions behind the magic. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_LENGTH = 16;
const BLOCK_LENGTH_BYTES = 4;

async function decompressSnappy(batch: Buffer): Promise<Buffer> {
  if (!batch.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappy.uncompress(batch);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_LENGTH; at < batch.length;) {
    const begin = at + BLOCK_LENGTH_BYTES;
    at = begin + batch.readUInt32BE(at);
    if (at > batch.length) throw new Error('its last block is cut off');
    blocks.push(snappy.uncompress(batch.subarray(begin, at)));
  }
  return Buffer.concat(blocks);
}
