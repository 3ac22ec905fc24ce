import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { openDatabase } from './database.js';
import { inspectStoreFile } from './store-file.js';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'stepfold-store-'));
});

afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

it('finds a file sound to which another process commits while it is looked at', async () => {
  const database = await openDatabase(directory, createSystemRuntime());
  database.write((writes) => writes.put(Buffer.from('key'), Buffer.from('value')));
  await database.close();
  const committed = fs.readFileSync(join(directory, 'store.mdb'));
  const file = join(directory, 'growing.mdb');
  fs.writeFileSync(file, committed.subarray(0, 2 * 8_192));
  expect(inspectStoreFile(file)).toEqual({ state: 'foreign', detail: 'it is cut off' });

  const read = fs.readSync;
  jest.spyOn(fs, 'readSync').mockImplementation(((...args: Parameters<typeof read>) => {
    fs.writeFileSync(file, committed);
    return read(...args);
  }) as typeof read);
  expect(inspectStoreFile(file)).toEqual({ state: 'sound' });
});
