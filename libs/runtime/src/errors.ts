import type { ErrorCode } from './error-catalogue.js';

/** Base of every error of stepfold. `code` is stable and listed in the error catalogue. */
export class StepfoldError extends Error {
  override readonly name: string = 'StepfoldError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A dependency is away or slow. Nothing is known about what it did; repeating is safe. Retry with back-off. */
export class TransientError extends StepfoldError {
  override readonly name = 'TransientError';
}

/** What was asked cannot be done as asked: bad configuration, bad input, bad usage. Tell the person; never retry. */
export class UsageError extends StepfoldError {
  override readonly name = 'UsageError';
}

/** Stored data contradicts the log, or the log lost what is needed. Stop that partition and say how to rebuild. */
export class CorruptStateError extends StepfoldError {
  override readonly name = 'CorruptStateError';
}

/** Our own bug. Crash with ids and positions; never a retry, never a dead letter. */
export class InvariantViolation extends StepfoldError {
  override readonly name = 'InvariantViolation';
  constructor(message: string, options?: ErrorOptions) {
    super('invariant-violation', message, options);
  }
}

/**
 * True for the error of an operation that was asked to stop. Not a failure. Told by its name, because such
 * errors come from the platform, whose classes are not those of this realm in every environment.
 */
export function isAbortError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}
