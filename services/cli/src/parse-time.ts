import { Instant, OffsetDateTime } from '@js-joda/core';
import { InvalidArgumentError } from 'commander';
import { parseStamp } from '@stepfold/events';

/** Reads a time with its offset from UTC, such as `2026-01-01T00:00:00Z`, into microseconds. */
export function parseTime(text: string): number {
  let instant: string;
  try {
    instant = /z$/i.test(text)
      ? Instant.parse(text.toUpperCase()).toString()
      : OffsetDateTime.parse(text).toInstant().toString();
  } catch {
    throw new InvalidArgumentError('It must be a time such as 2026-01-01T00:00:00Z.');
  }
  try {
    return parseStamp(instant);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
