import { describe, expect, it } from '@jest/globals';
import { createInProcessHost } from '../testing/in-process-host.js';
import { runUntilSignal } from './run-until-signal.js';

/** Work that drains until it is let go. */
function draining(): { readonly work: (signal: AbortSignal) => Promise<void>; readonly letGo: () => void } {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  return { work: () => gate, letGo };
}

describe('running until a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'aborts the work on the first %s and waits for it',
    async (name) => {
      const host = createInProcessHost();
      let isDrained = false;
      const running = runUntilSignal(host, async (signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        isDrained = true;
      });
      host.raise(name);
      await running;
      expect(isDrained).toBe(true);
      expect(host.exits).toEqual([]);
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends the process at once on a second %s', async (name, exitCode) => {
    const host = createInProcessHost();
    const { work, letGo } = draining();
    const running = runUntilSignal(host, work);
    host.raise('SIGTERM');
    host.raise(name);
    expect(host.exits).toEqual([exitCode]);
    letGo();
    await running;
  });

  it('takes the Ctrl-C that npm passes on for the same one', async () => {
    let nowMs = 0;
    const host = createInProcessHost();
    const underNpm = {
      ...host,
      environment: { npm_lifecycle_event: 'start' },
      runtime: { ...host.runtime, monotonicMs: () => nowMs },
    };
    const { work, letGo } = draining();
    const running = runUntilSignal(underNpm, work);
    host.raise('SIGINT');
    nowMs = 3;
    host.raise('SIGINT');
    expect(host.exits).toEqual([]);
    nowMs = 2_000;
    host.raise('SIGINT');
    expect(host.exits).toEqual([130]);
    letGo();
    await running;
  });

  it('takes a second SIGTERM for a second one even under npm', async () => {
    const host = { ...createInProcessHost(), environment: { npm_lifecycle_event: 'start' } };
    const { work, letGo } = draining();
    const running = runUntilSignal(host, work);
    host.raise('SIGTERM');
    host.raise('SIGTERM');
    expect(host.exits).toEqual([143]);
    letGo();
    await running;
  });

  it('does not call it a failure that the work was stopped, and stops listening', async () => {
    const host = createInProcessHost();
    const running = runUntilSignal(
      host,
      (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    host.raise('SIGTERM');
    await running;
    host.raise('SIGTERM');
    expect(host.exits).toEqual([]);
  });

  it('passes on what failed', async () => {
    const failing = runUntilSignal(createInProcessHost(), () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
  });
});
