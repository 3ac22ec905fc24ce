import { describe, expect, it } from '@jest/globals';
import { isAbortError } from './errors.js';
import { abortReason, randomSuffix, sleep, type Runtime } from './runtime.js';

/** A runtime with one timer at most, which goes off by hand. */
function handRuntime() {
  let pending: (() => void) | undefined;
  let cancelled = 0;
  const runtime: Runtime = {
    nowMicros: () => 0,
    monotonicMs: () => 0,
    random: () => 0,
    setTimer(_delayMs, callback) {
      pending = callback;
      return () => {
        cancelled++;
        pending = undefined;
      };
    },
  };
  return {
    runtime,
    goOff: () => pending?.(),
    isPending: () => pending !== undefined,
    cancels: () => cancelled,
  };
}

/** A signal that counts who listens to it. */
function watchedSignal() {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    remove(...args);
  };
  return { controller, signal, listeners: () => listeners };
}

describe('sleep', () => {
  it('resolves when the timer goes off, and leaves nobody listening to the signal', async () => {
    const hand = handRuntime();
    const watched = watchedSignal();
    const sleeping = sleep(hand.runtime, 5, watched.signal);
    expect(watched.listeners()).toBe(1);
    hand.goOff();
    await expect(sleeping).resolves.toBeUndefined();
    expect(watched.listeners()).toBe(0);
    watched.controller.abort();
    expect(hand.cancels()).toBe(0);
  });

  it('needs no signal', async () => {
    const hand = handRuntime();
    const sleeping = sleep(hand.runtime, 5);
    hand.goOff();
    await expect(sleeping).resolves.toBeUndefined();
  });

  it('rejects with the reason as soon as it is asked to stop, and cancels the timer', async () => {
    const hand = handRuntime();
    const controller = new AbortController();
    const sleeping = sleep(hand.runtime, 5, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(hand.isPending()).toBe(false);
  });

  it('rejects without a timer if it was asked to stop before', async () => {
    const hand = handRuntime();
    const sleeping = sleep(hand.runtime, 5, AbortSignal.abort());
    await expect(sleeping).rejects.toMatchObject({ name: 'AbortError' });
    expect(hand.isPending()).toBe(false);
  });
});

describe('the reason of an aborted signal', () => {
  it('is the error that was given', () => {
    const reason = new Error('stop');
    expect(abortReason(AbortSignal.abort(reason))).toBe(reason);
  });

  it('is the platform’s own error where none was given', () => {
    const signal = AbortSignal.abort();
    expect(abortReason(signal)).toBe(signal.reason);
    expect(isAbortError(abortReason(signal))).toBe(true);
  });

  it('is an abort error where something else was given', () => {
    for (const reason of ['stop', null, 0, { name: 'reason' }]) {
      expect(isAbortError(abortReason(AbortSignal.abort(reason)))).toBe(true);
    }
  });
});

describe('a random suffix', () => {
  it('has letters and digits only, from the first of them to the last', () => {
    const numbers = [0, 0.999_999_999, 25.5 / 36, 26 / 36];
    let calls = 0;
    const runtime = { ...handRuntime().runtime, random: () => numbers[calls++] as number };
    expect(randomSuffix(runtime, 4)).toBe('a9z0');
    expect(randomSuffix(runtime, 0)).toBe('');
  });
});
