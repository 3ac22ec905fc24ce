import { describe, expect, it } from '@jest/globals';
import type { EventLog } from '@stepfold/event-log';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { createAccidentReport, lastPositions } from './accident.js';

function reporting(bounds: () => Promise<{ begin: number; end: number }>) {
  const runtime = createInstantRuntime();
  const told: string[] = [];
  const log = { partitionCount: 2, bounds } as unknown as EventLog;
  const report = createAccidentReport({ log, runtime, tell: (what) => told.push(what) });
  return { report, runtime, told, log };
}

describe('the report of an accident', () => {
  it('says how long the projector was away, and what was appended meanwhile to all partitions', async () => {
    let end = 10;
    const { report, runtime, told } = reporting(() => Promise.resolve({ begin: 0, end }));
    report.onStarted(1);
    report.onAtWork(1);
    expect(told).toEqual([]);
    report.onDied(1);
    await Promise.resolve();
    end = 52;
    runtime.advance(1_900);
    report.onStarted(2);
    report.onAtWork(2);
    expect(await report.accidents()).toEqual([
      { killedPid: 1, successorPid: 2, awayMs: 1_900, appended: 84 },
    ]);
    expect(told).toEqual([
      'Projector 1 was killed (SIGKILL). The agent does not notice.',
      'Another projector was started: 2.',
      'Projector 2 took over; 84 events were appended in the 1.90 s between.',
    ]);
  });

  it('is honest about a successor that has no partition, and a log that cannot say', async () => {
    const { report, told } = reporting(() => Promise.reject(new Error('away')));
    report.onDied(1);
    report.onAtWork(2);
    report.onDied(2);
    report.onStarted(3);
    expect(await report.accidents()).toEqual([
      { killedPid: 1, successorPid: 2, awayMs: 0, appended: undefined },
      { killedPid: 2 },
    ]);
    expect(told).toContain('Projector 2 took over; some events were appended in the 0 µs between.');
  });

  it('names the last position of every partition that has one', async () => {
    const ends = [0, 7];
    const { log } = reporting(() => Promise.resolve({ begin: 0, end: ends.shift()! }));
    expect(await lastPositions(log)).toEqual([{ partition: 1, offset: 6 }]);
  });
});
