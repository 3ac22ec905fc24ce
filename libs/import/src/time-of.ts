import { isStamp } from '@stepfold/events';

/** Below this a number counts seconds (the year 2286), from there on milliseconds. */
const SECONDS_MAX = 1e10;

/**
 * A time of a source in microseconds: ISO text, a `Date`, or a number of seconds or milliseconds. Undefined for what is none,
 * or none that an event can have.
 */
export function timeOf(given: unknown): number | undefined {
  const micros = microsOf(given);
  return isStamp(micros) ? micros : undefined;
}

function microsOf(given: unknown): number | undefined {
  if (given instanceof Date) return given.getTime() * 1_000;
  if (typeof given === 'number') return Math.round(given * (given < SECONDS_MAX ? 1e6 : 1e3));
  if (typeof given !== 'string') return undefined;
  const millis = Date.parse(given);
  if (Number.isNaN(millis)) return undefined;
  // Dates count milliseconds; what the text has beyond them is kept.
  const [, digits = ''] = /[.,]\d{3}(\d{1,3})\d*(?:Z|[+-]\d{2}:?\d{2})?$/.exec(given) ?? [];
  return millis * 1_000 + Number(digits.padEnd(3, '0').slice(0, 3));
}
