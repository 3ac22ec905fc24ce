import type { OptionChanges } from './shrink.js';

export const usage = `npm run simulate -- [--seeds N] [--from S] [--seed S [--options JSON]] [--canary]

  --seeds N   runs N seeds (200 unless given)
  --from S    begins with seed S instead of a random one
  --seed S    runs seed S alone, the same as it ran before
  --options   other options than those that follow from the seed, as a failure names them
  --canary    plants each known bug in turn and tries seeds until it is caught`;

export interface SimulateArguments {
  readonly from: number;
  readonly count: number;
  readonly hasCanary: boolean;
  readonly isHelp: boolean;
  readonly changes: OptionChanges;
}

/** Reads the arguments, or answers in a sentence what is wrong with them. */
export function parseArguments(
  given: readonly string[],
  freshSeed: () => number = () => Math.floor(Math.random() * 2 ** 32),
): SimulateArguments | string {
  let count: number | undefined;
  let from: number | undefined;
  let hasCanary = false;
  let isHelp = false;
  let changes: OptionChanges = {};
  const numbers = { '--seeds': 1_000_000_000, '--from': 2 ** 48, '--seed': 2 ** 48 };
  for (let i = 0; i < given.length; i++) {
    const [name, inline] = given[i]!.split('=', 2) as [string, string | undefined];
    if (name === '--canary') hasCanary = true;
    else if (name === '--help') isHelp = true;
    else if (name === '--options') {
      try {
        changes = JSON.parse(given[++i] ?? '') as OptionChanges;
      } catch {
        return '--options takes JSON';
      }
    } else if (name === '--seeds' || name === '--from' || name === '--seed') {
      const text = inline ?? given[++i] ?? '';
      const number = Number(text);
      if (!/^\d+$/.test(text) || number > numbers[name]) {
        return `${name} takes a whole number from 0 to ${numbers[name]}, not ${JSON.stringify(text)}`;
      }
      if (name === '--seeds') count = number;
      else from = number;
      if (name === '--seed') count = 1;
    } else {
      return `${JSON.stringify(name)} is no option`;
    }
  }
  return { from: from ?? freshSeed(), count: count ?? 200, hasCanary, isHelp, changes };
}
