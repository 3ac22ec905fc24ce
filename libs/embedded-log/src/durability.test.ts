import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LogRecord } from '@stepfold/event-log';
import { createSystemRuntime } from '@stepfold/runtime';
import { killAll, spawnLimited, spawnProcess, until } from '../test-processes/spawn-process.js';
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './index.js';

const KILLS = 20;

jest.setTimeout(60_000);

let directory = '';

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
});

afterEach(async () => {
  await killAll();
  await fs.rm(directory, { recursive: true });
});

function openLog(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
  return openEmbeddedLog({ directory, runtime: createSystemRuntime(), ...options });
}

describe('what the embedded log has acknowledged', () => {
  it(`is there once and in order after ${KILLS} kills of two processes that append side by side`, async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < KILLS / 2; round++) {
      // In every other round nobody else has the file open: then the next one starts from a cold lock file.
      const bystander = round % 2 === 0 ? await openLog() : undefined;
      const writers = [`${round}a`, `${round}b`];
      const children = writers.map((writer) => spawnProcess('appender.mjs', directory, writer));
      await until('both append', () => children.every(({ lines }) => lines.length > 0));
      for (const child of children) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
        child.kill('SIGKILL');
      }
      await Promise.all(children.map(({ ended }) => ended));
      for (const [i, { lines }] of children.entries()) {
        acknowledged.push(...lines.map((line) => `${writers[i]} ${line}`));
      }
      await bystander?.append('steps', 0, [{ key: null, value: null }]);
      await bystander?.close();
    }

    const log = await openLog();
    const partitions: LogRecord[][] = [];
    for (let partition = 0; partition < log.partitionCount; partition++) {
      partitions.push(await readPartition(log, partition));
    }
    for (const records of partitions) {
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
      const stamps = records.map(({ appendedAtMs }) => appendedAtMs);
      expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
      const numbers = new Map<string, number[]>();
      for (const record of records) {
        const { writer, number } = identify(record);
        const list = numbers.get(writer) ?? [];
        numbers.set(writer, list);
        list.push(number);
      }
      // Nothing twice, nothing out of order, nothing left out: what follows an acknowledged record came later.
      for (const [writer, list] of numbers) expect([writer, list]).toEqual([writer, list.map((_, i) => i)]);
    }
    for (const line of acknowledged) {
      const [writer, ...fields] = line.split(' ');
      const [partition, firstOffset, number, count] = fields.map(Number);
      for (let i = 0; i < count!; i++) {
        const record = partitions[partition!]![firstOffset! + i];
        expect({ line, ...(record === undefined ? {} : identify(record)) }).toEqual({
          line,
          writer,
          number: number! + i,
        });
      }
    }
    expect(acknowledged.length).toBeGreaterThan(KILLS);
    await log.close();
  });

  it('is all there is when the disk is full, and the log goes on when there is room', async () => {
    const child = spawnLimited(4 * 1024 * 1024, 'fill-disk.mjs', directory);
    await child.ended;
    const { acknowledged, errors, endOffset } = JSON.parse(child.lines.join('') || '{}');
    expect(errors).toEqual(['log-unavailable', 'log-unavailable', 'log-unavailable']);
    expect(acknowledged).toBeGreaterThan(50);
    expect(endOffset).toBe(acknowledged + 1);
    const log = await openLog();
    expect(await readPartition(log, 0)).toHaveLength(acknowledged + 1);
    const { firstOffset } = await log.append('events', 0, [{ key: null, value: null }]);
    expect(firstOffset).toBe(acknowledged + 1);
    await log.close();
  });
});

describe('a process that is frozen inside a commit', () => {
  it('makes appends of others fail in time, and lets them through when it is killed', async () => {
    const log = await openLog({ fsync: false, writeTimeoutMs: 1_000 });
    const child = spawnProcess('heavy-writer.mjs', directory);
    await until('it writes', () => child.lines.length > 0);
    const append = (): Promise<unknown> =>
      log.append('steps', 0, [{ key: null, value: null }]).catch((error: unknown) => error);
    await until('it is frozen inside a commit', async () => {
      child.kill('SIGSTOP');
      const result = await append();
      if (result instanceof Error) {
        expect(result).toMatchObject({ name: 'TransientError', code: 'log-unavailable' });
        return true;
      }
      child.kill('SIGCONT');
      return false;
    });
    expect(await log.read('steps', 0, 0)).toMatchObject({ records: expect.anything() });
    expect(await append()).toMatchObject({ code: 'log-unavailable' });
    child.kill('SIGKILL');
    await until('the log takes appends again', async () => !((await append()) instanceof Error));
    await log.close();
  });
});

describe('a process that is frozen while it opens the log', () => {
  it('makes appends of others fail in time, and lets them through when it is killed', async () => {
    const log = await openLog({ writeTimeoutMs: 500 });
    const append = () => log.append('steps', 0, [{ key: null, value: null }]);
    await append();
    const child = spawnProcess(
      '../../lmdb-file/test-processes/open-and-stay.mjs',
      path.join(directory, 'log.mdb'),
    );
    await until('it opens', () => child.lines.length > 0);
    await expect(append()).rejects.toMatchObject({ name: 'TransientError', code: 'log-unavailable' });
    expect((await log.read('steps', 0, 0)).records).toHaveLength(1);
    child.kill('SIGKILL');
    await until('the log takes appends again', () =>
      append().then(
        () => true,
        () => false,
      ),
    );
    await log.close();
  });
});

async function readPartition(log: EmbeddedLog, partition: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let offset = 0; ;) {
    const result = await log.read('events', partition, offset);
    if (result.records.length === 0) return records;
    records.push(...result.records);
    offset = result.nextOffset;
  }
}

function identify({ key, value }: LogRecord): { writer: string; number: number } {
  return {
    writer: Buffer.from(key ?? []).toString(),
    number: Number.parseInt(Buffer.from(value ?? []).toString(), 10),
  };
}
