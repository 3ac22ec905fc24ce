import { describe, expect, it } from '@jest/globals';
import { TransientError, UsageError } from './errors.js';
import { retryTransient } from './retry.js';
import type { Runtime } from './runtime.js';

/** A runtime whose timers go off at once, and which keeps how long they would have taken. */
function impatientRuntime(random = 0): Runtime & { readonly pausesMs: number[] } {
  const pausesMs: number[] = [];
  return {
    pausesMs,
    nowMicros: () => 0,
    monotonicMs: () => 0,
    random: () => random,
    setTimer(delayMs, callback) {
      pausesMs.push(delayMs);
      queueMicrotask(callback);
      return () => undefined;
    },
  };
}

const away = (): TransientError => new TransientError('store-unavailable', 'away');

/** Fails `failures` times, then answers the number of the call. */
function failing(failures: number, failure: () => Error = away) {
  let calls = 0;
  return () => (++calls <= failures ? Promise.reject(failure()) : Promise.resolve(calls));
}

describe('retryTransient', () => {
  it('answers at once what succeeds at once', async () => {
    const runtime = impatientRuntime();
    await expect(retryTransient(failing(0), { runtime })).resolves.toBe(1);
    expect(runtime.pausesMs).toEqual([]);
  });

  it('repeats what fails transiently, however often', async () => {
    const runtime = impatientRuntime();
    await expect(retryTransient(failing(2000), { runtime })).resolves.toBe(2001);
    expect(runtime.pausesMs).toHaveLength(2000);
  });

  it('throws any other error at once, even after transient ones', async () => {
    const runtime = impatientRuntime();
    const other = new UsageError('bad-usage', 'no');
    await expect(
      retryTransient(
        failing(1, () => other),
        { runtime },
      ),
    ).rejects.toBe(other);
    expect(runtime.pausesMs).toEqual([]);
    let calls = 0;
    const mixed = () => Promise.reject(++calls < 3 ? away() : other);
    await expect(retryTransient(mixed, { runtime })).rejects.toBe(other);
    expect(calls).toBe(3);
  });

  it('throws an error that is thrown before there is a promise like any other', async () => {
    const runtime = impatientRuntime();
    let calls = 0;
    const operation = (): Promise<number> => {
      if (++calls === 1) throw away();
      return Promise.resolve(calls);
    };
    await expect(retryTransient(operation, { runtime })).resolves.toBe(2);
  });

  it('waits twice as long each time, up to the limit, with jitter between a half and the whole', async () => {
    const options = { initialDelayMs: 10, maximalDelayMs: 100 };
    const least = impatientRuntime(0);
    await retryTransient(failing(6), { runtime: least, ...options });
    expect(least.pausesMs).toEqual([5, 10, 20, 40, 50, 50]);
    const most = impatientRuntime(1);
    await retryTransient(failing(6), { runtime: most, ...options });
    expect(most.pausesMs).toEqual([10, 20, 40, 80, 100, 100]);
  });

  it('tells of every failure before it waits', async () => {
    const runtime = impatientRuntime();
    const told: unknown[] = [];
    const onRetry = (error: TransientError, attempt: number): void => {
      expect(runtime.pausesMs).toHaveLength(attempt - 1);
      told.push([error.code, attempt]);
    };
    await retryTransient(failing(2), { runtime, onRetry });
    expect(told).toEqual([
      ['store-unavailable', 1],
      ['store-unavailable', 2],
    ]);
  });

  it('ends when it is asked to stop, with that reason', async () => {
    const controller = new AbortController();
    const reason = new Error('time is up');
    let calls = 0;
    const operation = () => {
      if (++calls === 3) controller.abort(reason);
      return Promise.reject(away());
    };
    const options = { runtime: impatientRuntime(), signal: controller.signal };
    await expect(retryTransient(operation, options)).rejects.toBe(reason);
    expect(calls).toBe(3);
  });
});
