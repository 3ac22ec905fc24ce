import type { StepWriter } from './step-writer.js';

/**
 * An error of a stream, of which is not known yet whether it is fatal: it is if nothing follows. Every converter
 * holds it back until it knows, so that it keeps its own time and its place before what follows.
 */
export interface HeldError {
  readonly held: { readonly error: unknown; readonly at: number } | undefined;
  /** Takes the place of one that was held. */
  hold(error: unknown, at: number): void;
  /** Something followed: the error was not fatal. */
  release(): void;
  /** Nothing follows: the step has failed. Answers whether an error was held. */
  fail(): boolean;
  /** It is told in another way. */
  drop(): void;
}

/** @param prepare called with the time of the error before anything is written of it */
export function createHeldError(
  writer: Pick<StepWriter, 'error' | 'fail'>,
  prepare: (at: number) => void = () => undefined,
): HeldError {
  let held: HeldError['held'];

  function settle(write: 'error' | 'fail'): boolean {
    if (held === undefined) return false;
    const { at, error } = held;
    held = undefined;
    prepare(at);
    writer[write](at, error);
    return true;
  }

  return {
    get held() {
      return held;
    },
    hold: (error, at) => void (held = { error, at }),
    release: () => void settle('error'),
    fail: () => settle('fail'),
    drop: () => void (held = undefined),
  };
}
