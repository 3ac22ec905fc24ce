import type { Runtime } from './runtime.js';

/** Beyond this difference the fine clock is set to the system's again: somebody has set the time. */
const REANCHOR_MICROS = 2_000;

/** The longest timer of the platform. One millisecond more, and it would go off at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

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
      let timer: NodeJS.Timeout;
      const arm = (leftMs: number): void => {
        const stageMs = Math.min(leftMs, TIMER_MS_MAX);
        timer = setTimeout(() => (leftMs > stageMs ? arm(leftMs - stageMs) : callback()), Math.ceil(stageMs));
      };
      arm(delayMs);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
  };
}
