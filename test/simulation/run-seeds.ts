import type { Canary } from './canaries.js';
import { simulate } from './simulation.js';
import { optionsOf } from './simulation-options.js';
import { changedOptions, shrink, type OptionChanges } from './shrink.js';
import type { Violation } from './violation.js';

/** Within so many seeds every canary must be caught. */
export const CANARY_SEEDS = 500;
/** Lines shown of what led to a failure. */
const LINES_SHOWN = 120;
/** Failing seeds that are shown in full; more are only named. */
const FAILURES_SHOWN = 5;

type Print = (line: string) => void;

/** What is told of one seed: plain data, which may come from another thread. */
export interface SeedOutcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly events: number;
}

/** Runs seeds in the given order, and hands on what came of each as soon as it is known. */
export type RunSeeds = (
  from: number,
  count: number,
  onOutcome: (outcome: SeedOutcome) => void,
) => Promise<void>;

/** Runs seeds one after the other on this thread. */
export const runHere: RunSeeds = async (from, count, onOutcome) => {
  for (let seed = from; seed < from + count; seed++) onOutcome(await runSeed(seed));
};

/** Runs them in a world in which some options are others than those that follow from the seed. */
export const runChanged =
  (changes: OptionChanges): RunSeeds =>
  async (from, count, onOutcome) => {
    for (let seed = from; seed < from + count; seed++) onOutcome(await runSeed(seed, undefined, changes));
  };

export async function runSeed(
  seed: number,
  canary?: Canary,
  changes: OptionChanges = {},
): Promise<SeedOutcome> {
  // Errors are thrown by the thousand, and nobody reads their stacks unless a seed fails.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const options = changedOptions(optionsOf(seed), changes);
    const planted = canary === undefined ? {} : { canary };
    const { violations, traceHash, events } = await simulate(seed, { ...planted, options });
    return { seed, violations, traceHash, events };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Runs seeds, and shows for each that fails all that is needed to look into it. */
export async function reportSeeds(
  run: RunSeeds,
  from: number,
  count: number,
  print: Print,
  changes: OptionChanges = {},
): Promise<{ readonly passed: number; readonly failed: number }> {
  print(count === 1 ? `seed ${from}` : `seeds ${from} to ${from + count - 1}`);
  const startMs = performance.now();
  const failures: SeedOutcome[] = [];
  let events = 0;
  await run(from, count, (outcome) => {
    events += outcome.events;
    if (outcome.violations.length === 0) return;
    failures.push(outcome);
    print(`seed ${outcome.seed} fails: ${describe(outcome)}`);
  });
  const seconds = (performance.now() - startMs) / 1000;
  for (const failure of failures.slice(0, FAILURES_SHOWN)) await showFailure(failure, changes, print);
  const perSecond = (count / seconds).toFixed(0);
  print(`${count} seeds with ${events} events in ${seconds.toFixed(1)} s: ${perSecond} seeds a second`);
  return { passed: count - failures.length, failed: failures.length };
}

/** Runs a failing seed again, which gives the same, and shows what happened. */
async function showFailure(
  { seed, traceHash }: SeedOutcome,
  changes: OptionChanges,
  print: Print,
): Promise<void> {
  const again = await simulate(seed, {
    linesKept: LINES_SHOWN,
    options: changedOptions(optionsOf(seed), changes),
  });
  print(`\nseed ${seed}, with the options that follow from it:`);
  print(JSON.stringify(again.options));
  print(`the last ${again.lastLines.length} things that happened, with their virtual milliseconds:`);
  for (const line of again.lastLines) print(line);
  for (const { invariant, what } of again.violations) print(`breaks invariant ${invariant}: ${what}`);
  print(`trace ${again.traceHash}`);
  if (again.traceHash !== traceHash) print(`which is not what it was at first (${traceHash}): no replay`);
  print(`replay it: npm run simulate -- --seed ${seed}`);
  const [first] = again.violations;
  if (first === undefined) return;
  const smaller = await shrink(again.options, first.invariant);
  const small = await simulate(seed, { options: changedOptions(again.options, smaller) });
  print(
    `a smaller world that breaks it too: npm run simulate -- --seed ${seed} --options '${JSON.stringify(smaller)}'`,
  );
  print(`there, with ${small.events} events: ${describe({ ...small, seed })}\n`);
}

/** Tries seeds with a planted bug until one fails. Undefined if none does. */
export async function runCanary(
  canary: Canary,
  from: number,
  seedsMax: number = CANARY_SEEDS,
): Promise<{ readonly seeds: number; readonly violation: string } | undefined> {
  for (let seed = from; seed < from + seedsMax; seed++) {
    const outcome = await runSeed(seed, canary);
    if (outcome.violations.length > 0) return { seeds: seed - from + 1, violation: describe(outcome) };
  }
  return undefined;
}

function describe({ violations }: Pick<SeedOutcome, 'seed' | 'violations'>): string {
  const [first] = violations;
  if (first === undefined) return 'nothing';
  const what = first.what.length > 300 ? `${first.what.slice(0, 300)}…` : first.what;
  return `invariant ${first.invariant}: ${what}`;
}
