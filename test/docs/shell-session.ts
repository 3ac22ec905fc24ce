import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const root = path.resolve(__dirname, '../..');

/** What a command printed on standard output, and how it ended. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
}

/** One bash in a folder, that keeps its variables from command to command as a reader's terminal does. */
export interface ShellSession extends AsyncDisposable {
  run(command: string): Promise<Answer>;
  /** Starts a command that stays up; it is stopped at the end. */
  start(command: string): Promise<void>;
  /** What everything has said on standard error, services included. */
  complaints(): string;
}

const openShells = new Set<number>();

/** Ends what a test left running that was cut off: nobody disposes of its session. */
export function killShells(): void {
  // Each group is a shell and what it started, no other process.
  for (const pid of openShells) process.kill(-pid, 'SIGKILL');
  openShells.clear();
}

/**
 * `npx stepfold` in it is the build of this working copy; programs find the packages of the workspace.
 * It is detached: the process group of its own holds all that it starts, and is killed at the end.
 */
export function openShellSession(folder: string): ShellSession {
  const bin = path.join(folder, '.bin');
  fs.mkdirSync(bin);
  const entry = path.join(root, 'services/cli/bin/stepfold.mjs');
  const shim = `#!/bin/sh\n[ "$1" = stepfold ] || { echo "npx: only stepfold here" >&2; exit 127; }\nshift\n`;
  fs.writeFileSync(path.join(bin, 'npx'), `${shim}exec "${process.execPath}" "${entry}" "$@"\n`, {
    mode: 0o755,
  });
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const own = Object.entries(process.env).filter(([name]) => !/^(STEPFOLD_|npm_)/.test(name));
  const nodeFolder = path.dirname(process.execPath);
  const shell = spawn('bash', ['--noprofile', '--norc'], {
    cwd: folder,
    env: { ...Object.fromEntries(own), PATH: `${bin}:${nodeFolder}:${process.env['PATH'] ?? ''}` },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  openShells.add(shell.pid!);
  const complaints: Buffer[] = [];
  shell.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  shell.stdin.on('error', () => undefined);
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const closed = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  let count = 0;

  async function run(command: string): Promise<Answer> {
    const mark = `end-of-command-${count++}`;
    // A command that exits or cannot be parsed must not take the session along: each is given to eval.
    const quoted = `'${command.replaceAll("'", String.raw`'\''`)}'`;
    shell.stdin.write(`eval ${quoted} </dev/null\nprintf '\\n%s %s\\n' ${mark} $?\n`);
    const printed: string[] = [];
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`the shell ended in: ${command}`);
      const end = new RegExp(`^${mark} (\\d+)$`).exec(value);
      if (end !== null) return { exitCode: Number(end[1]), stdout: printed.join('\n') };
      printed.push(value);
    }
  }

  return {
    run,
    async start(command) {
      await run(`${command} >/dev/null &`);
    },
    complaints: () => Buffer.concat(complaints).toString('utf8'),
    async [Symbol.asyncDispose]() {
      if (openShells.delete(shell.pid!)) process.kill(-shell.pid!, 'SIGKILL');
      await closed;
    },
  };
}
