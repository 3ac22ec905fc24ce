import type { Runtime } from './runtime.js';

/** Beyond this difference the fine clock is set to the system's again: somebody has set the time. */
const REANCHOR_MICROS = 2_000;

/**
 * The real clock, timers and randomness. The only file of the project that touches those globals.
 *
 * `Date.now()` counts milliseconds; the microseconds between come from the monotonic clock, anchored to
 * the system's time and anchored anew when the two drift apart.
 */
export function createSystemRuntime(): Runtime {
  let anchorMicros = Date.now() * 1000;
  let anchorMs = performance.now();
  return {
    nowMicros() {
      const systemMicros = Date.now() * 1000;
      const elapsedMs = performance.now();
      const fineMicros = anchorMicros + Math.round((elapsedMs - anchorMs) * 1000);
      if (Math.abs(fineMicros - systemMicros) <= REANCHOR_MICROS) return fineMicros;
      anchorMicros = systemMicros;
      anchorMs = elapsedMs;
      return systemMicros;
    },
    monotonicMs: () => performance.now(),
    setTimer(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
  };
}
