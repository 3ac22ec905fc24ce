import { describe, expect, it } from '@jest/globals';
import { armNames, type ArmName } from './arm.js';
import { ratios } from './groups.js';
import { makeReport, renderReport } from './report.js';
import type { Measured } from './statistics.js';

/** Two rounds of every arm; the seconds of an arm are its place in the list. */
const measured = new Map<ArmName, readonly Measured[]>(
  armNames.map((arm, index) => {
    const round = { records: 1_000, seconds: index + 1, cpuSeconds: 0.01 };
    return [arm, [round, round]];
  }),
);

describe('the report of the benchmark', () => {
  it('has the ratios by name, ours by the other', () => {
    const report = makeReport(measured, [], { node: 'v' });
    expect(Object.keys(report.ratios)).toEqual(ratios.map(({ name }) => name));
    expect(report.ratios['projector_vs_parse_zod']).toBe(0.75);
    expect(report.ratios['publisher_vs_raw']).toBe(0.7143);
    expect(report.figures.arms['drain']).toEqual({
      records: 1_000,
      records_per_second: { min: 1_000, median: 1_000, max: 1_000 },
      cpu_seconds_per_million_records: { min: 10, median: 10, max: 10 },
    });
    expect(report).toMatchObject({ ok: true, problems: [], environment: { node: 'v' } });
  });

  it('leaves out what was not run', () => {
    const some = new Map([...measured].filter(([arm]) => arm === 'drain' || arm === 'projector'));
    expect(Object.keys(makeReport(some, [], {}).ratios)).toEqual(['projector_vs_drain']);
    expect(renderReport(makeReport(some, [], {}))).not.toContain('writer');
  });

  it('says whether aims are met, and is not failed by one that is missed', () => {
    const report = makeReport(measured, [], {});
    expect(renderReport(report)).toMatch(/projector_vs_parse_zod .* aim 1: MISSED/);
    expect(report.ok).toBe(true);
    const faster = new Map(measured).set(
      'projector',
      [{ records: 9_000, seconds: 1, cpuSeconds: 1 }].concat(),
    );
    faster.set('drain-parse-zod', [{ records: 9_000, seconds: 2, cpuSeconds: 1 }]);
    for (const arm of ['drain', 'drain-parse'] as const) faster.set(arm, measured.get(arm)!.slice(1));
    expect(renderReport(makeReport(faster, [], {}))).toMatch(/projector_vs_parse_zod .* aim 1: met/);
  });

  it('is not ok with a wrong result, and says which', () => {
    const report = makeReport(measured, ['writer, round-1: message c:s is not that of the plain fold'], {});
    expect(report.ok).toBe(false);
    expect(renderReport(report)).toContain('WRONG RESULT');
    expect(renderReport(report)).toContain('message c:s');
  });

  it('fits into 80 columns', () => {
    const problems = ['x'.repeat(30), 'a long sentence about what was wrong '.repeat(6)];
    for (const line of renderReport(makeReport(measured, problems, {})).split('\n')) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
  });
});
