import { createSystemRuntime, sleep, type Runtime } from '@stepfold/runtime';

/** The clock of this package: what it starts are real processes. */
export const runtime: Runtime = createSystemRuntime();

const PAUSE_MS = 20;

/**
 * Asks again and again until the condition holds, and answers whether it did within `timeoutMs`. What the
 * condition throws ends the waiting.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const giveUpAtMs = runtime.monotonicMs() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (runtime.monotonicMs() >= giveUpAtMs) return false;
    await sleep(runtime, PAUSE_MS);
  }
}
