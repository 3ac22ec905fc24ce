/**
 * Everything that a program reads from the outside world besides its data: time, timers and chance.
 * Code outside a `main` takes one of these and never the globals, so that a simulation can own them all.
 */
export interface Runtime {
  /** Microseconds since the Unix epoch (UTC) on the wall clock. May jump, in both directions. */
  nowMicros(): number;
  /** Milliseconds of a clock that never goes backwards. Only differences mean anything. */
  monotonicMs(): number;
  /** Runs the callback once, after at least `delayMs`. The answer cancels it; cancelling twice is harmless. */
  setTimer(delayMs: number, callback: () => void): CancelTimer;
  /** A number in [0, 1). */
  random(): number;
}

export type CancelTimer = () => void;

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(runtime: Runtime, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(abortReason(signal as AbortSignal));
    };
    const cancel = runtime.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The reason of an aborted signal, always an `Error`. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error || reason instanceof DOMException
    ? reason
    : new DOMException('The operation was aborted', 'AbortError');
}

/** `length` characters of `a–z0–9`, for names of incarnations. Not for secrets. */
export function randomSuffix(runtime: Runtime, length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  let suffix = '';
  for (let i = 0; i < length; i++) suffix += alphabet.charAt(Math.floor(runtime.random() * alphabet.length));
  return suffix;
}
