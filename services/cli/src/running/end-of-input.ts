import type { Readable } from 'node:stream';

/**
 * A signal that is aborted when the input ends, as it does when the process that holds its other end dies.
 * Disposing lets go of the input: one that is waited for keeps a process alive.
 */
export function endOfInput(input: Readable): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const onEnd = (): void => controller.abort(new DOMException('standard input has ended', 'AbortError'));
  input.once('end', onEnd).once('close', onEnd).once('error', onEnd);
  input.resume();
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => void input.destroy(),
  };
}
