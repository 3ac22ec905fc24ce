import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordToAppend } from '@stepfold/event-log';
import { createSystemRuntime } from '@stepfold/runtime';
import type { Broker } from 'kafkajs/src/cluster/index.js';
import { appendRecords, BATCH_BYTES_MAX } from './append-records.js';
import { registerCodecs } from './codecs.js';
import { createFetcher } from './fetcher.js';
import { createKafkaLog } from './kafka-log.js';
import type { ProtocolClient } from './protocol-client.js';
import { readPartition } from './read-partition.js';
import { createInMemoryLeader } from './testing/in-memory-leader.js';

const MEBIBYTE = 1024 * 1024;
/** As in fetcher.ts. */
const ANSWER_BYTES_MAX = 16 * MEBIBYTE;
/** As in read-partition.ts. */
const RECORDS_MAX = 1_000;
const BYTES_MAX = 4 * MEBIBYTE;

const GZIP = 1;

const texts = (count: number, bytes: number): string[] =>
  Array.from({ length: count }, () => 'x'.repeat(bytes));

describe('a poll of many partitions', () => {
  it('gets at most ANSWER_BYTES_MAX in one answer, and the rest in the next', async () => {
    const leader = createInMemoryLeader();
    const fetcher = createFetcher(leader.client, createSystemRuntime());
    const partitions = [0, 1, 2];
    for (const partition of partitions) leader.append(partition, ...texts(1, 7 * MEBIBYTE));
    const { signal } = new AbortController();
    const fetched = await Promise.all(
      partitions.map((partition) => {
        fetcher.register('t', partition);
        const want = { topic: 't', partition, offset: 0, bytesMax: 8 * MEBIBYTE, isEndKnown: true };
        return fetcher.fetch(want, signal);
      }),
    );
    expect(fetched.map(({ records }) => records.length)).toEqual([1, 1, 1]);
    expect(leader.asked[0]).toMatchObject({
      bytesMax: ANSWER_BYTES_MAX,
      partitions: partitions.map(() => ({})),
    });
    const answers = leader.answeredBytes.filter((bytes) => bytes > 0);
    expect(answers.map((bytes) => Math.floor(bytes / MEBIBYTE))).toEqual([14, 7]);
  });
});

describe('a read', () => {
  it('gives at most RECORDS_MAX records unless the caller says otherwise', async () => {
    const leader = createInMemoryLeader();
    for (let batch = 0; batch < 3; batch++) leader.append(0, ...texts(600, 1));
    const { records, nextOffset } = await readPartition(leader.client, 't', 0, 0);
    expect([records.length, nextOffset]).toEqual([RECORDS_MAX, RECORDS_MAX]);
    const more = await readPartition(leader.client, 't', 0, 0, { recordsMax: 2_000 });
    expect(more.records).toHaveLength(1_800);
  });

  it('gives at most BYTES_MAX unless the caller says otherwise, or one larger record', async () => {
    const leader = createInMemoryLeader();
    for (const mebibytes of [1.5, 1.5, 1.5, 6, 1]) leader.append(0, ...texts(1, mebibytes * MEBIBYTE));
    const first = await readPartition(leader.client, 't', 0, 0);
    expect([first.records.length, first.nextOffset]).toEqual([2, 2]);
    expect(leader.asked[0]).toMatchObject({ bytesMax: BYTES_MAX, partitions: [{ bytesMax: BYTES_MAX }] });
    const larger = await readPartition(leader.client, 't', 0, 3);
    expect([larger.records.length, larger.nextOffset]).toEqual([1, 4]);
    const more = await readPartition(leader.client, 't', 0, 0, { bytesMax: 20 * MEBIBYTE });
    expect(more.records).toHaveLength(5);
  });

  it('gives no more bytes than that of one batch either', async () => {
    const leader = createInMemoryLeader();
    leader.append(0, ...texts(5, 1.5 * MEBIBYTE));
    const { records, nextOffset } = await readPartition(leader.client, 't', 0, 0);
    expect([records.length, nextOffset]).toEqual([2, 2]);
  });
});

describe('an append', () => {
  beforeAll(registerCodecs);

  /** Takes what is appended, and answers the sizes of the batches. */
  async function batchesOf(records: readonly RecordToAppend[], codec = 0): Promise<number[]> {
    const sizes: number[] = [];
    const broker = {
      connectionPool: {
        async send({ request }: { request: { encode: () => { buffer: Buffer } } }) {
          sizes.push(batchBytes(request.encode().buffer));
          return { baseOffset: 0, appendedAtMs: 0 };
        },
      },
    } as unknown as Broker;
    const client = {
      atLeader: (_topic: string, _partition: number, _doing: string, ask: (broker: Broker) => unknown) =>
        ask(broker),
    } as unknown as ProtocolClient;
    await appendRecords({ client, runtime: createSystemRuntime(), codec }, 't', 0, records);
    return sizes;
  }

  const record = (bytes: number): RecordToAppend => ({ key: null, value: Buffer.alloc(bytes, 'x') });

  it('is cut into batches of at most BATCH_BYTES_MAX', async () => {
    const sizes = await batchesOf([5, 5, 5, 5, 1].map((mebibytes) => record(mebibytes * MEBIBYTE)));
    expect(sizes.map((bytes) => Math.floor(bytes / MEBIBYTE))).toEqual([15, 6]);
  });

  it('has no batch above BATCH_BYTES_MAX where compression makes it larger', async () => {
    const value = randomBytes(BATCH_BYTES_MAX - 10_000);
    const [bytes] = await batchesOf([{ key: null, value }], GZIP);
    expect(bytes).toBeGreaterThan(value.length);
    expect(bytes).toBeLessThanOrEqual(BATCH_BYTES_MAX);
  });

  it('refuses a record above SECTION_BYTES_MAX, and then appends nothing', async () => {
    const sectionBytesMax = BATCH_BYTES_MAX - 8 * 1024;
    const fits = record(sectionBytesMax - 20);
    expect(await batchesOf([fits])).toHaveLength(1);
    await expect(batchesOf([record(1), record(sectionBytesMax)])).rejects.toMatchObject({
      code: 'event-oversize',
      message: expect.stringContaining(`the ${sectionBytesMax} that t takes`),
    });
  });
});

it('a name of a group has at most GROUP_LENGTH_MAX characters', async () => {
  const groupLengthMax = 200;
  const { client } = createInMemoryLeader();
  const context = { connect: () => client, generation: 0, partitionCount: 1, topicPrefix: 'stepfold.' };
  const log = createKafkaLog(context as unknown as Parameters<typeof createKafkaLog>[0]);
  const ask = (length: number): Promise<unknown> =>
    log.committed('g'.repeat(length), 'events', 0).catch(({ code }: { code?: string }) => code);
  expect(await ask(groupLengthMax + 1)).toBe('bad-configuration');
  // Taken, and asked of a broker that knows only how to fetch.
  expect(await ask(groupLengthMax)).not.toBe('bad-configuration');
});

/** The batch in a produce request, whose length stands before it, behind one topic with one letter. */
function batchBytes(request: Buffer): number {
  const at = 2 + 2 + 4 + 4 + (2 + 1) + 4 + 4;
  const bytes = request.readInt32BE(at);
  expect(request.length).toBe(at + 4 + bytes);
  return bytes;
}
