import fs from 'node:fs';
import path from 'node:path';
import { Session } from 'node:inspector';
import type { Measured } from './statistics.js';

/** Measures time and this process's CPU between two moments, and if asked for where the CPU went. */
export interface Stopwatch {
  /** Starts it; a second start changes nothing. */
  start(): void;
  /** Stops it; a second stop changes nothing. */
  stop(): void;
  /** @throws if it was not started and stopped */
  measured(records: number): Measured;
}

/** `profile` names the file to write a CPU profile to, for Chrome's DevTools or `speedscope`. */
export function createStopwatch(profile?: string): Stopwatch {
  let begin: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  let end: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  const profiler = profile === undefined ? undefined : createProfiler(profile);
  return {
    start() {
      if (begin !== undefined) return;
      profiler?.start();
      begin = { ms: performance.now(), cpu: process.cpuUsage() };
    },
    stop() {
      if (begin === undefined || end !== undefined) return;
      end = { ms: performance.now(), cpu: process.cpuUsage(begin.cpu) };
      profiler?.stop();
    },
    measured(records) {
      if (begin === undefined || end === undefined)
        throw new Error('the stopwatch was not started and stopped');
      return {
        records,
        seconds: (end.ms - begin.ms) / 1_000,
        cpuSeconds: (end.cpu.user + end.cpu.system) / 1_000_000,
      };
    },
  };
}

function createProfiler(file: string): { start(): void; stop(): void } {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  return {
    start: () => session.post('Profiler.start'),
    stop: () =>
      session.post('Profiler.stop', (error, answer) => {
        session.disconnect();
        if (error !== null) throw error;
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, JSON.stringify(answer.profile));
      }),
  };
}
