import Encoder from 'kafkajs/src/protocol/encoder.js';
import errors from 'kafkajs/src/protocol/error.js';
import type { Broker } from 'kafkajs/src/cluster/index.js';

/**
 * The two requests that carry records. kafkajs has them too, but its answer to a fetch is one error for
 * all partitions as soon as one of them has one, so a partition in trouble would stop the others; and both
 * go through codecs that lose what `record-batch.ts` says.
 */

export interface PartitionToFetch {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The first batch comes whole, however large. */
  readonly bytesMax: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Of Kafka's protocol, with its `type`; or undefined. */
  readonly error: Error | undefined;
  /** The end of the partition: the offset of the record to come. */
  readonly endOffset: number;
  readonly batches: Buffer;
}

const FETCH = { apiKey: 1, apiVersion: 11, apiName: 'Fetch' } as const;
const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const;
/** Transactions are not used; a reader that waits for one to end would be held up by a stranger's. */
const READ_UNCOMMITTED = 0;
const ACKS_ALL = -1;

/** Fetches from several partitions that one broker leads. Waits up to `waitMaxMs` if none has anything. */
export function fetchFrom(
  broker: Broker,
  partitions: readonly PartitionToFetch[],
  limits: { readonly waitMaxMs: number; readonly bytesMax: number; readonly requestTimeoutMs: number },
): Promise<readonly FetchedPartition[]> {
  return broker.connectionPool.send({
    request: {
      ...FETCH,
      encode() {
        const body = new Encoder()
          .writeInt32(-1)
          .writeInt32(limits.waitMaxMs)
          .writeInt32(1)
          .writeInt32(limits.bytesMax)
          .writeInt8(READ_UNCOMMITTED)
          .writeInt32(0)
          .writeInt32(-1)
          .writeInt32(partitions.length);
        // A topic may stand there several times: the order of the partitions is who is served first.
        for (const { topic, partition, offset, bytesMax } of partitions) {
          body.writeString(topic).writeInt32(1);
          body.writeInt32(partition).writeInt32(-1).writeInt64(offset).writeInt64(-1).writeInt32(bytesMax);
        }
        return body.writeInt32(0).writeString('');
      },
    },
    response: { decode: decodeFetch, parse: (fetched) => fetched },
    requestTimeout: limits.requestTimeoutMs + limits.waitMaxMs,
    logResponseError: false,
  });
}

export interface Produced {
  readonly baseOffset: number;
  /** −1 if the topic keeps the time of the producer. */
  readonly appendedAtMs: number;
}

/** Appends one batch; answers when all replicas in sync have it. @throws the error of Kafka's protocol */
export function produceTo(
  broker: Broker,
  topic: string,
  partition: number,
  batch: Buffer,
  timeoutMs: number,
): Promise<Produced> {
  return broker.connectionPool.send({
    request: {
      ...PRODUCE,
      encode: () =>
        new Encoder(batch.length + 256)
          .writeString(null)
          .writeInt16(ACKS_ALL)
          .writeInt32(timeoutMs)
          .writeInt32(1)
          .writeString(topic)
          .writeInt32(1)
          .writeInt32(partition)
          .writeInt32(batch.length)
          .writeBuffer(batch),
    },
    response: { decode: decodeProduce, parse: (produced) => produced },
    logResponseError: false,
  });
}

function decodeProduce(payload: Buffer): Produced {
  const body = new Body(payload);
  body.skip(4);
  body.text();
  body.skip(4 + 4);
  const error = body.error();
  const baseOffset = body.int64();
  const appendedAtMs = body.int64();
  if (error !== undefined) throw error;
  return { baseOffset, appendedAtMs };
}

function decodeFetch(payload: Buffer): readonly FetchedPartition[] {
  const body = new Body(payload);
  body.skip(4);
  const error = body.error();
  if (error !== undefined) throw error;
  body.skip(4);
  const fetched: FetchedPartition[] = [];
  for (let topics = body.int32(); topics > 0; topics--) {
    const topic = body.text();
    for (let partitions = body.int32(); partitions > 0; partitions--) {
      const partition = body.int32();
      const partitionError = body.error();
      const endOffset = body.int64();
      body.skip(8 + 8);
      const aborted = body.int32();
      if (aborted > 0) body.skip(16 * aborted);
      body.skip(4);
      fetched.push({ topic, partition, error: partitionError, endOffset, batches: body.bytes() });
    }
  }
  return fetched;
}

/** Reads the plain fields of an answer, in order. */
class Body {
  private at = 0;
  constructor(private readonly payload: Buffer) {}

  skip(bytes: number): void {
    this.at += bytes;
  }

  int32(): number {
    this.at += 4;
    return this.payload.readInt32BE(this.at - 4);
  }

  int64(): number {
    this.at += 8;
    return Number(this.payload.readBigInt64BE(this.at - 8));
  }

  text(): string {
    const length = this.payload.readInt16BE(this.at);
    this.at += 2 + length;
    return this.payload.toString('utf8', this.at - length, this.at);
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    this.at += length;
    return this.payload.subarray(this.at - length, this.at);
  }

  error(): Error | undefined {
    const code = this.payload.readInt16BE(this.at);
    this.at += 2;
    return code === 0 ? undefined : errors.createErrorFromCode(code);
  }
}
