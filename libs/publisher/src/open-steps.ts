import type { CancelTimer, Runtime } from '@stepfold/runtime';
import type { Lane } from './lanes.js';

/**
 * The steps that a publisher holds open, at most one attempt of each, and their heartbeats: one for each that
 * was silent for the interval, so that a tool may run for an hour. None for a step that has an event in the
 * queue, which is its sign of life as soon as the log takes it: while the log is away, heartbeats do not pile up.
 */
export interface OpenSteps {
  readonly size: number;
  get(stepKey: string): OpenStepEntry | undefined;
  entries(): readonly OpenStepEntry[];
  open(lane: Lane): OpenStepEntry;
  /** Something was published to the step. */
  touch(entry: OpenStepEntry): void;
  close(entry: OpenStepEntry): void;
  /** Ends all heartbeats. */
  stop(): void;
}

export interface OpenStepEntry {
  readonly lane: Lane;
  /** Its signal, once somebody has asked for it or stopped the step. */
  stop: AbortController | undefined;
  lastEventMs: number;
  cancelTimer: CancelTimer;
}

export function createOpenSteps(options: {
  readonly runtime: Runtime;
  readonly heartbeatIntervalMs: number;
  readonly sendHeartbeat: (lane: Lane) => void;
}): OpenSteps {
  const { runtime, heartbeatIntervalMs, sendHeartbeat } = options;
  const entries = new Map<string, OpenStepEntry>();
  let isStopped = false;

  /** Timers are not moved with every event: one that fires too early sets itself again. */
  function look(entry: OpenStepEntry): void {
    const silentMs = runtime.monotonicMs() - entry.lastEventMs;
    if (silentMs < heartbeatIntervalMs) {
      arm(entry, heartbeatIntervalMs - silentMs);
      return;
    }
    if (entry.lane.pendingEvents === 0) sendHeartbeat(entry.lane);
    arm(entry, heartbeatIntervalMs);
  }

  function arm(entry: OpenStepEntry, delayMs: number): void {
    // Sending may have ended the step.
    if (isStopped || entries.get(entry.lane.stepKey) !== entry) return;
    entry.cancelTimer = runtime.setTimer(Math.ceil(delayMs), () => look(entry));
  }

  return {
    get size() {
      return entries.size;
    },
    get: (stepKey) => entries.get(stepKey),
    entries: () => [...entries.values()],
    open(lane) {
      const entry: OpenStepEntry = {
        lane,
        stop: undefined,
        lastEventMs: runtime.monotonicMs(),
        cancelTimer: () => undefined,
      };
      entries.set(lane.stepKey, entry);
      arm(entry, heartbeatIntervalMs);
      return entry;
    },
    touch(entry) {
      entry.lastEventMs = runtime.monotonicMs();
    },
    close(entry) {
      entry.cancelTimer();
      entries.delete(entry.lane.stepKey);
    },
    stop() {
      isStopped = true;
      for (const entry of entries.values()) entry.cancelTimer();
    },
  };
}
