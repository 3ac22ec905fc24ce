import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import { promisify } from 'node:util';
import { sleep, type Runtime } from '@stepfold/runtime';

const MEBIBYTE = 1024 * 1024;
const PAUSE_MS = 1_000;
/** A heap grows until the collector thinks it worth its time: less than this is no growth. */
const GROWTH_MAX = 1.3;
const NOISE_BYTES = 24 * MEBIBYTE;

/** Samples the memory of a process again and again. */
export interface MemoryWatch {
  readonly name: string;
  readonly samples: readonly number[];
  end(): Promise<void>;
}

export function watchMemory(runtime: Runtime, name: string, pid: number): MemoryWatch {
  const samples: number[] = [];
  let isEnding = false;
  const watching = (async () => {
    while (!isEnding) {
      const bytes = await memoryOf(pid);
      if (bytes !== undefined) samples.push(bytes);
      await sleep(runtime, PAUSE_MS);
    }
  })();
  return {
    name,
    samples,
    async end() {
      isEnding = true;
      await watching;
    },
  };
}

/** How memory went: the median of the second quarter of the run, when caches are full, and of the last. */
export interface Trend {
  readonly earlyBytes: number;
  readonly lateBytes: number;
  readonly isFlat: boolean;
}

/** Answers undefined if there are too few samples to tell. */
export function trendOf(samples: readonly number[]): Trend | undefined {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 2) return undefined;
  const earlyBytes = median(samples.slice(quarter, 2 * quarter));
  const lateBytes = median(samples.slice(-quarter));
  return { earlyBytes, lateBytes, isFlat: lateBytes <= earlyBytes * GROWTH_MAX + NOISE_BYTES };
}

/** A line for the report. */
export function trendText({ name, samples }: MemoryWatch): string {
  const trend = trendOf(samples);
  if (trend === undefined) return `${name}: too short to see whether its memory is flat`;
  const megabytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(0);
  const most = Math.max(...samples);
  return `${name}: memory ${megabytes(trend.earlyBytes)} → ${megabytes(trend.lateBytes)} MiB, at most ${megabytes(most)}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Bytes of its own that a process has in memory, without files that are mapped where the system tells them apart. */
async function memoryOf(pid: number): Promise<number | undefined> {
  const status = await fs.readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const own = status === undefined ? undefined : /^RssAnon:\s+(\d+) kB/m.exec(status)?.[1];
  if (own !== undefined) return Number(own) * 1024;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim() === '' ? undefined : Number(stdout) * 1024;
}
