import { isAbortError } from '@stepfold/runtime';
import type { Host, StopSignal } from '../host.js';

const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** npm passes on a Ctrl-C that the terminal has sent to this process as well: the two come within this time. */
const TWIN_MS = 500;

/**
 * Runs `work` with a signal that is aborted by the first SIGINT or SIGTERM. A second one ends the process at
 * once: somebody is tired of waiting for the drain.
 */
export async function runUntilSignal(
  host: Host,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { runtime, environment } = host;
  const controller = new AbortController();
  const isUnderNpm = environment['npm_lifecycle_event'] !== undefined;
  let stopped: { readonly by: StopSignal; readonly atMs: number } | undefined;

  function onSignal(by: StopSignal): void {
    if (stopped === undefined) {
      stopped = { by, atMs: runtime.monotonicMs() };
      controller.abort(new DOMException(`stopped by ${by}`, 'AbortError'));
      return;
    }
    const isTwin =
      isUnderNpm &&
      by === 'SIGINT' &&
      stopped.by === 'SIGINT' &&
      runtime.monotonicMs() - stopped.atMs < TWIN_MS;
    if (!isTwin) host.exit(exitCodes[by]);
  }

  const stopListening = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    host.onSignal(signal, () => onSignal(signal)),
  );
  try {
    await work(controller.signal);
  } catch (error) {
    // Stopped before it had begun, or in a wait: that is what was asked for.
    const { signal } = controller;
    if (!signal.aborted || !(isAbortError(error) || error === signal.reason)) throw error;
  } finally {
    for (const stop of stopListening) stop();
  }
}
