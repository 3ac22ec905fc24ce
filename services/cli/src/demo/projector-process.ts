import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { adapterEnvironment, adapterWords } from '../adapter-environment.js';
import type { AdapterChoice } from '../adapter-options.js';
import type { ProcessEnd } from './projector-failed.js';

/** A projector in a process of its own. */
export interface ProjectorProcess {
  /** Undefined if the process could not be started at all. */
  readonly pid: number | undefined;
  /** Resolves when it has its first partition; never if it ends before. */
  readonly atWork: Promise<void>;
  /** Resolves when it has ended, however that was. */
  readonly ended: Promise<ProcessEnd>;
  /** Ends it on the spot (SIGKILL). */
  kill(): void;
  /** Lets it drain and end. */
  stop(): void;
}

export type StartProjector = () => ProjectorProcess;

export interface ProjectorProcessOptions {
  readonly adapters: AdapterChoice;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets each line that the projector logs. Without it nothing of them is shown. */
  readonly onLogLine: ((line: string) => void) | undefined;
}

const bin = fileURLToPath(new URL('../../bin/stepfold.mjs', import.meta.url));

/** The shortest that brokers allow unless they are set otherwise: a killed projector is missed that late. */
const KAFKA_SESSION_MS = 6_000;
/** Somebody watches: parts are stored as they appear. */
const OPEN_STEP_MS = 200;

/** Starts `stepfold projector` of this build on the same log and store. */
export function projectorStarter(options: ProjectorProcessOptions): StartProjector {
  const { adapters } = options;
  const commandLine = [
    bin,
    ...['projector', '--until-stdin-ends', '--log-level', 'info'],
    ...['--open-step-interval', String(OPEN_STEP_MS)],
    // The embedded log sees at once that a process has died.
    ...(adapters.kind === 'servers' ? ['--session-timeout', String(KAFKA_SESSION_MS)] : []),
    ...adapterWords(adapters),
  ];
  const environment = { ...withoutSettings(options.environment), ...adapterEnvironment(adapters) };
  return () => startProcess(commandLine, environment, options.onLogLine);
}

function startProcess(
  commandLine: readonly string[],
  environment: NodeJS.ProcessEnv,
  onLogLine: ((line: string) => void) | undefined,
): ProjectorProcess {
  const child = spawn(process.execPath, commandLine, {
    env: environment,
    // A Ctrl-C of the terminal goes to the whole group. This one stops when it is told to: it has to fold what
    // the demo publishes last. Should the demo die, its standard input ends.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    windowsHide: true,
  });
  let sentence: string | undefined;
  const atWork = new Promise<void>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.startsWith('{')) onLogLine?.(line);
      else if (line.startsWith('stepfold: ')) sentence = line.slice('stepfold: '.length);
      // Node itself speaks where the program could not.
      else sentence ??= line;
      if (messageOf(line) === 'partition assigned') resolve();
    });
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, sentence }));
    child.once('error', (error) => {
      // 70 is a fault of the program: this very Node could not be started once more.
      resolve({ exitCode: 70, signal: null, sentence: `the projector cannot be started: ${error.message}` });
    });
  });
  return {
    pid: child.pid,
    atWork,
    ended,
    kill: () => void child.kill('SIGKILL'),
    stop: () => void child.stdin.end(),
  };
}

function messageOf(logLine: string): unknown {
  try {
    return (JSON.parse(logLine) as { msg?: unknown }).msg;
  } catch {
    return undefined;
  }
}

/** What this environment says of log and store; the projector is told by what the demo has made of it. */
function withoutSettings(environment: ProjectorProcessOptions['environment']): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !name.startsWith('STEPFOLD_') || name === 'STEPFOLD_DEBUG',
    ),
  );
}
