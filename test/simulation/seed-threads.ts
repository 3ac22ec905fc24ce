import { parentPort, Worker } from 'node:worker_threads';
import { runHere, type RunSeeds, type SeedOutcome } from './run-seeds.js';

/** Seeds that a thread is given at a time. */
const CHUNK = 20;

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
            const worker = new Worker(program, { resourceLimits: { maxYoungGenerationSizeMb: 64 } });
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
  const port = parentPort;
  if (port === null) throw new Error('chunks of seeds are served on a thread of their own');
  port.on('message', (chunk: Chunk) => {
    void runHere(chunk.from, chunk.count, (outcome) => port.postMessage(outcome)).then(() =>
      port.postMessage('done'),
    );
  });
}
