import { CorruptStateError, InvariantViolation, StepfoldError, TransientError } from '@stepfold/runtime';

/** LMDB's codes for a file that cannot be trusted: page not found, corrupted, panic, version, not a file of LMDB. */
const DAMAGE_CODES: readonly unknown[] = [-30797, -30796, -30795, -30794, -30793];

/**
 * What a caller is told when the file fails. What is damaged is not cured by repeating; everything else
 * that LMDB says (a full disk, no free reader slot) may pass.
 */
export function storageError(error: unknown, doing: string): StepfoldError {
  if (error instanceof StepfoldError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof TypeError) return new InvariantViolation(`${doing} failed: ${text}`, { cause: error });
  return isDamage(error)
    ? new CorruptStateError('data-unreadable', `${doing} failed, the file is damaged: ${text}`, {
        cause: error,
      })
    : new TransientError('log-unavailable', `${doing} failed: ${text}`, { cause: error });
}

/** Also what decoding says of bytes that were never written here. */
function isDamage(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof RangeError) return true;
  return DAMAGE_CODES.includes((error as { code?: unknown } | null)?.code);
}

/** Reads from the file, and says what went wrong in our own words. */
export function readStorage<T>(doing: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storageError(error, doing);
  }
}

/** The reason behind the binding's "Commit failed", which it gives by a promise that it rejects. */
export async function commitError(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: Promise<unknown> } | null)?.commitError;
  if (reason === undefined) return error;
  return reason.then(
    () => error,
    (cause: unknown) => cause,
  );
}
