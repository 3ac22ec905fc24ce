import type { Runtime } from '@stepfold/runtime';

/** A runtime whose timers fire at once and whose clocks move by what they would have waited. */
export interface InstantRuntime extends Runtime {
  /** Milliseconds that timers have waited for, one after the other. */
  readonly waitsMs: readonly number[];
  advance(ms: number): void;
}

export function createInstantRuntime(startMicros = 1_800_000_000_000_000): InstantRuntime {
  let elapsedMs = 0;
  const waitsMs: number[] = [];
  return {
    waitsMs,
    advance: (ms) => void (elapsedMs += ms),
    nowMicros: () => startMicros + Math.round(elapsedMs * 1_000),
    monotonicMs: () => elapsedMs,
    setTimer(delayMs, callback) {
      let isCancelled = false;
      queueMicrotask(() => {
        if (isCancelled) return;
        waitsMs.push(delayMs);
        elapsedMs += delayMs;
        callback();
      });
      return () => void (isCancelled = true);
    },
    random: () => 0.5,
  };
}
