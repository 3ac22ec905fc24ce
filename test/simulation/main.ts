import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { runProgram } from '../support/run-program.js';
import { parseArguments, usage, type SimulateArguments } from './arguments.js';
import { canaries } from './canaries.js';
import { CANARY_SEEDS, reportSeeds, runCanary, runChanged } from './run-seeds.js';
import { runOnThreads, serveChunks } from './seed-threads.js';

/** Fewer seeds than this are not worth the start of threads. */
const SEEDS_FOR_THREADS = 60;

/** `npm run simulate`: see `usage`. Answers the exit code. */
async function main(parsed: SimulateArguments): Promise<number> {
  const { passed, failed } = parsed.hasCanary ? await tryCanaries(parsed) : await trySeeds(parsed);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

function trySeeds({ from, count, changes }: SimulateArguments): Promise<Counts> {
  const isChanged = Object.keys(changes).length > 0;
  const threads = count < SEEDS_FOR_THREADS || isChanged ? 1 : availableParallelism();
  const run = threads === 1 ? runChanged(changes) : runOnThreads(new URL(import.meta.url), threads);
  return reportSeeds(run, from, count, console.log, changes);
}

async function tryCanaries({ from }: SimulateArguments): Promise<Counts> {
  let passed = 0;
  for (const canary of canaries) {
    const answer = await runCanary(canary, from);
    if (answer === undefined) {
      console.log(`NOT CAUGHT within ${CANARY_SEEDS} seeds from ${from}: ${canary.name}`);
    } else {
      passed += 1;
      console.log(`caught after ${answer.seeds} seeds: ${canary.name}\n    ${answer.violation}`);
    }
  }
  return { passed, failed: canaries.length - passed };
}

if (isMainThread) {
  runProgram(parseArguments, usage, main);
} else {
  serveChunks();
}
