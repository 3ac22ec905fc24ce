import { createSystemRuntime } from '@stepfold/runtime';
import { openBenchServers } from '../bench/bench-servers.js';
import { runProgram } from '../support/run-program.js';
import { openTestData, type Backend } from '../support/test-data.js';
import { parseArguments, usage, type SoakArguments } from './arguments.js';
import { flood } from './flood.js';
import { soak } from './soak-run.js';

/** `npm run soak`: see `usage`. Answers the exit code. */
async function main(parsed: SoakArguments): Promise<number> {
  let exitCode = 0;
  for (const place of parsed.places) {
    if (place === 'embedded') {
      exitCode = Math.max(exitCode, await soakOn('embedded', parsed.minutes, parsed.floodEvents));
      continue;
    }
    const servers = await openBenchServers(console.error);
    if (typeof servers === 'string') {
      console.error(`soak: ${servers}`);
      return 3;
    }
    await using _stopped = servers;
    process.env.STEPFOLD_TEST_KAFKA = servers.brokers.join(',');
    process.env.STEPFOLD_TEST_MONGODB = servers.mongodbUrl;
    exitCode = Math.max(exitCode, await soakOn('Kafka + MongoDB', parsed.minutes, parsed.floodEvents));
  }
  return exitCode;
}

async function soakOn(backend: Backend, minutes: number, floodEvents: number | undefined): Promise<number> {
  const runtime = createSystemRuntime();
  const seed = Math.floor(Math.random() * 2 ** 32);
  const beginMs = runtime.monotonicMs();
  const elapsedMinutes = (): number => (runtime.monotonicMs() - beginMs) / 60_000;
  const progress = (line: string): void => console.error(`  ${elapsedMinutes().toFixed(1)} min  ${line}`);
  console.log(`soak on ${backend}, seed ${seed}`);
  await using data = await openTestData(backend);
  const report =
    floodEvents === undefined
      ? await soak(data, { seed, progress, isOver: () => elapsedMinutes() >= minutes })
      : await flood(data, { seed, progress, events: floodEvents });
  for (const line of report.lines) console.log(`  ${line}`);
  for (const problem of report.problems) console.log(`  ✗ ${problem}`);
  return report.problems.length === 0 ? 0 : 1;
}

runProgram(parseArguments, usage, main);
