import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fetchedFolder } from './fetched-folder.js';

let cache: string;
beforeEach(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  process.env['STEPFOLD_SERVERS_CACHE'] = cache;
});
afterEach(() => {
  delete process.env['STEPFOLD_SERVERS_CACHE'];
  fs.rmSync(cache, { recursive: true });
});

let fills = 0;
beforeEach(() => {
  fills = 0;
});
const fetch = (content = 'whole') =>
  fetchedFolder(
    {
      name: 'thing-1.0',
      what: 'Thing',
      fill: (draft) => {
        fills++;
        fs.writeFileSync(path.join(draft, 'program'), content);
        return Promise.resolve({ versions: { thing: '1.0' }, files: ['program'] });
      },
    },
    () => undefined,
  );

describe('something fetched', () => {
  it('is fetched once, records its versions, and leaves no draft and no lock', async () => {
    const folder = await fetch();
    expect(await fetch()).toBe(folder);
    expect(fills).toBe(1);
    expect(fs.readdirSync(cache)).toEqual(['thing-1.0']);
    const record: unknown = JSON.parse(fs.readFileSync(path.join(folder, 'record.json'), 'utf8'));
    expect(record).toMatchObject({ versions: { thing: '1.0' }, files: { program: 5 } });
  });

  it('is fetched once by several at a time', async () => {
    await Promise.all([fetch(), fetch(), fetch()]);
    expect(fills).toBe(1);
  });

  it.each([
    ['a file is missing', (folder: string) => fs.rmSync(path.join(folder, 'program'))],
    ['a file is cut', (folder: string) => fs.truncateSync(path.join(folder, 'program'), 2)],
    ['it has no record', (folder: string) => fs.rmSync(path.join(folder, 'record.json'))],
    ['its record is cut', (folder: string) => fs.truncateSync(path.join(folder, 'record.json'), 9)],
  ])('is fetched again if %s', async (_what, harm) => {
    harm(await fetch());
    const folder = await fetch();
    expect(fills).toBe(2);
    expect(fs.readFileSync(path.join(folder, 'program'), 'utf8')).toBe('whole');
  });

  it('is not there after a fetch that failed', async () => {
    const failing = fetchedFolder(
      {
        name: 'thing-1.0',
        what: 'Thing',
        fill: (draft) => {
          fs.writeFileSync(path.join(draft, 'program'), 'who');
          return Promise.reject(new Error('line cut'));
        },
      },
      () => undefined,
    );
    await expect(failing).rejects.toThrow('line cut');
    expect(fs.readdirSync(cache)).toEqual([]);
    await fetch();
    expect(fills).toBe(1);
  });
});
