import { describe, expect, it } from '@jest/globals';
import { firstTimeOf, timeOf } from './time-of.js';

const noon = Date.UTC(2026, 2, 1, 12) * 1_000;

describe('a time of a source', () => {
  it.each([
    ['2026-03-01T12:00:00Z', noon],
    ['2026-03-01T12:00Z', noon],
    ['2026-03-01T12:00:00.123Z', noon + 123_000],
    ['2026-03-01T12:00:00.123456789Z', noon + 123_456],
    ['2026-03-01T12:00:00.5+00:00', noon + 500_000],
    ['2026-03-01T14:00:00.000001+02:00', noon + 1],
    ['2026-03-01T06:30:00-0530', noon],
    ['2026-03-01 13:00:00.25+01', noon + 250_000],
    ['2026-03-01 12:00:00', noon],
    [new Date(noon / 1_000), noon],
    [noon / 1_000, noon],
    [noon / 1_000_000, noon],
    [noon / 1_000_000 + 0.5, noon + 500_000],
  ])('%p is what it says, to the microsecond', (given, micros) => {
    expect(timeOf(given)).toBe(micros);
  });

  it.each([
    ...[
      '',
      'yesterday',
      'Mon 2 Mar 2026',
      '1',
      '2026',
      '2026-03-01',
      '2026-02-30T12:00:00Z',
      '1772366400000',
    ],
    ...['2026-03-01T25:00:00Z', '1969-12-31T23:59:59Z', new Date(Number.NaN), Number.NaN, -1, 0, 1e16, 7n],
    ...[null, undefined, true, {}, [2026]],
  ])('%p is none', (given) => {
    expect(timeOf(given)).toBeUndefined();
  });

  it('is the first of several that is one', () => {
    expect(firstTimeOf(undefined, 'soon', noon / 1_000, 5)).toBe(noon);
    expect(firstTimeOf(null)).toBeUndefined();
  });
});
