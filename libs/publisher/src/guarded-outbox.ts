import { TransientError } from '@stepfold/runtime';
import type { Outbox, RecoveredEvent } from './outbox.js';

/**
 * An outbox that breaks nothing: whatever the given one throws or answers, events go on to the log, in memory only.
 * Nobody waits for a promise that it answers. What fails is reported once: keeping again after it has worked, all else
 * for good. What it cannot guard against is a call that does not return.
 */
export function guardOutbox(outbox: Outbox, report: (error: Error) => void): Outbox {
  let isKeepingBroken = false;
  let isBroken = false;

  function tell(what: string, cause: unknown): void {
    report(new TransientError('outbox-unavailable', what, { cause }));
  }

  function tellOnce(what: string, cause: unknown): void {
    if (isBroken) return;
    isBroken = true;
    tell(what, cause);
  }

  /** Calls what answers nothing. */
  function call(action: () => unknown, what: string): void {
    try {
      const answer = action();
      if (isObject(answer)) Promise.resolve(answer).catch((cause: unknown) => tellOnce(what, cause));
    } catch (cause) {
      tellOnce(what, cause);
    }
  }

  const forgetting = (onSettled: () => void) => (): void =>
    call(onSettled, 'the outbox does not forget what is on the log: it will be sent again');

  return {
    recover(nowMicros) {
      try {
        const recovered = outbox.recover(nowMicros);
        if (!Array.isArray(recovered)) throw noAnswer(recovered);
        return (recovered as readonly RecoveredEvent[]).map(({ event, onSettled }) => ({
          event,
          onSettled: forgetting(onSettled),
        }));
      } catch (cause) {
        tellOnce('the outbox does not give what processes before this one have left', cause);
        return [];
      }
    },
    keep(event, text) {
      try {
        const onSettled: unknown = outbox.keep(event, text);
        if (typeof onSettled !== 'function') throw noAnswer(onSettled);
        isKeepingBroken = false;
        return forgetting(onSettled as () => void);
      } catch (cause) {
        if (!isKeepingBroken) {
          isKeepingBroken = true;
          tell('the outbox does not take events: what is queued is in memory only', cause);
        }
        return () => undefined;
      }
    },
    close: () => call(() => outbox.close(), 'the outbox could not be closed'),
  };
}

/** The error for an answer that is none. If it is a promise, its rejection is nobody's any more. */
function noAnswer(answer: unknown): Error {
  if (isObject(answer)) Promise.resolve(answer).catch(() => undefined);
  return new TypeError('the outbox has answered something else than it is to');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
