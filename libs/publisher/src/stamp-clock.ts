import type { Runtime } from '@stepfold/runtime';

/**
 * The wall clock in microseconds, except that it never goes backwards: when the system's time is set back,
 * it stands still until that has caught up.
 */
export function createStampClock(runtime: Runtime): () => number {
  let lastMicros = 0;
  return () => {
    lastMicros = Math.max(lastMicros, Math.floor(runtime.nowMicros()));
    return lastMicros;
  };
}
