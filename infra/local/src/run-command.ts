import { spawn } from 'node:child_process';
import { LocalServersError } from './errors.js';

const TAIL_BYTES = 2_000;

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input. */
  readonly input?: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** How a command ended, with what it wrote. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. Rejects only if it cannot be started. */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd, environment = {}, input, user }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...user,
    });
    const output: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    child.stdout.on('data', (chunk: Buffer) => output.stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.stderr.push(chunk));
    child.once('error', reject);
    // A command that does not read its input closes it: its exit code tells how it went.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    child.once('close', (exitCode) => {
      resolve({
        exitCode,
        stdout: Buffer.concat(output.stdout).toString('utf8'),
        stderr: Buffer.concat(output.stderr).toString('utf8'),
      });
    });
  });
}

/**
 * Runs a command that has to succeed and answers its standard output.
 * @throws LocalServersError `fetch-failed` with the last lines that it wrote.
 */
export async function runFetchCommand(
  what: string,
  command: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(command, args, options).catch((error: unknown) => {
    throw new LocalServersError('fetch-failed', `${what}: ${command} cannot be run`, { cause: error });
  });
  if (exitCode === 0) return stdout;
  const tail = `${stdout}\n${stderr}`.trim().slice(-TAIL_BYTES);
  throw new LocalServersError('fetch-failed', `${what}: ${command} failed (${exitCode}):\n${tail}`);
}
