import { Readable, Writable } from 'node:stream';
import { createSystemRuntime } from '@stepfold/runtime';
import type { Host, StopSignal } from '../host.js';
import { createOutput } from '../output.js';

/** A host whose output is kept and whose signals are raised by hand. */
export interface InProcessHost extends Host {
  readonly printed: () => string;
  readonly complained: () => string;
  readonly raise: (signal: StopSignal) => void;
  readonly exits: readonly number[];
}

export function createInProcessHost(input = ''): InProcessHost {
  const printed: string[] = [];
  const complained: string[] = [];
  const exits: number[] = [];
  const listeners = new Map<StopSignal, Set<() => void>>();
  return {
    stdin: Readable.from([Buffer.from(input)]),
    stdout: createOutput(recordingStream(printed)),
    stderr: recordingStream(complained),
    stdoutColumns: undefined,
    stderrColumns: undefined,
    environment: {},
    runtime: createSystemRuntime(),
    onSignal(signal, listener) {
      const ofSignal = listeners.get(signal) ?? new Set();
      listeners.set(signal, ofSignal.add(listener));
      return () => void ofSignal.delete(listener);
    },
    exit(exitCode) {
      exits.push(exitCode);
      return undefined as never;
    },
    exitCode: 0,
    printed: () => printed.join(''),
    complained: () => complained.join(''),
    raise: (signal) => {
      for (const listener of listeners.get(signal) ?? []) listener();
    },
    exits,
  };
}

function recordingStream(chunks: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString('utf8'));
      done();
    },
  });
}
