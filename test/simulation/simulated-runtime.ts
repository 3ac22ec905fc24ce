import type { Runtime } from '@stepfold/runtime';
import type { Incarnation } from './incarnation.js';

/** Microseconds since the epoch at which every simulation begins, on the clock of the log. */
export const EPOCH_MICROS = 1_800_000_000_000_000;
export const EPOCH_MS = EPOCH_MICROS / 1000;

export interface ClockOptions {
  /** How far the wall clock is off, in milliseconds. */
  readonly skewMs: number;
  /** Timers come up to this late. */
  readonly timerLatenessMs: number;
}

/** Time, timers and chance of one process, all of them of the simulation. */
export class SimulatedRuntime implements Runtime {
  /** Somebody may set the clock. */
  skewMs: number;

  constructor(
    readonly incarnation: Incarnation,
    readonly options: ClockOptions,
  ) {
    this.skewMs = options.skewMs;
  }

  nowMicros(): number {
    return EPOCH_MICROS + Math.round((this.incarnation.scheduler.nowMs + this.skewMs) * 1000);
  }

  monotonicMs(): number {
    return this.incarnation.scheduler.nowMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const { incarnation, options } = this;
    if (incarnation.isDead) return () => undefined;
    let isCancelled = false;
    const latenessMs = incarnation.chance.fraction() * options.timerLatenessMs;
    const scheduled = incarnation.scheduler.schedule(delayMs + latenessMs, () =>
      incarnation.deliver(() => {
        // It may have been cancelled while the process was frozen, by what was delivered before it.
        if (isCancelled) return;
        incarnation.note('timer');
        callback();
      }),
    );
    return () => {
      isCancelled = true;
      scheduled.isCancelled = true;
    };
  }

  random(): number {
    return this.incarnation.chance.fraction();
  }
}
