import type { RecordToAppend } from '@stepfold/event-log';
import type { Broker } from 'kafkajs/src/cluster/index.js';
import { crc32c } from '../crc32c.js';
import type { FetchedPartition } from '../data-requests.js';
import { kafkaError } from '../kafka-error.js';
import type { ProtocolClient } from '../protocol-client.js';
import { encodeBatch, encodeRecords } from '../record-batch.js';

/** One question, as the broker got it. */
export interface AskedFetch {
  readonly waitMaxMs: number;
  /** What the answer may hold together; the first batch of the first partition that has one comes whole. */
  readonly bytesMax: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly bytesMax: number;
  }[];
}

/** A broker that leads all partitions of a topic `t` and answers fetches, long ones as soon as there is something. */
export interface InMemoryLeader {
  readonly client: ProtocolClient;
  readonly asked: readonly AskedFetch[];
  /** Questions that wait for records. */
  readonly waiting: number;
  append(partition: number, ...texts: string[]): void;
  /** Makes every fetch of a partition answer an error of Kafka's. */
  fail(partition: number, type: string | undefined): void;
  /** While set, a look at the metadata waits for it. */
  refreshing: Promise<void> | undefined;
  /** Bytes of records in one answer, if that is less than the question allows. */
  answerBytesMax: number;
  /** Bytes of records in each answer so far. */
  readonly answeredBytes: readonly number[];
  /** Answers the next question without a word of any partition, as brokers do over a quota. */
  throttle(): void;
  /** Breaks the connection of the next question. */
  cut(): void;
}

export function createInMemoryLeader(): InMemoryLeader {
  const batches = new Map<number, { readonly offset: number; readonly bytes: Buffer }[]>();
  const ends = new Map<number, number>();
  const failures = new Map<number, string>();
  const asked: AskedFetch[] = [];
  const answeredBytes: number[] = [];
  const waiting = new Set<() => void>();
  let isCutting = false;
  let isThrottling = false;
  const state = { refreshing: undefined as Promise<void> | undefined, answerBytesMax: Infinity };

  async function answer(body: Buffer): Promise<readonly FetchedPartition[]> {
    const question = readQuestion(body);
    asked.push(question);
    if (isCutting) {
      isCutting = false;
      throw Object.assign(new Error('reset'), { name: 'KafkaJSConnectionError', code: 'ECONNRESET' });
    }
    if (isThrottling) {
      isThrottling = false;
      return [];
    }
    const answers = (): FetchedPartition[] => {
      let bytesLeft = Math.min(state.answerBytesMax, question.bytesMax);
      let isFirst = true;
      return question.partitions.map(({ partition, offset, bytesMax }) => {
        let ownBytesLeft = bytesMax;
        const type = failures.get(partition);
        const fitting = (batches.get(partition) ?? [])
          .filter((batch) => batch.offset >= offset)
          .filter(({ bytes }) => {
            const isGiven = isFirst || bytes.length <= Math.min(bytesLeft, ownBytesLeft);
            if (isGiven) bytesLeft -= bytes.length;
            ownBytesLeft = isGiven ? ownBytesLeft - bytes.length : 0;
            isFirst = false;
            return isGiven;
          });
        return {
          topic: 't',
          partition,
          error: type === undefined ? undefined : Object.assign(new Error(type), { type }),
          endOffset: ends.get(partition) ?? 0,
          batches: Buffer.concat(fitting.map(({ bytes }) => bytes)),
        };
      });
    };
    if (
      question.waitMaxMs > 0 &&
      answers().every(({ batches, error }) => batches.length === 0 && error === undefined)
    ) {
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
    const given = answers();
    answeredBytes.push(given.reduce((sum, { batches }) => sum + batches.length, 0));
    return given;
  }

  const broker = {
    connectionPool: {
      send: ({ request }: { request: { encode: () => { buffer: Buffer } } }) =>
        answer(request.encode().buffer),
    },
  } as unknown as Broker;

  return {
    asked,
    answeredBytes,
    get waiting() {
      return waiting.size;
    },
    client: {
      atLeader: (_topic, _partition, _doing, ask) => ask(broker),
      atCoordinator: (_group, _doing, ask) => ask(broker),
      async atNode(_node, doing, ask) {
        try {
          return await ask(broker);
        } catch (error) {
          throw kafkaError(error, doing);
        }
      },
      leaderOf: async () => 1,
      refresh: async () => state.refreshing,
      close: async () => undefined,
    },
    append(partition, ...texts) {
      const offset = ends.get(partition) ?? 0;
      const records: RecordToAppend[] = texts.map((text) => ({ key: null, value: Buffer.from(text) }));
      const bytes = encodeBatch(encodeRecords(records), 0, 0);
      bytes.writeBigInt64BE(BigInt(offset), 0);
      bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
      batches.set(partition, [...(batches.get(partition) ?? []), { offset, bytes }]);
      ends.set(partition, offset + texts.length);
      for (const wake of waiting) wake();
      waiting.clear();
    },
    fail(partition, type) {
      if (type === undefined) failures.delete(partition);
      else failures.set(partition, type);
    },
    get refreshing() {
      return state.refreshing;
    },
    set refreshing(refreshing) {
      state.refreshing = refreshing;
    },
    get answerBytesMax() {
      return state.answerBytesMax;
    },
    set answerBytesMax(bytesMax) {
      state.answerBytesMax = bytesMax;
    },
    throttle() {
      isThrottling = true;
    },
    cut() {
      isCutting = true;
    },
  };
}

/** The fields of a fetch request, version 11, that matter here. Every topic is `t`. */
function readQuestion(body: Buffer): AskedFetch {
  const partitions: { partition: number; offset: number; bytesMax: number }[] = [];
  let at = 29;
  for (let left = body.readInt32BE(25); left > 0; left--) {
    const start = at + 2 + body.readInt16BE(at) + 4;
    partitions.push({
      partition: body.readInt32BE(start),
      offset: Number(body.readBigInt64BE(start + 8)),
      bytesMax: body.readInt32BE(start + 24),
    });
    at = start + 28;
  }
  return { waitMaxMs: body.readInt32BE(4), bytesMax: body.readInt32BE(12), partitions };
}
