import { TransientError } from './errors.js';
import { sleep, type Runtime } from './runtime.js';

export interface RetryOptions {
  readonly runtime: Runtime;
  /** Ends the waiting and the retrying. */
  readonly signal?: AbortSignal;
  /** Pause before the first repetition; doubles each time, with jitter. Default 50. */
  readonly initialDelayMs?: number;
  /** Longest pause. Default 5,000. */
  readonly maximalDelayMs?: number;
  /** Called before each pause, to log and count. */
  readonly onRetry?: (error: TransientError, attempt: number) => void;
}

/**
 * Repeats `operation` as long as it fails with a `TransientError`. Every other error is thrown at once.
 * There is no limit on the number: whoever has somebody waiting passes a `signal` that bounds the time.
 */
export async function retryTransient<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { runtime, signal, initialDelayMs = 50, maximalDelayMs = 5_000, onRetry } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      onRetry?.(error, attempt);
      const ceilingMs = Math.min(maximalDelayMs, initialDelayMs * 2 ** Math.min(attempt - 1, 20));
      await sleep(runtime, ceilingMs * (0.5 + runtime.random() / 2), signal);
    }
  }
}
