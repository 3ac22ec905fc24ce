import compression from 'kafkajs/src/protocol/message/compression/index.js';
import { UsageError } from '@stepfold/runtime';

/**
 * Compresses the records of a batch. 0 is no codec. The codecs are those of `registerCodecs`.
 * @throws UsageError `compression-unknown` if there is no such codec here
 */
export async function compress(codec: number, bytes: Buffer): Promise<Buffer> {
  return codec === 0 ? bytes : codecOf(codec).compress({ buffer: bytes });
}

/**
 * @throws UsageError `compression-unknown` if there is no such codec here
 * @throws CorruptStateError `batch-unreadable` if the bytes are not what the codec makes
 */
export async function decompress(codec: number, bytes: Buffer): Promise<Buffer> {
  return codecOf(codec).decompress(bytes);
}

function codecOf(codec: number): NonNullable<ReturnType<typeof compression.lookupCodec>> {
  const found = compression.lookupCodec(codec);
  if (found !== null) return found;
  throw new UsageError(
    'compression-unknown',
    `a batch on the log is compressed in a way (${codec}) that is unknown here`,
  );
}
