import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { open } from 'lmdb';
import { inspectFile } from './inspect-file.js';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'stepfold-file-'));
});

afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

it('finds a file sound to which another process commits while it is looked at', async () => {
  const path = join(directory, 'file.mdb');
  const root = open<string, string>({ path, pageSize: 8_192, overlappingSync: false });
  root.putSync('key', 'value');
  await root.close();
  const committed = fs.readFileSync(path);
  const file = join(directory, 'growing.mdb');
  fs.writeFileSync(file, committed.subarray(0, 2 * 8_192));
  expect(inspectFile(file)).toEqual({ state: 'foreign', detail: 'it is cut off' });

  const read = fs.readSync;
  jest.spyOn(fs, 'readSync').mockImplementation(((...args: Parameters<typeof read>) => {
    fs.writeFileSync(file, committed);
    return read(...args);
  }) as typeof read);
  expect(inspectFile(file)).toEqual({ state: 'sound' });
});
