import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder, checkReachable } from './cache-folder.js';

describe('the cache', () => {
  it('is where the variable says', () => {
    expect(cacheFolder({ STEPFOLD_SERVERS_CACHE: '/some/where' }, true)).toBe('/some/where');
  });

  it("is below the user's home, and root's where others may enter", () => {
    expect(cacheFolder({}, false)).toBe(path.join(os.homedir(), '.cache/stepfold/servers'));
    expect(cacheFolder({ STEPFOLD_SERVERS_CACHE: '' }, true)).toBe('/var/tmp/stepfold-servers');
  });
});

describe('a folder for a server that refuses root', () => {
  let closed: string;
  let inside: string;
  beforeEach(() => {
    closed = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
    inside = path.join(closed, 'inside');
    fs.mkdirSync(inside);
  });
  afterEach(() => fs.rmSync(closed, { recursive: true }));

  it('is refused if its user may not enter one of the folders above, which is named', () => {
    const stranger = { uid: 65_533, gid: 65_533 };
    fs.chmodSync(closed, 0o700);
    expect(() => checkReachable(inside, stranger)).toThrow(
      new RegExp(`may not enter ${closed}; .*chmod a\\+x`),
    );
    fs.chmodSync(closed, 0o711);
    expect(() => checkReachable(inside, stranger)).not.toThrow();
  });

  it("is its user's own if that user may", () => {
    const { uid, gid } = fs.statSync(closed);
    expect(() => checkReachable(inside, { uid, gid })).not.toThrow();
  });
});
