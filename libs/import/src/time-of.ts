import { isStamp, parseStamp } from '@stepfold/events';

/** Below this a number counts seconds (the year 2286), from there on milliseconds. */
const SECONDS_MAX = 1e10;

const MINUTE_MICROS = 60_000_000;

/** ISO 8601, and as databases write it: a blank between day and time, an offset of hours alone, or none. */
const iso =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$/i;

/**
 * A time of a source in microseconds: ISO text, a `Date`, or a number of seconds or milliseconds. Text without an offset is
 * UTC: the zone of the machine must not decide. Undefined for what is none, or none that an event can have.
 */
export function timeOf(given: unknown): number | undefined {
  const micros = microsOf(given);
  return isStamp(micros) ? micros : undefined;
}

/** The first that is a time. */
export function firstTimeOf(...given: readonly unknown[]): number | undefined {
  return given.map(timeOf).find((time) => time !== undefined);
}

function microsOf(given: unknown): number | undefined {
  if (given instanceof Date) return given.getTime() * 1_000;
  if (typeof given === 'number') return Math.round(given * (given < SECONDS_MAX ? 1e6 : 1e3));
  const found = typeof given === 'string' ? iso.exec(given) : null;
  if (found === null) return undefined;
  const [, day, time, seconds = '00', fraction = '0', sign = '+', hours = '0', minutes = '0'] = found;
  try {
    const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MICROS;
    return parseStamp(`${day}T${time}:${seconds}.${fraction}Z`) + (sign === '-' ? offset : -offset);
  } catch {
    // Nothing of the calendar, such as the 30th of February.
    return undefined;
  }
}
