import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { openEnvironment } from './environment.js';
import { openEmbeddedLog } from './index.js';
import { recordKey } from './keys.js';

let directory = '';

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
});

afterEach(() => fs.rm(directory, { recursive: true }));

it('gives what is before a record that is lost, and never passes it over in silence', async () => {
  const runtime = createSystemRuntime();
  await using log = await openEmbeddedLog({ directory, runtime });
  const value = new TextEncoder().encode('value');
  await log.append(
    'events',
    1,
    Array.from({ length: 5 }, () => ({ key: null, value })),
  );
  const environment = await openEnvironment({
    directory,
    runtime,
    generation: undefined,
    partitionCount: undefined,
    fsync: false,
  });
  await environment.records.remove(recordKey('events', 1, 2));
  await environment.close();

  const before = await log.read('events', 1, 0);
  expect(before).toMatchObject({ nextOffset: 2, endOffset: 5 });
  expect(before.records).toHaveLength(2);
  await expect(log.read('events', 1, 2)).rejects.toMatchObject({
    code: 'data-unreadable',
    message:
      'events, partition 1 has no record at offset 2, between its begin 0 and its end 5: the file is damaged',
  });
  await expect(log.read('events', 1, 3)).resolves.toMatchObject({ nextOffset: 5 });
});
