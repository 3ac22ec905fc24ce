import { setFlagsFromString } from 'node:v8';
import { parentPort, Worker } from 'node:worker_threads';
import { runHere, type RunSeeds, type SeedOutcome } from './run-seeds.js';

/** Seeds that a thread is given at a time. */
const CHUNK = 20;
/**
 * Nearly all memory is of worlds that have come to their end, and closures that die with their world take compiled code
 * with them at each full collection: so the heap of a thread may grow to some hundred megabytes before there is one.
 */
const HEAP_GROWING_PERCENT = 2_000;
const YOUNG_GENERATION_MB = 192;

interface Chunk {
  readonly from: number;
  readonly count: number;
}

/**
 * Runs seeds on several threads. Each seed is a world of its own on one thread, so the number of threads
 * changes nothing but the order in which outcomes become known.
 */
export function runOnThreads(program: URL, threads: number): RunSeeds {
  return async (from, count, onOutcome) => {
    setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
    let next = from;
    const end = from + count;
    const takeChunk = (): Chunk | undefined => {
      if (next >= end) return undefined;
      const chunk = { from: next, count: Math.min(CHUNK, end - next) };
      next += chunk.count;
      return chunk;
    };
    await Promise.all(
      Array.from(
        { length: threads },
        () =>
          new Promise<void>((resolve, reject) => {
            const worker = new Worker(program, {
              resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
            });
            const give = (): void => {
              const chunk = takeChunk();
              if (chunk !== undefined) worker.postMessage(chunk);
              else void worker.terminate().then(() => resolve());
            };
            worker.on('message', (told: SeedOutcome | 'done') => {
              if (told === 'done') give();
              else onOutcome(told);
            });
            worker.on('error', reject);
            give();
          }),
      ),
    );
  };
}

/** The other side: runs the chunks that it is given until it is terminated. */
export function serveChunks(): void {
  // Errors are told by their messages. A seed that fails is run again on the main thread, with stacks.
  Error.stackTraceLimit = 0;
  const port = parentPort;
  if (port === null) throw new Error('chunks of seeds are served on a thread of their own');
  port.on('message', (chunk: Chunk) => {
    void runHere(chunk.from, chunk.count, (outcome) => port.postMessage(outcome)).then(() =>
      port.postMessage('done'),
    );
  });
}
