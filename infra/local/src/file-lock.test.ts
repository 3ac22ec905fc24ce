import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { withFileLock } from './file-lock.js';
import { identifyProcess } from './process-identity.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  file = path.join(folder, 'it.lock');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** As a process leaves it that was killed while it held the lock. */
function lockOfTheDead(): void {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  fs.writeFileSync(file, JSON.stringify({ pid, began: 'long ago' }));
}

describe('a file lock', () => {
  it('is held by one at a time, and leaves nothing behind', async () => {
    let holders = 0;
    let holdersMax = 0;
    const work = async (): Promise<void> => {
      holdersMax = Math.max(holdersMax, ++holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withFileLock(file, work)));
    expect(holdersMax).toBe(1);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a process that has ended, by one only', async () => {
    lockOfTheDead();
    let holders = 0;
    let holdersMax = 0;
    const work = async (): Promise<void> => {
      holdersMax = Math.max(holdersMax, ++holders);
      await new Promise((resolve) => setImmediate(resolve));
      holders--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withFileLock(file, work)));
    expect(holdersMax).toBe(1);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('is taken over if another process has got the number of its holder', async () => {
    fs.writeFileSync(file, JSON.stringify({ pid: process.pid, began: 'before this one' }));
    await expect(withFileLock(file, () => Promise.resolve('done'))).resolves.toBe('done');
  });

  it('is not taken from a process that runs, and names it', async () => {
    fs.writeFileSync(file, JSON.stringify(identifyProcess(process.pid)));
    const waitedFor: number[] = [];
    const attempt = withFileLock(file, () => Promise.resolve(), {
      timeoutMs: 50,
      onWait: (pid) => waitedFor.push(pid),
    });
    await expect(attempt).rejects.toThrow(new RegExp(`process ${process.pid} has held ${file}`));
    expect(waitedFor).toEqual([process.pid]);
    expect(fs.existsSync(file)).toBe(true);
  });

  it('is given back if the work fails', async () => {
    await expect(withFileLock(file, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});
