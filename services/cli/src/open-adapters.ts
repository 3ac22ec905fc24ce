import path from 'node:path';
import type { Command } from 'commander';
import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import type { Runtime } from '@stepfold/runtime';

/**
 * Which log and store a command works on. The one place that knows the adapters: another kind of log or
 * store is one more option here and one more branch in the two functions below, and no command changes.
 */
export interface AdapterOptions {
  /** Folder of the embedded log and store. */
  readonly data: string;
}

export function addAdapterOptions(command: Command): Command {
  return command.option('--data <dir>', 'folder of the embedded log and store', '.stepfold');
}

export interface LogTuning {
  /** How long a member of a group may be silent before its partitions go to another. */
  readonly sessionTimeoutMs?: number;
}

/** @throws UsageError if the folder cannot be used */
export async function openLog(
  options: AdapterOptions,
  runtime: Runtime,
  tuning: LogTuning = {},
): Promise<EventLog> {
  // Loaded when needed: the native part of the embedded log takes longer to load than most commands to run.
  const { openEmbeddedLog } = await import('@stepfold/embedded-log');
  const { sessionTimeoutMs } = tuning;
  return openEmbeddedLog({
    directory: path.join(options.data, 'log'),
    runtime,
    ...(sessionTimeoutMs === undefined
      ? {}
      : { sessionTimeoutMs, heartbeatIntervalMs: beatMs(sessionTimeoutMs) }),
  });
}

/** Three beats within a session, so that a late one costs nothing; a short session needs quick ones. */
function beatMs(sessionTimeoutMs: number): number {
  return Math.max(1, Math.min(3_000, Math.floor(sessionTimeoutMs / 3)));
}

/** @throws UsageError if the folder cannot be used */
export async function openStore(options: AdapterOptions, runtime: Runtime): Promise<MessageStore> {
  const { openEmbeddedStore } = await import('@stepfold/embedded-store');
  return openEmbeddedStore({ directory: path.join(options.data, 'store'), runtime });
}
