import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { LocalServersError } from './errors.js';
import { forgetServer, rememberServer } from './orphans.js';
import { identifyProcess, isStillRunning, signalProcess, type ProcessIdentity } from './process-identity.js';
import { waitUntil } from './wait-until.js';

const TAIL_BYTES = 2_000;
const ORDERLY_STOP_MS = 10_000;

export interface BackgroundCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to; both of its streams go here. */
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** A server's process. It writes to a file, so that it needs nobody who reads from it. */
export interface BackgroundProcess {
  readonly identity: ProcessIdentity;
  readonly isRunning: () => boolean;
  readonly logFile: string;
}

/**
 * Starts a process that is killed when this one ends. It is in a process group of its own: a Ctrl-C reaches
 * us, who stop it in order, and not it.
 * @throws LocalServersError `start-failed` if it cannot be started.
 */
export async function startBackground(options: BackgroundCommand): Promise<BackgroundProcess> {
  const { command, args, cwd, logFile, environment = {}, user } = options;
  const log = fs.openSync(logFile, 'a');
  try {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ['ignore', log, log],
      ...user,
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        reject(new LocalServersError('start-failed', `${command} cannot be started`, { cause: error }));
      });
    });
    child.unref();
    const identity = identifyProcess(child.pid as number);
    if (identity === undefined) throw startFailure(`${command} ended at once`, logFile);
    rememberServer(identity);
    child.once('exit', () => forgetServer(identity));
    return { identity, logFile, isRunning: () => isStillRunning(identity) };
  } finally {
    fs.closeSync(log);
  }
}

/** Kills at once and waits until the process has ended. */
export async function killProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  signalProcess(identity, signal);
  if (!(await waitUntil(() => !isStillRunning(identity), ORDERLY_STOP_MS))) {
    throw new LocalServersError('start-failed', `process ${identity.pid} goes on after ${signal}`);
  }
}

/** Asks the process to stop, even a frozen one, and kills it if it has not after ten seconds. */
export async function stopProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  signalProcess(identity, signal);
  signalProcess(identity, 'SIGCONT');
  if (await waitUntil(() => !isStillRunning(identity), ORDERLY_STOP_MS)) return;
  await killProcess(identity);
}

/** Waits until `isReady`, and fails at once if the process ends before. */
export async function waitUntilReady(
  what: string,
  server: BackgroundProcess,
  isReady: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const hasAnswered = await waitUntil(async () => {
    if (!server.isRunning()) throw startFailure(`${what} ended before it was ready`, server.logFile);
    return isReady();
  }, timeoutMs);
  if (!hasAnswered) {
    throw startFailure(`${what} was not ready after ${Math.round(timeoutMs / 1000)} s`, server.logFile);
  }
}

/** The error of a start that failed, with the end of the log. */
export function startFailure(sentence: string, logFile: string): LocalServersError {
  return new LocalServersError('start-failed', `${sentence}; the end of ${logFile}:\n${tailOf(logFile)}`);
}

/** The last lines of a file, at most 2,000 bytes. */
export function tailOf(file: string): string {
  if (!fs.existsSync(file)) return '(there is none)';
  const descriptor = fs.openSync(file, 'r');
  try {
    const sizeBytes = fs.fstatSync(descriptor).size;
    const tail = Buffer.alloc(Math.min(sizeBytes, TAIL_BYTES));
    fs.readSync(descriptor, tail, 0, tail.length, sizeBytes - tail.length);
    const text = tail.toString('utf8');
    const isCut = sizeBytes > TAIL_BYTES && text.includes('\n');
    return (isCut ? text.slice(text.indexOf('\n') + 1) : text).trim() || '(empty)';
  } finally {
    fs.closeSync(descriptor);
  }
}
