import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createInProcessHost } from '../testing/in-process-host.js';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { openProgress } from './progress.js';

function terminal(stderrColumns: number | undefined, environment: Record<string, string> = {}) {
  const writes: string[] = [];
  const runtime = createInstantRuntime();
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString('utf8'));
      done();
    },
  });
  const host = { ...createInProcessHost(), stderr, stderrColumns, environment, runtime };
  return { host, writes, advance: runtime.advance };
}

const clear = '\r\u001b[K';

describe('progress', () => {
  it('says how much of all is done, how fast, and how long it will take', () => {
    const { host, writes, advance } = terminal(80, { NO_COLOR: '1' });
    const progress = openProgress(host, 'verifying', 'messages');
    advance(2_000);
    progress.report(500, 2_000);
    expect(writes).toEqual([
      `${clear}verifying  ██████░░░░░░░░░░░░░░░░░░  25 %  500/2000 messages  250/s  6 s left`,
    ]);
  });

  it('comes after half a second, and is drawn again after a tenth of one', () => {
    const { host, writes, advance } = terminal(80);
    const progress = openProgress(host, 'verifying', 'messages');
    for (let ms = 0; ms < 1_000; ms += 10) {
      progress.report(ms, 1_000);
      if (ms < 500) expect(writes).toEqual([]);
      advance(10);
    }
    expect(writes).toHaveLength(5);
  });

  it('leaves an empty line, and nothing at all if it was never shown', () => {
    const { host, writes, advance } = terminal(80);
    {
      using progress = openProgress(host, 'verifying', 'messages');
      progress.report(1, 2);
    }
    expect(writes).toEqual([]);
    {
      using progress = openProgress(host, 'verifying', 'messages');
      advance(500);
      progress.report(1, 2);
    }
    expect(writes).toHaveLength(2);
    expect(writes.at(-1)).toBe(clear);
  });

  it.each([
    ['elsewhere than on a terminal', undefined, {}],
    ['on a terminal that cannot clear a line', 80, { TERM: 'dumb' }],
  ] as const)('is not shown %s', (_where, columns, environment) => {
    const { host, writes, advance } = terminal(columns, environment);
    using progress = openProgress(host, 'verifying', 'messages');
    advance(9_000);
    progress.report(1, 2);
    expect(writes).toEqual([]);
  });

  it('names no part of all while that is unknown or was wrong', () => {
    const { host, writes, advance } = terminal(80);
    const progress = openProgress(host, 'verifying', 'messages');
    for (const [done, total] of [
      [30, 0],
      [30, 20],
    ] as const) {
      advance(1_000);
      progress.report(done, total);
    }
    expect(writes).toEqual([`${clear}verifying  30 messages  30/s`, `${clear}verifying  30 messages  15/s`]);
  });

  it('is never as long as the terminal, whatever is reported', () => {
    const count = fc.oneof(fc.nat(100), fc.maxSafeInteger().map(Math.abs));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.tuple(count, count, fc.nat(100_000)), { minLength: 1 }),
        (columns, reports) => {
          const { host, writes, advance } = terminal(columns);
          const progress = openProgress(host, 'verifying', 'messages');
          for (const [done, total, ms] of reports) {
            advance(500 + ms);
            progress.report(done, total);
          }
          expect(writes).toHaveLength(reports.length);
          for (const write of writes) {
            // eslint-disable-next-line no-control-regex -- our own colours
            const line = write.slice(clear.length).replaceAll(/\u001b\[\d+m/g, '');
            expect(line.length).toBeLessThan(Math.max(2, columns));
            expect(line).not.toMatch(/NaN|Infinity|undefined|-/);
          }
        },
      ),
    );
  });
});
