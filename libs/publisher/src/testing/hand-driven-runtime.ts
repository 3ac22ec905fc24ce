import type { CancelTimer, Runtime } from '@stepfold/runtime';

/** 2026-01-01T00:00:00Z, in microseconds. */
export const startMicros = 1_767_225_600_000_000;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A runtime in which time passes only when the test says so. Randomness is a fixed series. */
export class HandDrivenRuntime implements Runtime {
  /** What the wall clock is off by, in microseconds: a test sets the clock back by lowering it. */
  wallOffsetMicros = 0;
  #elapsedMs = 0;
  #timers: Timer[] = [];
  #seed = 1;

  nowMicros(): number {
    return startMicros + Math.round(this.#elapsedMs * 1000) + this.wallOffsetMicros;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): CancelTimer {
    const timer = { dueMs: this.#elapsedMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  random(): number {
    this.#seed = (this.#seed * 48_271) % 0x7fffffff;
    return this.#seed / 0x7fffffff;
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  /** Lets time pass, and everything happen that happens in it. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await this.settle();
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.dueMs > untilMs) break;
      this.#fire(next);
      await this.settle();
    }
    this.#elapsedMs = untilMs;
  }

  /** Lets time pass timer by timer until the promise is settled. */
  async runUntil<T>(promise: Promise<T>): Promise<T> {
    const progress = { isSettled: false, idleTurns: 0 };
    const onSettled = (): void => void (progress.isSettled = true);
    promise.then(onSettled, onSettled);
    await this.settle();
    while (!progress.isSettled) {
      const next = this.#next();
      if (next !== undefined) this.#fire(next);
      else if (++progress.idleTurns > 100) throw new Error('no timer is left that could settle the promise');
      await this.settle();
    }
    return promise;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    // oxlint-disable-next-line no-restricted-globals -- turns of the real event loop, whatever the time is here
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    timer.callback();
  }
}
