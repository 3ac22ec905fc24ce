import type { Runtime } from '@stepfold/runtime';

/** Lets one loop sleep until something happens or time passes. A call that comes while it works is kept. */
export interface Wakeup {
  readonly wake: () => void;
  wait(timeoutMs: number): Promise<void>;
}

export function createWakeup(runtime: Runtime): Wakeup {
  let isWoken = false;
  let resume: (() => void) | undefined;
  return {
    wake() {
      isWoken = true;
      resume?.();
    },
    async wait(timeoutMs) {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          const cancel = runtime.setTimer(timeoutMs, resolve);
          resume = () => {
            cancel();
            resolve();
          };
        });
        resume = undefined;
      }
      isWoken = false;
    },
  };
}
