import type { Runtime } from '@stepfold/runtime';
import type { Environment } from './environment.js';

/**
 * Tells when something in the file has changed. Appends of this process are told at once (`notify`);
 * LMDB does not tell what other processes write, so somebody has to look: often while things happen,
 * and every `lookIntervalMaxMs` when nothing does. Nobody looks while nobody waits.
 */
export interface ChangeWatcher {
  /**
   * Calls `onChange` once, as soon as `hasChanged` is seen to be true. The answer cancels it.
   * `hasChanged` reads the file, and must be cheap; what it throws counts as a change.
   */
  watch(hasChanged: () => boolean, onChange: () => void): () => void;
  /** Looks now. */
  notify(): void;
  close(): void;
}

interface Watch {
  readonly hasChanged: () => boolean;
  readonly onChange: () => void;
}

const LOOK_INTERVAL_MIN_MS = 1;

export function createChangeWatcher(options: {
  readonly environment: Environment;
  readonly runtime: Runtime;
  readonly lookIntervalMaxMs: number;
}): ChangeWatcher {
  const { environment, runtime, lookIntervalMaxMs } = options;
  const watches = new Set<Watch>();
  let intervalMs = LOOK_INTERVAL_MIN_MS;
  let cancelTimer: (() => void) | undefined;
  let isClosed = false;

  function look(): void {
    if (watches.size === 0) return;
    environment.refresh();
    for (const watch of watches) {
      if (!isDone(watch)) continue;
      watches.delete(watch);
      intervalMs = LOOK_INTERVAL_MIN_MS;
      watch.onChange();
    }
  }

  function arm(): void {
    if (cancelTimer !== undefined || watches.size === 0 || isClosed) return;
    cancelTimer = runtime.setTimer(intervalMs, () => {
      cancelTimer = undefined;
      intervalMs = Math.min(lookIntervalMaxMs, intervalMs * 2);
      look();
      arm();
    });
  }

  return {
    watch(hasChanged, onChange) {
      const watch = { hasChanged, onChange };
      watches.add(watch);
      arm();
      return () => {
        watches.delete(watch);
      };
    },
    notify: look,
    close() {
      isClosed = true;
      cancelTimer?.();
      watches.clear();
    },
  };
}

function isDone(watch: Watch): boolean {
  try {
    return watch.hasChanged();
  } catch {
    // Whoever is waiting reads next, and meets the error where it can be handled.
    return true;
  }
}
