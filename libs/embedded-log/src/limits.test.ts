import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { openEmbeddedLog, type EmbeddedLog } from './index.js';
import { beginKey } from './keys.js';
import { createPartitionAppender } from './partition-appender.js';
import { writeHead } from './partition-head.js';
import { deleteExpired } from './retention.js';
import type { WriteQueue } from './write-queue.js';

const MEBIBYTE = 1024 * 1024;
/** As in partition-appender.ts. */
const TRANSACTION_BYTES_MAX = 4 * MEBIBYTE;
/** As in retention.ts. */
const DELETED_RECORDS_MAX = 500;
/** As in embedded-log.ts. */
const GROUP_BYTES_MAX = 255;
/** As in partition-reader.ts. */
const RECORDS_MAX = 1_000;
const BYTES_MAX = 4 * MEBIBYTE;

const runtime = createSystemRuntime();
const recordOf = (bytes: number) => ({ key: null, value: Buffer.alloc(bytes, 'x') });

describe('the embedded log', () => {
  let directory: string;
  let log: EmbeddedLog;

  beforeEach(async () => {
    directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
    log = await openEmbeddedLog({ directory, runtime });
  });

  afterEach(async () => {
    await log.close();
    await fs.rm(directory, { recursive: true });
  });

  it('gives at most RECORDS_MAX records at a time, unless the caller says otherwise', async () => {
    await log.append(
      'events',
      0,
      Array.from({ length: RECORDS_MAX + 1 }, () => recordOf(1)),
    );
    expect((await log.read('events', 0, 0)).records).toHaveLength(RECORDS_MAX);
    expect((await log.read('events', 0, 0, { recordsMax: 2_000 })).records).toHaveLength(RECORDS_MAX + 1);
  });

  it('gives at most BYTES_MAX at a time, or one record, unless the caller says otherwise', async () => {
    const half = recordOf(BYTES_MAX / 2);
    await log.append('events', 0, [half, half, recordOf(1), recordOf(BYTES_MAX + 1), recordOf(1)]);
    const countFrom = async (offset: number, bytesMax?: number): Promise<number> =>
      (await log.read('events', 0, offset, bytesMax === undefined ? {} : { bytesMax })).records.length;
    expect([await countFrom(0), await countFrom(2), await countFrom(3)]).toEqual([2, 1, 1]);
    expect(await countFrom(0, 3 * BYTES_MAX)).toBe(5);
  });

  it('takes names of groups of at most GROUP_BYTES_MAX bytes', async () => {
    const name = 'ä'.repeat((GROUP_BYTES_MAX - 1) / 2);
    expect(await log.committed(`${name}x`, 'events', 0)).toBeUndefined();
    await expect(log.committed(`${name}xy`, 'events', 0)).rejects.toMatchObject({
      code: 'bad-configuration',
      message: expect.stringContaining(`1 to ${GROUP_BYTES_MAX} bytes`),
    });
  });
});

/** One partition from 0 to `end` and the writes that change it, without a file; notes what each transaction does. */
function partitionOf(end: number) {
  const transactions: { bytes: number; removed: number }[] = [];
  const versions = { begin: 0, end };
  const isBegin = (key: Buffer): boolean => key.equals(beginKey('events', 0));
  const environment = {
    refresh: () => undefined,
    heads: {
      getEntry: (key: Buffer) => ({
        version: isBegin(key) ? versions.begin : versions.end,
        value: writeHead({ appendedAtMs: 0, bytes: 0 }),
      }),
      put(key: Buffer, _value: Buffer, version: number) {
        versions[isBegin(key) ? 'begin' : 'end'] = version;
      },
    },
    records: {
      // As if another process had deleted it.
      get: () => undefined,
      put: (_key: Buffer, frame: Buffer) => void (transactions.at(-1)!.bytes += frame.length),
      remove: () => void transactions.at(-1)!.removed++,
    },
  } as unknown as Environment;
  const writeQueue: WriteQueue = {
    async submit(prepare) {
      await Promise.resolve();
      transactions.push({ bytes: 0, removed: 0 });
      prepare()!.apply();
      return true;
    },
    close: async () => true,
  };
  return { context: { environment, writeQueue, runtime }, transactions };
}

describe('a transaction of the embedded log', () => {
  it('takes appends of at most TRANSACTION_BYTES_MAX together, and a larger one alone', async () => {
    const { context, transactions } = partitionOf(0);
    const appender = createPartitionAppender({ ...context, topic: 'events', partition: 0 });
    const sizes = [1, 1, 1, 1, 1, 6, 1].map((mebibytes) => mebibytes * MEBIBYTE);
    const ranges = await Promise.all(sizes.map((bytes) => appender.append([recordOf(bytes)])));
    expect(ranges.map(({ firstOffset }) => firstOffset)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(transactions.map(({ bytes }) => Math.floor(bytes / MEBIBYTE))).toEqual([3, 2, 6, 1]);
    for (const { bytes } of transactions) {
      expect(bytes <= TRANSACTION_BYTES_MAX || Math.floor(bytes / MEBIBYTE) === 6).toBe(true);
    }
  });

  it('deletes at most DELETED_RECORDS_MAX records', async () => {
    const { context, transactions } = partitionOf(1_200);
    expect(await deleteExpired(context, 'events', 0, { ageMaxMs: 1 })).toBe(1_200);
    expect(transactions.map(({ removed }) => removed)).toEqual([
      DELETED_RECORDS_MAX,
      DELETED_RECORDS_MAX,
      200,
    ]);
  });
});
