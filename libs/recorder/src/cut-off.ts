import type { Event, EventOf, InterruptReason } from '@stepfold/events';
import { errorOf } from '@stepfold/formats';
import { isAbortError } from '@stepfold/runtime';

/** Why a stream ended before its last part. */
export type Cause =
  | { readonly kind: 'interrupt'; readonly reason: InterruptReason; readonly message?: string }
  | { readonly kind: 'error'; readonly error: unknown };

/** What the error that a source threw says: a stop by whoever aborted it, or a failure. */
export function causeOf(error: unknown): Cause {
  return isAbort(error) ? { kind: 'interrupt', reason: 'user' } : { kind: 'error', error };
}

/**
 * The last events of a stream, as a converter answers them, with what is known of their cause: a converter sees only
 * that a step was cut off, and says `eof`.
 */
export function withCause(events: readonly Event[], cause: Cause): Event[] {
  return events.map((event) =>
    event.type === 'interrupt' && event.reason === 'eof' ? terminalOf(event, cause) : event,
  );
}

function terminalOf(event: EventOf<'interrupt'>, cause: Cause): Event {
  const { type: _type, reason: _reason, message: _message, ...envelope } = event;
  if (cause.kind === 'error') return { ...envelope, type: 'error', ...errorOf(cause.error), fatal: true };
  const { reason, message } = cause;
  return { ...envelope, type: 'interrupt', reason, ...(message === undefined ? {} : { message }) };
}

/** The SDKs of Anthropic and OpenAI have an error of their own for what was aborted. */
function isAbort(error: unknown): boolean {
  return isAbortError(error) || (error instanceof Error && error.constructor.name === 'APIUserAbortError');
}
