import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { forgetFolder, killOrphans, rememberFolder } from './orphans.js';
import { identifyProcess, isStillRunning } from './process-identity.js';

let cache: string;
let server: ChildProcess;
beforeEach(async () => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  process.env['STEPFOLD_SERVERS_CACHE'] = cache;
  server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(server, 'spawn');
});
afterEach(() => {
  delete process.env['STEPFOLD_SERVERS_CACHE'];
  server.kill('SIGKILL');
  fs.rmSync(cache, { recursive: true });
});

function register(owner: { pid: number; began: string }, began: string): string {
  const folder = path.join(cache, 'its-data');
  fs.mkdirSync(folder);
  const household = { owner, servers: [{ pid: server.pid, began }], folders: [folder] };
  fs.mkdirSync(path.join(cache, 'running'), { recursive: true });
  fs.writeFileSync(path.join(cache, 'running/1.json'), JSON.stringify(household));
  return folder;
}

const theDead = () => ({ pid: spawnSync(process.execPath, ['-e', '']).pid, began: 'long ago' });

describe('servers whose owner was killed', () => {
  it('are killed by the next one who starts servers, and their folders removed', async () => {
    const identity = identifyProcess(server.pid!)!;
    const folder = register(theDead(), identity.began);
    const ended = once(server, 'exit');
    expect(killOrphans()).toBe(1);
    await ended;
    expect(fs.existsSync(folder)).toBe(false);
    expect(fs.readdirSync(path.join(cache, 'running'))).toEqual([]);
  });

  it('are left alone while their owner runs', () => {
    const identity = identifyProcess(server.pid!)!;
    const folder = register(identifyProcess(process.pid)!, identity.began);
    expect(killOrphans()).toBe(0);
    expect(isStillRunning(identity)).toBe(true);
    expect(fs.existsSync(folder)).toBe(true);
  });

  it('are left alone if another process has got their number', () => {
    register(theDead(), 'before');
    expect(killOrphans()).toBe(0);
    expect(isStillRunning(identifyProcess(server.pid!)!)).toBe(true);
  });

  it('are known from a file that is there only while there is something in it', () => {
    const file = path.join(cache, `running/${process.pid}.json`);
    rememberFolder('/some/where');
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({
      owner: identifyProcess(process.pid),
      folders: ['/some/where'],
    });
    forgetFolder('/some/where');
    expect(fs.existsSync(file)).toBe(false);
  });
});
