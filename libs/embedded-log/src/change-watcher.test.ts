import { describe, expect, it } from '@jest/globals';
import type { Runtime } from '@stepfold/runtime';
import { createChangeWatcher, type ChangeWatcher } from './change-watcher.js';
import type { Environment } from './environment.js';

/** Timers that the test runs by hand, and the delays that were asked for. */
function createManualRuntime(): { runtime: Runtime; delays: number[]; fire(): void; pending(): number } {
  const timers = new Map<number, () => void>();
  const delays: number[] = [];
  let count = 0;
  const runtime: Runtime = {
    nowMicros: () => 0,
    monotonicMs: () => 0,
    random: () => 0,
    setTimer(delayMs, callback) {
      const id = count++;
      delays.push(delayMs);
      timers.set(id, callback);
      return () => void timers.delete(id);
    },
  };
  return {
    runtime,
    delays,
    pending: () => timers.size,
    fire() {
      const [id, callback] = [...timers][0]!;
      timers.delete(id);
      callback();
    },
  };
}

function createWatcher(runtime: Runtime): ChangeWatcher {
  const environment = { refresh: () => undefined } as unknown as Environment;
  return createChangeWatcher({ environment, runtime, lookIntervalMaxMs: 50 });
}

describe('the watcher', () => {
  it('looks less and less often while nothing happens, and often again when something has', () => {
    const { runtime, delays, fire } = createManualRuntime();
    const watcher = createWatcher(runtime);
    let hasChanged = false;
    let changes = 0;
    const watch = (): (() => void) =>
      watcher.watch(
        () => hasChanged,
        () => (changes += 1),
      );
    watch();
    for (let i = 0; i < 8; i++) fire();
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 50, 50, 50]);
    hasChanged = true;
    fire();
    expect(changes).toBe(1);
    hasChanged = false;
    watch();
    expect(delays.at(-1)).toBe(1);
  });

  it('tells at once what this process has done', () => {
    const { runtime } = createManualRuntime();
    const watcher = createWatcher(runtime);
    let changes = 0;
    watcher.watch(
      () => true,
      () => (changes += 1),
    );
    watcher.notify();
    watcher.notify();
    expect(changes).toBe(1);
  });

  it('has no timer while nobody waits, nor after it was closed', () => {
    const { runtime, pending, fire } = createManualRuntime();
    const watcher = createWatcher(runtime);
    expect(pending()).toBe(0);
    const cancel = watcher.watch(
      () => false,
      () => undefined,
    );
    expect(pending()).toBe(1);
    cancel();
    fire();
    expect(pending()).toBe(0);
    watcher.watch(
      () => false,
      () => undefined,
    );
    watcher.close();
    expect(pending()).toBe(0);
  });

  it('takes a failing look for a change, so that who waits meets the error', () => {
    const { runtime, fire } = createManualRuntime();
    let changes = 0;
    createWatcher(runtime).watch(
      () => {
        throw new Error('cannot be read');
      },
      () => (changes += 1),
    );
    fire();
    expect(changes).toBe(1);
  });
});
