import { promisify } from 'node:util';
import { gzip, unzip } from 'node:zlib';
import kafkajs, { CompressionTypes } from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import snappy from 'snappyjs';
import { CorruptStateError, UsageError } from '@stepfold/runtime';
import type { Compression } from './kafka-log-options.js';
import { lz4BytesAtMost } from './lz4-frame.js';

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

/**
 * The records of one batch once they are decompressed. A producer of ours makes no batch of more than 16 MiB; what
 * somebody else can compress into that may be a thousand times as long, and must not decide about the memory.
 */
const DECOMPRESSED_BYTES_MAX = 256 * 1024 * 1024;

const gzipBytes = promisify(gzip);
const unzipBytes = promisify<Buffer, { readonly maxOutputLength: number }, Buffer>(unzip);

/**
 * Teaches kafkajs the kinds of compression that other producers and the brokers may use. Its table is one
 * for the process; doing it again changes nothing. A batch that cannot be read is a typed error:
 * UsageError `compression-unknown` for zstd, which Node 20 lacks, CorruptStateError `batch-unreadable` for
 * bytes that are not what they say, or hold more than `DECOMPRESSED_BYTES_MAX`.
 */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.GZIP] = codec('gzip', gzipBytes, decompressGzip);
  CompressionCodecs[CompressionTypes.Snappy] = codec('snappy', compressSnappy, decompressSnappy);
  CompressionCodecs[CompressionTypes.LZ4] = codec('lz4', compressFrame, decompressLz4);
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
        if (error instanceof TooLong) {
          throw new CorruptStateError(
            'batch-unreadable',
            `a batch on the log, compressed with ${name}, holds more than ${DECOMPRESSED_BYTES_MAX} bytes`,
            { cause: error },
          );
        }
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

/** A batch holds more than is decompressed. */
class TooLong extends Error {
  override readonly name = 'TooLong';
}

async function decompressGzip(batch: Buffer): Promise<Buffer> {
  try {
    return await unzipBytes(batch, { maxOutputLength: DECOMPRESSED_BYTES_MAX });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ERR_BUFFER_TOO_LARGE' ? new TooLong('gzip', { cause: error }) : error;
  }
}

async function decompressLz4(batch: Buffer): Promise<Buffer> {
  if (lz4BytesAtMost(batch) > DECOMPRESSED_BYTES_MAX) throw new TooLong('lz4');
  return decompressFrame(batch);
}

// Answers a promise, so that what it throws is a rejection like that of the others.
async function compressSnappy(records: Buffer): Promise<Buffer> {
  return snappy.compress(records);
}

/** Java producers cut a batch into blocks of their own framing, with a header of two versions behind the magic. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_LENGTH = 16;
const BLOCK_LENGTH_BYTES = 4;
/** Of the length at the beginning of a block, seven bits a byte. */
const SNAPPY_LENGTH_BYTES = 5;

async function decompressSnappy(batch: Buffer): Promise<Buffer> {
  if (!batch.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC))
    return uncompressed(batch, DECOMPRESSED_BYTES_MAX);
  const blocks: Buffer[] = [];
  let bytesLeft = DECOMPRESSED_BYTES_MAX;
  for (let at = XERIAL_HEADER_LENGTH; at < batch.length;) {
    const begin = at + BLOCK_LENGTH_BYTES;
    at = begin + batch.readUInt32BE(at);
    if (at > batch.length) throw new Error('its last block is cut off');
    const block = uncompressed(batch.subarray(begin, at), bytesLeft);
    bytesLeft -= block.length;
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

/** A block of snappy, which begins with its length once it is decompressed. */
function uncompressed(block: Buffer, bytesMax: number): Buffer {
  let length = 0;
  for (let index = 0; index < SNAPPY_LENGTH_BYTES && index < block.length; index++) {
    length += (block[index]! & 0x7f) * 2 ** (7 * index);
    if (block[index]! < 0x80) break;
  }
  if (length > bytesMax) throw new TooLong('snappy');
  return snappy.uncompress(block);
}
