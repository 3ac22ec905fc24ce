import type { Readable, Writable } from 'node:stream';
import type { Runtime } from '@stepfold/runtime';
import type { Output } from './output.js';

/** What a command has of the process that it runs in. */
export interface Host {
  readonly stdin: Readable;
  readonly stdout: Output;
  /** One call, one line or help text: errors and notes for people. */
  readonly stderr: Writable;
  /** Columns of the terminal that standard output goes to; undefined if it goes elsewhere. */
  readonly stdoutColumns: number | undefined;
  /** The same of standard error. */
  readonly stderrColumns: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly runtime: Runtime;
  /** Listens for a signal of the system; the answer stops it. */
  onSignal(signal: StopSignal, listener: () => void): () => void;
  /** Ends the process at once. */
  exit(exitCode: number): never;
  /** What the process ends with if the command does not fail: 1 for a check that found something. */
  exitCode: 0 | 1;
}

export type StopSignal = 'SIGINT' | 'SIGTERM';
