import { Instant } from '@js-joda/core';
import { STAMP_MICROS_END, STAMP_MICROS_MIN } from './limits.js';

/**
 * Formats microseconds since the epoch as `2026-04-10T12:00:00.000000Z`: always six fractional digits,
 * so stamps sort as text and lose nothing.
 */
export function formatStamp(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const text = new Date(millis).toISOString();
  return `${text.slice(0, -1)}${String(micros - millis * 1000).padStart(3, '0')}Z`;
}

/**
 * Reads an ISO 8601 instant into microseconds since the epoch. Digits beyond microseconds are cut off.
 * @throws RangeError if the text is no instant, or one that a stamp cannot hold
 */
export function parseStamp(text: string): number {
  let instant: Instant;
  try {
    instant = Instant.parse(text);
  } catch (cause) {
    throw new RangeError(`${JSON.stringify(text)} is not a time such as 2026-04-10T12:00:00Z`, { cause });
  }
  const micros = instant.epochSecond() * 1_000_000 + Math.floor(instant.nano() / 1000);
  if (!(micros >= STAMP_MICROS_MIN && micros < STAMP_MICROS_END)) {
    throw new RangeError(
      `${JSON.stringify(text)} lies outside the years that a stamp can hold: 2001 to 2255`,
    );
  }
  return micros;
}
