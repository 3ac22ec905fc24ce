import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

/** A process, told from a later one that got its number by when it began. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, as the system says it; only equality means anything. */
  readonly began: string;
}

/** The identity of a process, or undefined if there is none of this number (a zombie has ended). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const began = process.platform === 'linux' ? beganOnLinux(pid) : beganElsewhere(pid);
  return began === undefined ? undefined : { pid, began };
}

/** True if this very process still runs. */
export function isStillRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.began === identity.began;
}

/** Sends a signal, unless the process has ended or its number is another one's. Answers whether it was sent. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isStillRunning(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The processes that this one has started and that still run. Empty where there is no `/proc`. */
export function childrenOf(pid: number): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statFields(Number(name))?.[1] === String(pid))
    .flatMap((name) => identifyProcess(Number(name)) ?? []);
}

/** The fields of `/proc/PID/stat` from the state (the third) on; the name before it may hold anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function beganOnLinux(pid: number): string | undefined {
  const fields = statFields(pid);
  if (fields === undefined || hasEnded(pid, fields[0])) return undefined;
  // Ticks since the machine started: the same number means nothing after the next start.
  return `${fields[19]} ${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
}

/**
 * A zombie has ended, unless it is one of several threads and the others are still being taken down: they
 * hold its ports and files.
 */
function hasEnded(pid: number, state: string | undefined): boolean {
  if (state === 'X') return true;
  if (state !== 'Z') return false;
  try {
    return fs.readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

function beganElsewhere(pid: number): string | undefined {
  try {
    const began = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return began === '' ? undefined : began;
  } catch {
    return undefined;
  }
}
