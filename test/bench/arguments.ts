import { armNames, type ArmName } from './arm.js';
import { groups, type GroupName } from './groups.js';

export const usage = `npm run bench -- [--quick] [--json FILE] [--only GROUP] [--profile DIR]

  --quick          small amounts and few rounds: about two minutes on two cores
  --json FILE      writes ratios, figures and environment to FILE
  --only GROUP     one of ${groups.map(({ name }) => name).join(', ')}
  --profile DIR    writes a CPU profile of each arm's last round to DIR
  --rounds N       counts N rounds after the one that warms up
  --scale F        multiplies all amounts by F
  --spoil ARM      leaves a record out in one arm: the run has to notice it, and to fail

Servers are those of STEPFOLD_TEST_KAFKA and STEPFOLD_TEST_MONGODB, or local ones that are started.
Exit code: 0 all results are right, 1 one is wrong, 2 bad arguments, 3 no servers.`;

export interface BenchArguments {
  readonly isQuick: boolean;
  readonly isHelp: boolean;
  readonly jsonFile?: string;
  readonly only?: GroupName;
  readonly profileFolder?: string;
  readonly rounds?: number;
  readonly scale: number;
  readonly spoilt?: ArmName;
}

/** Reads the arguments, or answers in a sentence what is wrong with them. */
export function parseArguments(given: readonly string[]): BenchArguments | string {
  const parsed: { -readonly [K in keyof BenchArguments]: BenchArguments[K] } = {
    isQuick: false,
    isHelp: false,
    scale: 1,
  };
  for (let i = 0; i < given.length; i++) {
    const [name, inline] = given[i]!.split('=', 2) as [string, string | undefined];
    const isFlag = name === '--quick' || name === '--help';
    const value = isFlag ? '' : (inline ?? given[++i] ?? '');
    switch (name) {
      case '--quick':
        parsed.isQuick = true;
        break;
      case '--help':
        parsed.isHelp = true;
        break;
      case '--json':
      case '--profile':
        if (value === '') return `${name} takes a path`;
        if (name === '--json') parsed.jsonFile = value;
        else parsed.profileFolder = value;
        break;
      case '--only': {
        const group = groups.find((candidate) => candidate.name === value);
        if (group === undefined)
          return `--only takes ${groups.map(({ name }) => name).join(', ')}, not ${JSON.stringify(value)}`;
        parsed.only = group.name;
        break;
      }
      case '--rounds':
        if (!/^[1-9]\d?$/.test(value)) return `--rounds takes 1 to 99, not ${JSON.stringify(value)}`;
        parsed.rounds = Number(value);
        break;
      case '--scale':
        if (!(Number(value) > 0 && Number(value) <= 100))
          return `--scale takes a factor up to 100, not ${JSON.stringify(value)}`;
        parsed.scale = Number(value);
        break;
      case '--spoil': {
        const arm = armNames.find((candidate) => candidate === value);
        if (arm === undefined) return `--spoil takes ${armNames.join(', ')}, not ${JSON.stringify(value)}`;
        parsed.spoilt = arm;
        break;
      }
      default:
        return `${JSON.stringify(name)} is no option`;
    }
  }
  return parsed;
}
