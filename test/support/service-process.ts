import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const bin = path.join(workspaceRoot(), 'services/cli/bin/stepfold.mjs');

/** A `stepfold` command that runs as a process of its own until it is told to end, or killed. */
export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Resolves when a line of its log holds the text; rejects when it ends before. */
  saying(text: string): Promise<void>;
  /** Exit code or signal, when it has ended. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Sends a signal and waits for the end. Answers exit code or signal. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  /** All that it has said on stderr. */
  log(): string;
}

/** Starts `node script args…`; the script is the `stepfold` bin unless another is given. */
export function startService(args: readonly string[], script = bin): ServiceProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let onSaid: (() => void)[] = [];
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    said += chunk;
    wakeAll();
  });
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
    wakeAll();
  });

  function wakeAll(): void {
    const woken = onSaid;
    onSaid = [];
    for (const wake of woken) wake();
  }

  return {
    child,
    ended,
    async saying(text) {
      while (!said.includes(text)) {
        if (isEnded)
          throw new Error(`${args.join(' ')} ended before it said ${JSON.stringify(text)}:\n${said}`);
        await new Promise<void>((resolve) => onSaid.push(resolve));
      }
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
    log: () => said,
  };
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `stepfold` command to its end. */
export function runStepfold(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (chunk: string) => void (said[name] += chunk));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...said }));
  });
}

/** The same for one that has to succeed. Answers what it printed. @throws if it failed */
export async function outputOf(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runStepfold(args);
  if (exitCode !== 0) throw new Error(`stepfold ${args[0]} answered ${exitCode}: ${stderr}`);
  return stdout;
}

/** From where a test is started; a compiled program lies elsewhere than its source. */
function workspaceRoot(): string {
  let folder = process.cwd();
  while (!fs.existsSync(path.join(folder, 'nx.json'))) {
    const above = path.dirname(folder);
    if (above === folder) throw new Error(`${process.cwd()} is not in the workspace`);
    folder = above;
  }
  return folder;
}
