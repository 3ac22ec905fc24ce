import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createSystemRuntime, sleep } from '@stepfold/runtime';

/** A process that works on the log, and the lines that it has written so far. */
export interface SpawnedProcess {
  readonly lines: string[];
  readonly isRunning: () => boolean;
  /** Resolves when it has ended and all of its output is in `lines`. */
  readonly ended: Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

const runtime = createSystemRuntime();
const running = new Set<ChildProcess>();

/** Runs a script of this folder on the built package. */
export function spawnProcess(script: string, ...args: string[]): SpawnedProcess {
  return watch(
    spawn(process.execPath, [path.join(__dirname, script), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
}

/** Runs a script of this folder that may make no file larger than this; LMDB's complaints are not shown. */
export function spawnLimited(fileBytesMax: number, script: string, ...args: string[]): SpawnedProcess {
  // POSIX counts in blocks of 512 bytes; bash in 1,024.
  const command = `ulimit -f ${Math.ceil(fileBytesMax / 512)} && exec "$0" "$@"`;
  const words = ['-c', command, process.execPath, path.join(__dirname, script), ...args];
  return watch(spawn('sh', words, { stdio: ['ignore', 'pipe', 'ignore'] }));
}

/** For the end of each test: what it left running is killed, frozen or not. */
export async function killAll(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGKILL');
      return new Promise((resolve) => child.once('close', resolve));
    }),
  );
}

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = runtime.monotonicMs() + 30_000;
  while (!(await condition())) {
    if (runtime.monotonicMs() > giveUpAtMs) throw new Error(`in vain waited until ${what}`);
    await sleep(runtime, 5);
  }
}

function watch(child: ChildProcess): SpawnedProcess {
  running.add(child);
  const lines: string[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    // A killed process may have written half a line: that is not an acknowledgement.
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      running.delete(child);
      resolve();
    });
  });
  return {
    lines,
    isRunning: () => running.has(child),
    ended,
    kill: (signal) => void child.kill(signal),
  };
}
