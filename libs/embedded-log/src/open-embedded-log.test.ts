import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSystemRuntime, UsageError } from '@stepfold/runtime';
import { open } from 'lmdb';
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './index.js';
import { settingsKey } from './keys.js';

let directory = '';

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
});

afterEach(() => fs.rm(directory, { recursive: true }));

function openLog(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
  return openEmbeddedLog({ directory, runtime: createSystemRuntime(), ...options });
}

async function refusal(
  options: Partial<EmbeddedLogOptions> = {},
): Promise<{ code: string; message: string }> {
  const error = await openLog(options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error as UsageError;
}

describe('opening the embedded log', () => {
  it('creates folders, with 4 partitions and generation 0 unless told otherwise', async () => {
    const log = await openLog({ directory: path.join(directory, 'a', 'b') });
    expect([log.partitionCount, log.generation]).toEqual([4, 0]);
    await log.close();
    const other = await openLog({ partitionCount: 9, generation: 32_767 });
    expect([other.partitionCount, other.generation]).toEqual([9, 32_767]);
    await other.close();
  });

  it('takes what is there, asked for or not', async () => {
    await (await openLog({ partitionCount: 3, generation: 7 })).close();
    for (const options of [{}, { partitionCount: 3, generation: 7 }]) {
      const log = await openLog(options);
      expect([log.partitionCount, log.generation]).toEqual([3, 7]);
      await log.close();
    }
  });

  it('refuses another number of partitions or generation, and says what is there and what to do', async () => {
    await (await openLog({ partitionCount: 3, generation: 7 })).close();
    const partitions = await refusal({ partitionCount: 4 });
    expect(partitions.code).toBe('partition-count-differs');
    expect(partitions.message).toMatch(
      /has 3 partitions, not 4: configure 3, or begin a new generation in a new/,
    );
    const generation = await refusal({ generation: 8 });
    expect(generation.code).toBe('generation-differs');
    expect(generation.message).toMatch(
      /is of generation 7, not 8: configure 7, or begin generation 8 in a new/,
    );
    await (await openLog()).close();
  });

  it('gives the same log to all that create it at once', async () => {
    const attempts = await Promise.allSettled([3, 4, 5].map((partitionCount) => openLog({ partitionCount })));
    const opened = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    const refused = attempts.flatMap((attempt) =>
      attempt.status === 'rejected' ? [attempt.reason.code] : [],
    );
    expect(opened).toHaveLength(1);
    expect(refused).toEqual(['partition-count-differs', 'partition-count-differs']);
    for (const log of opened) await log.close();
  });

  it.each([
    ['text', Buffer.from('hello')],
    ['random bytes', Buffer.alloc(100_000, 0xab)],
    ['zeros', Buffer.alloc(8_192)],
  ])('refuses a file of %s and leaves it as it is', async (_, content) => {
    const file = path.join(directory, 'log.mdb');
    await fs.writeFile(file, content);
    const error = await refusal();
    expect(error.code).toBe('data-unreadable');
    expect(error.message).toContain(file);
    expect((await fs.readFile(file)).equals(content)).toBe(true);
  });

  it('refuses a folder that is a file, and a file that is a folder', async () => {
    const file = path.join(directory, 'file');
    await fs.writeFile(file, '');
    expect((await refusal({ directory: file })).code).toBe('data-unreadable');
    expect((await refusal({ directory: path.join(file, 'below') })).code).toBe('data-unreadable');
    await fs.mkdir(path.join(directory, 'log.mdb'));
    expect((await refusal()).code).toBe('data-unreadable');
  });

  it('refuses the file of a newer version', async () => {
    await (await openLog()).close();
    const root = open({ path: path.join(directory, 'log.mdb'), overlappingSync: false });
    const heads = root.openDB('heads', { encoding: 'binary', keyEncoding: 'binary', useVersions: true });
    await heads.put(settingsKey, Buffer.from('{"format":2,"generation":0,"partition_count":4}'), 0);
    await root.close();
    const error = await refusal();
    expect(error.code).toBe('data-unreadable');
    expect(error.message).toMatch(/has format 2; this version reads up to 1/);
  });

  it('begins anew in the empty file that a process left which died at once', async () => {
    await fs.writeFile(path.join(directory, 'log.mdb'), '');
    const log = await openLog();
    expect(await log.append('events', 0, [{ key: null, value: null }])).toMatchObject({ firstOffset: 0 });
    await log.close();
  });

  it.each([
    [{ partitionCount: 0 }, /partitionCount must be an integer from 1 to 1024, not 0/],
    [{ partitionCount: 1.5 }, /partitionCount/],
    [{ generation: 32_768 }, /generation must be an integer from 0 to 32767/],
    [
      { heartbeatIntervalMs: 4_000 },
      /heartbeatIntervalMs \(4000\) must be at most a third of sessionTimeoutMs/,
    ],
    [{ sessionTimeoutMs: Number.NaN }, /sessionTimeoutMs/],
    [{ retention: { events: { ageMaxMs: 0 } } }, /retention of events, ageMaxMs/],
  ])('refuses the options %j', async (options, message) => {
    const error = await refusal(options);
    expect(error.code).toBe('bad-configuration');
    expect(error.message).toMatch(message);
  });
});
