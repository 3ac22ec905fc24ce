import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createSystemRuntime } from './system-runtime.js';

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** The two clocks of the platform in our hands, both in milliseconds. */
function clocks(system: number, monotonic: number) {
  const hands = { system, monotonic };
  jest.spyOn(Date, 'now').mockImplementation(() => hands.system);
  jest.spyOn(performance, 'now').mockImplementation(() => hands.monotonic);
  return hands;
}

describe('the clock', () => {
  it('counts whole microseconds between the milliseconds of the system', () => {
    const hands = clocks(1_775_822_400_000, 5.25);
    const runtime = createSystemRuntime();
    expect(runtime.nowMicros()).toBe(1_775_822_400_000_000);
    hands.monotonic += 0.2504;
    expect(runtime.nowMicros()).toBe(1_775_822_400_000_250);
    hands.monotonic += 0.5;
    hands.system += 1;
    expect(runtime.nowMicros()).toBe(1_775_822_400_000_750);
  });

  it('never goes back while the system’s clock runs evenly, however its milliseconds fall', () => {
    const hands = clocks(1_775_822_400_000, 0);
    const runtime = createSystemRuntime();
    const readings = [runtime.nowMicros()];
    let differenceMicros = 0;
    for (let step = 1; step <= 20_000; step++) {
      hands.monotonic = step * 0.0371;
      hands.system = Math.floor(1_775_822_400_000.9 + hands.monotonic);
      const now = runtime.nowMicros();
      readings.push(now);
      differenceMicros = Math.max(differenceMicros, Math.abs(now - hands.system * 1000));
    }
    expect(readings.every(Number.isInteger)).toBe(true);
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
    expect(differenceMicros).toBeLessThanOrEqual(2000);
  });

  it('follows the system when somebody sets its time, forwards and backwards', () => {
    const hands = clocks(1_775_822_400_000, 0);
    const runtime = createSystemRuntime();
    hands.system += 3_600_000;
    expect(runtime.nowMicros()).toBe(1_775_826_000_000_000);
    hands.monotonic += 0.5;
    expect(runtime.nowMicros()).toBe(1_775_826_000_000_500);
    hands.system -= 7_200_000;
    expect(runtime.nowMicros()).toBe(1_775_818_800_000_000);
  });

  it('follows the system when the machine slept and the monotonic clock with it', () => {
    const hands = clocks(1_775_822_400_000, 0);
    const runtime = createSystemRuntime();
    hands.system += 60_000;
    hands.monotonic += 1;
    expect(runtime.nowMicros()).toBe(1_775_822_460_000_000);
  });

  it('is that of the system in truth', () => {
    const runtime = createSystemRuntime();
    const before = Date.now();
    const now = runtime.nowMicros();
    const after = Date.now();
    expect(now).toBeGreaterThanOrEqual((before - 3) * 1000);
    expect(now).toBeLessThanOrEqual((after + 3) * 1000);
  });

  it('that is monotonic never goes back', () => {
    const runtime = createSystemRuntime();
    const readings = Array.from({ length: 1000 }, () => runtime.monotonicMs());
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
  });
});

describe('a timer', () => {
  it('goes off once, not before its time', () => {
    jest.useFakeTimers();
    let calls = 0;
    createSystemRuntime().setTimer(10.2, () => calls++);
    jest.advanceTimersByTime(10);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(100);
    expect(calls).toBe(1);
  });

  it('does not go off once it is cancelled, and may be cancelled twice or too late', () => {
    jest.useFakeTimers();
    let calls = 0;
    const runtime = createSystemRuntime();
    const cancel = runtime.setTimer(10, () => calls++);
    cancel();
    cancel();
    jest.runAllTimers();
    expect(calls).toBe(0);
    const cancelTooLate = runtime.setTimer(10, () => calls++);
    jest.runAllTimers();
    cancelTooLate();
    expect(calls).toBe(1);
  });

  it('may take longer than the platform’s timers can', () => {
    jest.useFakeTimers();
    const thirtyDaysMs = 30 * 24 * 3_600_000;
    let calls = 0;
    const runtime = createSystemRuntime();
    runtime.setTimer(thirtyDaysMs, () => calls++);
    const cancel = runtime.setTimer(thirtyDaysMs, () => (calls += 100));
    jest.advanceTimersByTime(thirtyDaysMs - 1);
    expect(calls).toBe(0);
    cancel();
    jest.advanceTimersByTime(1);
    expect(calls).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('chance', () => {
  it('is at least 0 and below 1', () => {
    const runtime = createSystemRuntime();
    for (let i = 0; i < 1000; i++) {
      const number = runtime.random();
      expect(number >= 0 && number < 1).toBe(true);
    }
  });
});
