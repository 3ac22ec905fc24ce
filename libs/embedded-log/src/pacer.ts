import { sleep, type Runtime } from '@stepfold/runtime';

/**
 * Reading from the file never waits for anything, so a loop that only reads would keep timers, heartbeats
 * and signals from ever being served. Whoever reads asks here first, and gives way if timers have not been
 * served for a while.
 */
export interface Pacer {
  pace(): Promise<void>;
}

const TURN_MAX_MS = 10;

export function createPacer(runtime: Runtime): Pacer {
  let turnBeganMs: number | undefined;
  return {
    async pace() {
      if (turnBeganMs === undefined) {
        turnBeganMs = runtime.monotonicMs();
        runtime.setTimer(0, () => {
          turnBeganMs = undefined;
        });
      } else if (runtime.monotonicMs() - turnBeganMs >= TURN_MAX_MS) {
        await sleep(runtime, 0);
      }
    },
  };
}
