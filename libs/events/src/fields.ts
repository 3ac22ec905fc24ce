import { z } from 'zod';
import { jsonProblem, type JsonValue, type Metadata } from './json-value.js';
import { ATTEMPT_MAX, JSON_DEPTH_MAX, STAMP_MICROS_END, STAMP_MICROS_MIN } from './limits.js';

/** Schemas of single fields. None of them transforms: validating an event never changes or copies it. */

const ID_PATTERN = /^[A-Za-z0-9_~@/-][A-Za-z0-9._~@/-]{0,199}$/;

/** True for 1–200 characters of `A–Z a–z 0–9 . _ ~ @ / -` that do not start with a dot. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID_PATTERN.test(value);
}

/** What is wrong with an id, in words. */
export function idProblem(value: unknown): string {
  if (typeof value !== 'string') return 'must be a string';
  if (value.length === 0 || value.length > 200) return `must have 1 to 200 characters, not ${value.length}`;
  if (value.startsWith('.')) return 'must not start with a dot';
  const bad = /[^A-Za-z0-9._~@/-]/u.exec(value)?.[0];
  return `must not hold ${JSON.stringify(bad)}: an id has only A–Z a–z 0–9 . _ ~ @ / -`;
}

/** True for a string of 1–512 characters without NUL, as providers give for calls, blocks and tools. */
export function isProviderId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    // Characters are code points, of at most two units: what is longer is not taken apart to be counted.
    (value.length <= 512 || (value.length <= 1024 && Array.from(value).length <= 512)) &&
    !value.includes('\0')
  );
}

/** True for whole microseconds since the epoch within the range of a stamp. */
export function isStamp(value: unknown): value is number {
  return (
    Number.isInteger(value) && (value as number) >= STAMP_MICROS_MIN && (value as number) < STAMP_MICROS_END
  );
}

function stampProblem(value: unknown): string {
  if (typeof value !== 'number') return 'must be a number: microseconds since the Unix epoch';
  if (!Number.isInteger(value)) return `must be whole microseconds, not ${value}`;
  if (value >= 1e17 && value < 1e20) {
    return `${value} looks like nanoseconds: microseconds since the Unix epoch are expected (below 2^53)`;
  }
  if (value >= STAMP_MICROS_END) return `${value} is not below 2^53 microseconds since the Unix epoch`;
  if (value >= 1e11 && value < 1e14) {
    return `${value} looks like milliseconds: microseconds since the Unix epoch are expected (at least 10^15)`;
  }
  if (value >= 1e8 && value < 1e11) {
    return `${value} looks like seconds: microseconds since the Unix epoch are expected (at least 10^15)`;
  }
  return `${value} is below 10^15 microseconds since the Unix epoch`;
}

export const idField = z
  .custom<string>(isId, {
    error: (issue) => (issue.input === undefined ? 'is missing' : idProblem(issue.input)),
  })
  .meta({ type: 'string', pattern: ID_PATTERN.source });

export const providerIdField = z
  .custom<string>(isProviderId, {
    error: (issue) =>
      issue.input === undefined ? 'is missing' : 'must be a string of 1 to 512 characters without NUL',
  })
  .meta({ type: 'string', minLength: 1, maxLength: 512, pattern: '^[^\\u0000]*$' });

export const stampField = z
  .custom<number>(isStamp, {
    error: (issue) => (issue.input === undefined ? 'is missing' : stampProblem(issue.input)),
  })
  .meta({ type: 'integer', minimum: STAMP_MICROS_MIN, exclusiveMaximum: STAMP_MICROS_END });

/** True for a whole number of things: 0 or more, and exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export const countField = z
  .custom<number>(isCount, {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a whole number, 0 or more'),
  })
  .meta({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const attemptField = z
  .custom<number>((value) => isCount(value) && value <= ATTEMPT_MAX, {
    error: `must be a whole number from 0 to ${ATTEMPT_MAX}`,
  })
  .meta({ type: 'integer', minimum: 0, maximum: ATTEMPT_MAX });

export const textField = z
  .custom<string>((value) => typeof value === 'string', {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a string'),
  })
  .meta({ type: 'string' });

export const flagField = z
  .custom<boolean>((value) => typeof value === 'boolean', {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be true or false'),
  })
  .meta({ type: 'boolean' });

export const jsonField = z
  .custom<JsonValue>((value) => jsonProblem(value) === undefined, {
    error: (issue) => jsonProblem(issue.input) ?? 'is no JSON value',
  })
  .meta({
    description: `any JSON value of at most ${JSON_DEPTH_MAX} levels, with no number beyond a double`,
  });

/** The sentence for a value that should be an object. */
export function objectError(issue: { readonly input?: unknown }): string {
  return issue.input === undefined ? 'is missing' : 'must be an object';
}

function metadataProblem(value: unknown): string | undefined {
  if (!isPlainObject(value)) return 'must be an object of providers';
  if (!Object.values(value).every(isPlainObject)) return 'must hold an object for every provider';
  return jsonProblem(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checked by hand and passed by reference: a copy made by a record schema would lose the key `__proto__`. */
export const metadataField = z
  .custom<Metadata>((value) => metadataProblem(value) === undefined, {
    error: (issue) => metadataProblem(issue.input) ?? 'is no metadata',
  })
  .meta({ type: 'object', additionalProperties: { type: 'object' } });

/** A field with one of a few fixed strings. */
export function choiceField<const T extends string>(...choices: readonly T[]): z.ZodCustom<T, T> {
  return z
    .custom<T>((value) => choices.includes(value as T), {
      error: (issue) =>
        issue.input === undefined
          ? `is missing: one of ${choices.join(', ')}`
          : `must be one of ${choices.join(', ')}`,
    })
    .meta({ type: 'string', enum: [...choices] });
}
