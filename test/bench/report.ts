import os from 'node:os';
import type { ArmName } from './arm.js';
import type { BenchServers } from './bench-servers.js';
import { groups, ratios, type Group } from './groups.js';
import {
  cpuPerMillion,
  cpuRatioOf,
  rateOf,
  ratioOf,
  spreadOf,
  type Latencies,
  type Measured,
  type Spread,
} from './statistics.js';

/** What `--json` writes. */
export interface BenchReport {
  /** Every result was that of the plain fold. Says nothing about speed. */
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** The median of the rounds; see `ratios` in `groups.ts`. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly figures: {
    readonly arms: Readonly<Partial<Record<ArmName, ArmFigures>>>;
    /** Of the ratios over the rounds. */
    readonly ratio_spreads: Readonly<Record<string, Spread>>;
    /** The same by CPU-seconds for each record of the arm's own process: above 1, ours costs less. */
    readonly cpu_ratio_spreads: Readonly<Record<string, Spread>>;
  };
  readonly environment: Readonly<Record<string, unknown>>;
}

export interface ArmFigures {
  /** In one round. */
  readonly records: number;
  readonly records_per_second: Spread;
  readonly cpu_seconds_per_million_records: Spread;
  /** Of an arm that measures them: the middle of the rounds. */
  readonly latencies?: Latencies;
}

export type AllMeasured = ReadonlyMap<ArmName, readonly Measured[]>;

export function makeReport(
  measured: AllMeasured,
  problems: readonly string[],
  environment: BenchReport['environment'],
): BenchReport {
  const ratioSpreads = ratiosOf(measured, ratioOf);
  return {
    ok: problems.length === 0,
    problems,
    ratios: Object.fromEntries(
      Object.entries(ratioSpreads).map(([name, { median }]) => [name, rounded(median)]),
    ),
    figures: {
      arms: Object.fromEntries([...measured].map(([arm, rounds]) => [arm, figuresOf(rounds)])),
      ratio_spreads: mapped(ratioSpreads),
      cpu_ratio_spreads: mapped(ratiosOf(measured, cpuRatioOf)),
    },
    environment,
  };
}

function ratiosOf(measured: AllMeasured, ratio: typeof ratioOf): Record<string, Spread> {
  const found: Record<string, Spread> = {};
  for (const { name, ours, other } of ratios) {
    const [our, others] = [measured.get(ours), measured.get(other)];
    if (our !== undefined && others !== undefined) found[name] = ratio(our, others);
  }
  return found;
}

function figuresOf(rounds: readonly Measured[]): ArmFigures {
  return {
    records: rounds[0]!.records,
    records_per_second: roundedSpread(spreadOf(rounds.map(rateOf))),
    cpu_seconds_per_million_records: roundedSpread(spreadOf(rounds.map(cpuPerMillion))),
    ...(rounds[0]!.latencies === undefined ? {} : { latencies: latenciesOf(rounds) }),
  };
}

function latenciesOf(rounds: readonly Measured[]): Latencies {
  const median = (value: (latencies: Latencies) => number): number =>
    rounded(spreadOf(rounds.map(({ latencies }) => value(latencies!))).median);
  return {
    first_us: { p50: median(({ first_us }) => first_us.p50), p99: median(({ first_us }) => first_us.p99) },
    delta_us: { p50: median(({ delta_us }) => delta_us.p50), p99: median(({ delta_us }) => delta_us.p99) },
  };
}

function mapped(spreads: Readonly<Record<string, Spread>>): Record<string, Spread> {
  return Object.fromEntries(Object.entries(spreads).map(([name, spread]) => [name, roundedSpread(spread)]));
}

function roundedSpread({ min, median, max }: Spread): Spread {
  return { min: rounded(min), median: rounded(median), max: rounded(max) };
}

