import fs from 'node:fs';
import os from 'node:os';

/** A process, and where its number means something: numbers of another host or container say nothing here. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly namespace: string;
}

export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, namespace: `${os.hostname()} ${pidNamespace()}` };
}

/**
 * True if the process has surely ended, so that nobody has to wait for its session to time out. False if
 * it lives, if another one has got its number, or if it cannot be known.
 */
export function hasEnded(identity: ProcessIdentity, own: ProcessIdentity): boolean {
  if (identity.namespace !== own.namespace || identity.pid === own.pid) return false;
  try {
    process.kill(identity.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function pidNamespace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there are no containers that share a folder and not their processes.
    return '';
  }
}
