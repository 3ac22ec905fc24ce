import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createSystemRuntime, type Runtime } from '@stepfold/runtime';
import { open, type RootDatabase } from 'lmdb';
import { openSharedFile, type SharedFile } from './shared-file.js';

/** Enough for tens of them to coincide with a commit. */
const OPENINGS = 400;

const scripts = resolve(__dirname, '../test-processes');
const runtime = createSystemRuntime();
/** Elsewhere the file's own lock does not stand in a file. */
const onLinux = process.platform === 'linux' ? it : it.skip;
/** Starts a program as process 1 of a process namespace of its own, as in a container. Root needs no other user for that. */
const UNSHARE = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  ...['--pid', '--fork', '--kill-child'],
] as const;
const withNamespaces = hasNamespaces() ? it : it.skip;
let directory: string;
let path: string;
let processes: TestProcess[];

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'stepfold-file-'));
  path = join(directory, 'file.mdb');
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((started) => started.end('SIGKILL')));
  fs.rmSync(directory, { recursive: true });
});

it('loses no commit of two processes while it is opened again and again', async () => {
  const counting = ['a', 'b'].map((key) => start('count-commits.mjs', path, key));
  for (const { saying } of counting) await saying('begun');
  for (let i = 0; i < OPENINGS; i++) await (await openFile()).close();
  for (const { child } of counting) child.stdin.write('end\n');
  const counts = await Promise.all(counting.map(async ({ ended }) => JSON.parse((await ended).at(-1)!)));

  const { root, close } = await openFile();
  const found = ['a', 'b'].map((key) => root.get(key));
  await close();
  expect(counts.map(({ lost }) => lost)).toEqual([0, 0]);
  expect(counts.map(({ commits }) => commits)).toEqual(found);
});

it('is opened once the process has died that was in the midst of a commit', async () => {
  await (await openFile()).close();
  const staying = start('enter-and-stay.mjs', path);
  await staying.saying('entered');
  const opening = openFile();
  await staying.end('SIGKILL');
  await (await opening).close();
});

it('is not opened while a process does not end its commit, and says which', async () => {
  await (await openFile()).close();
  const staying = start('commit-and-stay.mjs', path);
  await staying.saying('entered');
  await expect(openFile(hurrying())).rejects.toMatchObject({
    name: 'TransientError',
    code: 'store-unavailable',
    message: `${path} cannot be opened: process ${staying.child.pid} is in the midst of a write to it, and does not come to an end. Is it frozen?`,
  });
});

onLinux('is opened while a process does nothing that has begun a commit', async () => {
  await (await openFile()).close();
  const staying = start('enter-and-stay.mjs', path);
  await staying.saying('entered');
  await (await openFile(hurrying())).close();
});

it('takes no commit while a process does not end its opening, and goes on when that has died', async () => {
  const { enter, tryEnter, close } = await openFile(hurrying());
  enter()();
  const staying = start('open-and-stay.mjs', path);
  await staying.saying('opening');
  expect(tryEnter()).toBeUndefined();
  expect(() => enter()).toThrow(
    expect.objectContaining({
      name: 'TransientError',
      code: 'store-unavailable',
      message: `${path} takes no write: another process opens it, and does not come to an end. Is it frozen?`,
    }),
  );
  await staying.end('SIGKILL');
  enter()();
  await close();
});

it('is opened a second time by a process that is in the midst of a commit itself', async () => {
  const first = await openFile();
  const leave = first.enter();
  const second = await openFile();
  leave();
  await second.close();
  await first.close();
});

withNamespaces('says why two processes with the same number cannot share it', async () => {
  const first = startCommand(...UNSHARE, process.execPath, join(scripts, 'enter-and-stay.mjs'), path);
  await first.saying('entered');
  const second = startCommand(...UNSHARE, process.execPath, join(scripts, 'open-and-say.mjs'), path);
  expect(await second.ended).toEqual([
    'another process has it open whose number is 1 too: containers that share a folder have to share their process namespace',
  ]);
  await first.end('SIGKILL');
  const third = startCommand(...UNSHARE, process.execPath, join(scripts, 'open-and-say.mjs'), path);
  expect(await third.ended).toEqual(['opened']);
});

it('is made once by several processes that open it at the same time', async () => {
  const counting = ['a', 'b', 'c', 'd'].map((key) => start('count-commits.mjs', path, key));
  for (const { saying } of counting) await saying('begun');
  for (const { child } of counting) child.stdin.write('end\n');
  for (const { ended } of counting) expect(JSON.parse((await ended).at(-1)!)).toMatchObject({ lost: 0 });
});

it.each([
  ['file.mdb', 'it is no file of LMDB'],
  ['file.mdb-committing', 'file.mdb-committing beside it is damaged; it holds nothing, delete it'],
  ['file.mdb-opening', 'file.mdb-opening beside it is damaged; it holds nothing, delete it'],
])('refuses a %s of other content', async (name, message) => {
  fs.writeFileSync(join(directory, name), 'something else, but long enough for a head');
  await expect(openFile()).rejects.toThrow(message);
});

function openFile(clock: Runtime = runtime): Promise<SharedFile<RootDatabase<number, string>>> {
  return openSharedFile({
    path,
    runtime: clock,
    unavailable: 'store-unavailable',
    open: () => open<number, string>({ path, noSubdir: true, overlappingSync: false }),
  });
}

/** A clock by which every look at it takes six seconds. */
function hurrying(): Runtime {
  let nowMs = 0;
  return { ...runtime, monotonicMs: () => (nowMs += 6_000) };
}

interface TestProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when it has said a line; rejects if it ends before. */
  saying(line: string): Promise<void>;
  /** Its lines, when it has ended by itself; rejects if it complained. */
  readonly ended: Promise<readonly string[]>;
  end(signal: NodeJS.Signals): Promise<unknown>;
}

function hasNamespaces(): boolean {
  const [command, ...args] = UNSHARE;
  return process.platform === 'linux' && spawnSync(command, [...args, 'true']).status === 0;
}

function start(script: string, ...args: string[]): TestProcess {
  return startCommand(process.execPath, join(scripts, script), ...args);
}

function startCommand(command: string, ...args: string[]): TestProcess {
  const child = spawn(command, args, { stdio: 'pipe' });
  const lines: string[] = [];
  let complaints = '';
  let onLine = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    lines.push(...chunk.split('\n').filter(Boolean));
    onLine();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (complaints += chunk));
  const closed = new Promise<void>((resolved) => child.once('close', () => resolved()));
  const ended = closed.then(() => {
    if (complaints !== '') throw new Error(complaints);
    return lines;
  });
  ended.catch(() => undefined);
  const started: TestProcess = {
    child,
    saying: (line) =>
      Promise.race([
        new Promise<void>((said) => {
          onLine = () => void (lines.includes(line) && said());
          onLine();
        }),
        closed.then(() => Promise.reject(new Error(`${args.join(' ')} ended: ${complaints}`))),
      ]),
    ended,
    end: (signal) => {
      child.kill(signal);
      return ended.catch(() => undefined);
    },
  };
  processes.push(started);
  return started;
}
