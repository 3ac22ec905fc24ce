import fs from 'node:fs';
import path from 'node:path';
import { runProgram } from '../support/run-program.js';
import type { ArmName } from './arm.js';
import { parseArguments, usage, type BenchArguments } from './arguments.js';
import { noServers, openBenchServers, type BenchServers } from './bench-servers.js';
import { FULL_ROUNDS, groups, needsServers, QUICK_ROUNDS } from './groups.js';
import { environmentOf, makeReport, renderReport } from './report.js';
import { runGroup } from './run-group.js';
import type { Measured } from './statistics.js';

const SEED = 20_260_410;

/** `npm run bench`: see `usage`. Answers the exit code. */
async function main(parsed: BenchArguments): Promise<number> {
  const servers =
    parsed.only !== undefined && !needsServers(parsed.only) ? noServers : await openBenchServers(progress);
  if (typeof servers === 'string') {
    console.error(`bench: ${servers}`);
    return 3;
  }
  const stopOnSignal = async (code: number): Promise<void> => {
    await servers[Symbol.asyncDispose]();
    process.exit(code);
  };
  process.once('SIGINT', () => void stopOnSignal(130));
  process.once('SIGTERM', () => void stopOnSignal(143));
  try {
    return await run(parsed, servers);
  } finally {
    await servers[Symbol.asyncDispose]();
  }
}

async function run(options: BenchArguments, servers: BenchServers): Promise<number> {
  const { isQuick, scale, only, jsonFile, spoilt, profileFolder } = options;
  const rounds = options.rounds ?? (isQuick ? QUICK_ROUNDS : FULL_ROUNDS);
  const environment = environmentOf(servers, { isQuick, scale, rounds, seed: SEED });
  const beginMs = performance.now();
  const measured = new Map<ArmName, readonly Measured[]>();
  const problems: string[] = [];
  for (const group of groups) {
    if (only !== undefined && only !== group.name) continue;
    const amounts = new Map(
      group.arms.map(({ arm, quick, full }) => [arm, Math.ceil((isQuick ? quick : full) * scale)]),
    );
    const outcome = await runGroup(group, {
      servers,
      seed: SEED,
      rounds,
      amountOf: (arm) => amounts.get(arm)!,
      spoilt,
      profileFolder: profileFolder === undefined ? undefined : path.resolve(profileFolder),
      progress,
    });
    for (const [arm, figures] of outcome.measured) measured.set(arm, figures);
    problems.push(...outcome.problems);
  }
  const seconds = Math.round((performance.now() - beginMs) / 1_000);
  const report = makeReport(measured, problems, { ...environment, seconds });
  if (jsonFile !== undefined) fs.writeFileSync(jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(`\n${renderReport(report)}`);
  return report.ok ? 0 : 1;
}

/** On stderr: what is told on the way is no result. */
function progress(line: string): void {
  console.error(`▸ ${line}`);
}

runProgram(parseArguments, usage, main);
