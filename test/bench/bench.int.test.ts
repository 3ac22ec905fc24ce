import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { armNames, type ArmName } from './arm.js';
import { groups, ratios } from './groups.js';
import type { BenchReport } from './report.js';

/** One run takes some seconds for the members to join and the servers to make topics and databases. */
const RUN_TIMEOUT_MS = 120_000;

const root = path.resolve(__dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-bench-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly report: BenchReport;
}

/** The smallest benchmark, as a process. */
async function bench(...args: readonly string[]): Promise<Run> {
  const file = path.join(folder, `${args.join('_').replaceAll('/', '_')}.json`);
  const program = path.join(root, 'test/dist/test/bench/main.js');
  const child = spawn(
    process.execPath,
    [program, '--quick', '--scale', '0.003', '--rounds', '1', '--json', file, ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (!fs.existsSync(file)) throw new Error(`the benchmark wrote no report:\n${output.stderr}`);
  return { exitCode, ...output, report: JSON.parse(fs.readFileSync(file, 'utf8')) as BenchReport };
}

describe('the benchmark', () => {
  it(
    'finds every result right, and reports every ratio',
    async () => {
      const { exitCode, stdout, stderr, report } = await bench();
      expect([exitCode, report.ok, report.problems]).toEqual([0, true, []]);
      expect(Object.keys(report.ratios)).toEqual(ratios.map(({ name }) => name));
      for (const ratio of Object.values(report.ratios)) expect(ratio).toBeGreaterThan(0);
      expect(Object.keys(report.figures.arms).toSorted()).toEqual([...armNames].toSorted());
      for (const figures of Object.values(report.figures.arms)) {
        expect(figures.records).toBeGreaterThan(0);
        expect(figures.records_per_second.median).toBeGreaterThan(0);
        expect(figures.cpu_seconds_per_million_records.median).toBeGreaterThan(0);
      }
      expect(report.environment).toMatchObject({ node: process.version, kafka: 'given', mode: 'quick' });
      expect(stdout).toContain('Every result was that of the plain fold.');
      expect(stderr).toContain('flow: round 1 of 1');
      await expectNothingLeft(report.environment['prefix'] as string);
    },
    RUN_TIMEOUT_MS,
  );

  it.each(groups.map(({ name, arms }) => [name, arms.at(-1)!.arm] as const))(
    'fails if in the group %s a record of %s is lost',
    async (group, arm: ArmName) => {
      const { exitCode, stdout, report } = await bench('--only', group, '--spoil', arm);
      expect([exitCode, report.ok]).toEqual([1, false]);
      // The warm-up and the round; nobody else is blamed.
      expect(report.problems).toHaveLength(2);
      for (const problem of report.problems) expect(problem).toContain(`${arm}, `);
      expect(stdout).toContain('WRONG RESULT');
    },
    RUN_TIMEOUT_MS,
  );
});

async function expectNothingLeft(prefix: string): Promise<void> {
  expect(prefix).toMatch(/^bench-.{8}$/);
  const brokers = process.env['STEPFOLD_TEST_KAFKA']!.split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const client = await new MongoClient(process.env['STEPFOLD_TEST_MONGODB']!).connect();
  try {
    const topics = await admin.listTopics();
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    const left = [...topics, ...databases.map(({ name }) => name)].filter((name) => name.startsWith(prefix));
    expect(left).toEqual([]);
  } finally {
    await admin.disconnect();
    await client.close();
  }
}
