import { isDiskFull } from '@stepfold/lmdb-file';
import {
  CorruptStateError,
  InvariantViolation,
  StepfoldError,
  TransientError,
  UsageError,
} from '@stepfold/runtime';

/** LMDB's own codes for a file that holds something else than it should. */
const CORRUPTION_CODES: ReadonlySet<unknown> = new Set([
  -30797, // MDB_PAGE_NOTFOUND
  -30796, // MDB_CORRUPTED
  -30793, // MDB_INVALID
]);

/**
 * The error of an operation on an open store, in terms of what to do next. Errors of LMDB and of the system
 * come with a number; anything else that is thrown here is a bug, and retrying would hide it.
 */
export function operationError(error: unknown, path: string): StepfoldError {
  if (error instanceof StepfoldError) return error;
  const code = codeOf(error);
  if (CORRUPTION_CODES.has(code) || error instanceof SyntaxError) {
    return new CorruptStateError(
      'data-unreadable',
      `The store ${path} is damaged: ${reasonOf(error)}. Put it back from a copy, or delete it and rebuild it from the log.`,
      { cause: error },
    );
  }
  if (typeof code === 'number') {
    const reason = isDiskFull(path) ? `its disk is full (${reasonOf(error)})` : reasonOf(error);
    const message = `The store ${path} did not take this: ${reason}.`;
    return new TransientError('store-unavailable', message, { cause: error });
  }
  return new InvariantViolation(`The store ${path} failed: ${reasonOf(error)}.`, { cause: error });
}

/** The error of a store that could not be opened: its file is the person's business, a full disk may pass. */
export function openingError(error: unknown, path: string): StepfoldError {
  if (error instanceof StepfoldError && !(error instanceof CorruptStateError)) return error;
  return new UsageError('data-unreadable', `The store ${path} cannot be opened: ${reasonOf(error)}.`, {
    cause: error,
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  return String(hasMessage ? error.message : error).replace(/\.$/, '');
}