/** Four digits: more would only be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function environmentOf(
  servers: BenchServers,
  run: { readonly isQuick: boolean; readonly scale: number; readonly rounds: number; readonly seed: number },
): Record<string, unknown> {
  const cpus = os.cpus();
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cpus: cpus.length,
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    // Above the number of processors, rates say little; ratios and CPU-seconds say more.
    load_average_at_start: os.loadavg()[0],
    kafka: servers.origins.kafka,
    mongodb: servers.origins.mongodb,
    partitions: servers.partitionCount,
    /** Of the topics, groups and databases of the run, which are gone when it has ended. */
    prefix: servers.prefix,
    mode: run.isQuick ? 'quick' : 'full',
    scale: run.scale,
    rounds: run.rounds,
    seed: run.seed,
    started_at: new Date().toISOString(),
  };
}

/** The report for people, at most 80 columns wide. */
export function renderReport(report: BenchReport): string {
  const lines: string[] = [];
  for (const group of groups) lines.push(...renderGroup(group, report));
  lines.push(...renderRatios(report));
  for (const problem of report.problems)
    lines.push(...wrapped(`✗ WRONG RESULT, so no figure counts: ${problem}`));
  if (report.ok) lines.push('Every result was that of the plain fold.');
  return lines.join('\n');
}

function renderGroup(group: Group, { figures }: BenchReport): string[] {
  const rows = group.arms.flatMap(({ arm }) => {
    const found = figures.arms[arm];
    return found === undefined ? [] : [{ arm, ...found }];
  });
  if (rows.length === 0) return [];
  const header = `${group.title.padEnd(36)}${`${group.records}s/s`.padStart(12)}${'CPU-s/million'.padStart(16)}`;
  return [
    header,
    ...rows.map(({ arm, records_per_second: rate, cpu_seconds_per_million_records: cpu }) =>
      [
        `  ${arm}`.padEnd(36),
        Math.round(rate.median).toLocaleString('en').padStart(12),
        cpu.median.toPrecision(3).padStart(16),
      ].join(''),
    ),
    ...renderLatencies(rows),
    '',
  ];
}

/** What each arm takes longer than the one that it is compared with, in microseconds. */
function renderLatencies(rows: readonly { arm: string; latencies?: Latencies }[]): string[] {
  if (rows[0]?.latencies === undefined) return [];
  const cell = (ours: number, bare: number): string => `+${Math.max(0, ours - bare).toFixed(1)}`.padStart(9);
  return [
    `${'added microseconds'.padEnd(28)}${['first p50', 'p99', 'delta p50', 'p99'].map((name) => name.padStart(10)).join('')}`,
    ...rows.flatMap(({ arm, latencies }) => {
      const other = ratios.find(({ ours }) => ours === arm)?.other;
      const base = rows.find((row) => row.arm === other);
      if (latencies === undefined || base?.latencies === undefined) return [];
      const { first_us: first, delta_us: delta } = latencies;
      const { first_us: bareFirst, delta_us: bareDelta } = base.latencies;
      const cells = [
        cell(first.p50, bareFirst.p50),
        cell(first.p99, bareFirst.p99),
        cell(delta.p50, bareDelta.p50),
        cell(delta.p99, bareDelta.p99),
      ];
      return [`  ${arm}`.padEnd(28) + cells.map((text) => ` ${text}`).join('')];
    }),
  ];
}

function renderRatios({ ratios: medians, figures }: BenchReport): string[] {
  const lines: string[] = [];
  for (const { name, aim, meaning } of ratios) {
    const median = medians[name];
    const spread = figures.ratio_spreads[name];
    if (median === undefined || spread === undefined) continue;
    const { min, max } = spread;
    const verdict = aim === undefined ? '' : median >= aim ? `aim ${aim}: met` : `aim ${aim}: MISSED`;
    const range = `(${shown(min)}–${shown(max)})`;
    lines.push(`${name.padEnd(32)}${shown(median).padStart(7)} ${range.padEnd(16)}${verdict}`.trimEnd());
    lines.push(...wrapped(`${sentence(meaning)}: ${comparison(median)}`).map((line) => `  ${line}`));
  }
  return lines.length === 0 ? lines : [...lines, ''];
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function comparison(ratio: number): string {
  if (ratio >= 1.05) return `${shown(ratio)} times as fast.`;
  if (ratio > 0.95) return 'as fast.';
  return `${Math.round(ratio * 100)} % of its rate.`;
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

const COLUMNS = 78;

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < COLUMNS)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
