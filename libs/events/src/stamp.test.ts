import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { STAMP_MICROS_END, STAMP_MICROS_MIN } from './limits.js';
import { formatStamp, parseStamp } from './stamp.js';

const stamps = fc.integer({ min: STAMP_MICROS_MIN, max: STAMP_MICROS_END - 1 });

describe('a stamp as text', () => {
  it.each([
    [1_775_822_400_000_000, '2026-04-10T12:00:00.000000Z'],
    [1_775_822_400_000_001, '2026-04-10T12:00:00.000001Z'],
    [1_775_822_400_999_999, '2026-04-10T12:00:00.999999Z'],
    [1_775_822_400_120_000, '2026-04-10T12:00:00.120000Z'],
    [1_709_164_800_000_000, '2024-02-29T00:00:00.000000Z'],
    [STAMP_MICROS_MIN, '2001-09-09T01:46:40.000000Z'],
    [STAMP_MICROS_END - 1, '2255-06-05T23:47:34.740991Z'],
  ])('%d is %s', (micros, text) => {
    expect(formatStamp(micros)).toBe(text);
    expect(parseStamp(text)).toBe(micros);
  });

  it('comes back to the microsecond', () => {
    fc.assert(
      fc.property(stamps, (micros) => {
        const text = formatStamp(micros);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(parseStamp(text)).toBe(micros);
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts as the stamps do', () => {
    fc.assert(
      fc.property(stamps, fc.oneof(stamps, fc.integer({ min: -2000, max: 2000 })), (a, delta) => {
        const b = delta >= STAMP_MICROS_MIN ? delta : Math.max(STAMP_MICROS_MIN, a + delta);
        fc.pre(b < STAMP_MICROS_END);
        expect(formatStamp(a) < formatStamp(b)).toBe(a < b);
      }),
    );
  });
});

describe('reading a stamp', () => {
  it.each([
    ['2026-04-10T12:00:00Z', 1_775_822_400_000_000],
    ['2026-04-10T12:00:00.5Z', 1_775_822_400_500_000],
    ['2026-04-10T12:00:00.000001999Z', 1_775_822_400_000_001],
    ['2026-04-10T14:00:00+02:00', 1_775_822_400_000_000],
  ])('takes %s', (text, micros) => {
    expect(parseStamp(text)).toBe(micros);
  });

  it.each([
    '',
    ' ',
    'now',
    '2026-04-10',
    '2026-04-10T12:00:00',
    '2026-04-10 12:00:00Z',
    ' 2026-04-10T12:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-10T25:00:00Z',
    '1775822400000000',
    '1775822400000',
  ])('refuses what is no instant: "%s"', (text) => {
    expect(() => parseStamp(text)).toThrow(RangeError);
    expect(() => parseStamp(text)).toThrow(`${JSON.stringify(text)} is not a time such as`);
  });

  it.each([
    '1970-01-01T00:00:00Z',
    '2001-09-09T01:46:39.999999Z',
    '2255-06-05T23:47:34.740992Z',
    '9999-01-01T00:00:00Z',
  ])('refuses what no stamp can hold: %s', (text) => {
    expect(() => parseStamp(text)).toThrow('lies outside the years that a stamp can hold: 2001 to 2255');
  });

  it('never throws anything but a RangeError, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom('0', '1', '2', '9', '-', ':', '.', 'T', 'Z', '+') }),
        ),
        (text) => {
          try {
            expect(Number.isSafeInteger(parseStamp(text))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
    );
  });
});
