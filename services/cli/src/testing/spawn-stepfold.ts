import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

const bin = path.resolve(__dirname, '../../bin/stepfold.mjs');
/** Where npm links the commands of the workspace. */
const folderOfLinks = path.resolve(__dirname, '../../../../node_modules/.bin');

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** In a process group of its own, as a shell starts it. */
  readonly isGroup?: boolean;
}

/** A running `stepfold`, of the build. */
export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What standard output has shown so far. */
  printed(): string;
  /** Resolves when standard error or output has shown this; rejects when the process ends before. */
  shown(text: string): Promise<void>;
}

const running = new Set<ChildProcess>();

/** For the end of a test: nothing that it started may outlive it, however it ended. */
export function killSpawned(): void {
  for (const child of running) child.kill('SIGKILL');
}

export function spawnStepfold(commandLine: readonly string[], options: SpawnOptions = {}): Running {
  return spawnProgram(process.execPath, [bin, ...commandLine], options);
}

/** Runs a line of `bash`, in which `stepfold` is this build. */
export function spawnShellLine(line: string, options: SpawnOptions = {}): Running {
  const PATH = [folderOfLinks, path.dirname(process.execPath), process.env['PATH']].join(path.delimiter);
  return spawnProgram('bash', ['-c', line], { ...options, environment: { ...options.environment, PATH } });
}

function spawnProgram(program: string, words: readonly string[], options: SpawnOptions): Running {
  const { input, environment, workingDirectory, isGroup = false } = options;
  // The settings of who runs the tests are not those of what is tested.
  const own = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => name !== 'npm_lifecycle_event' && !name.startsWith('STEPFOLD_'),
    ),
  );
  const child = spawn(program, words, {
    cwd: workingDirectory,
    detached: isGroup,
    env: { ...own, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(chunks[name]).toString('utf8');
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      chunks[name].push(chunk);
      for (const look of waiting) look();
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) =>
      resolve({ exitCode, signal, stdout: text('stdout'), stderr: text('stderr') }),
    );
  });
  return {
    process: child,
    finished,
    printed: () => text('stdout'),
    async shown(wanted) {
      const isShown = (): boolean => text('stdout').includes(wanted) || text('stderr').includes(wanted);
      await Promise.race([
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (!isShown()) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          look();
        }),
        finished.then(({ stderr }) => {
          if (!isShown()) throw new Error(`stepfold ended before it showed ${wanted}: ${stderr}`);
        }),
      ]);
    },
  };
}

/** Runs `stepfold` to its end. */
export function runStepfoldProcess(
  commandLine: readonly string[],
  options: SpawnOptions = {},
): Promise<Finished> {
  return spawnStepfold(commandLine, options).finished;
}

/** Runs to the end and answers what it printed. @throws if it failed */
export async function outputOf(commandLine: readonly string[], options: SpawnOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await runStepfoldProcess(commandLine, options);
  if (exitCode !== 0) throw new Error(`stepfold ${commandLine.join(' ')} answered ${exitCode}: ${stderr}`);
  return stdout;
}
