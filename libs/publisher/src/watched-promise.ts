import type { Runtime } from '@stepfold/runtime';

/** Where errors go that nobody awaited. */
export interface Reporter {
  readonly runtime: Runtime;
  readonly report: (error: Error) => void;
}

/**
 * A promise that nobody has to await. Its rejection never is an unhandled one: if nobody has asked for the
 * outcome by the next turn of the event loop, the error goes to the reporter instead.
 */
export class WatchedPromise<T> extends Promise<T> {
  /** What is derived from it (`then`, `catch`, `finally`) is an ordinary promise of whoever derived it. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly resolve: (value: T) => void;
  protected isAwaited = false;
  readonly #reporter: Reporter;
  readonly #rejectNative: (error: Error) => void;

  constructor(reporter: Reporter) {
    let resolve!: (value: T) => void;
    let reject!: (error: Error) => void;
    super((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    this.#reporter = reporter;
    this.resolve = resolve;
    this.#rejectNative = reject;
  }

  /** `isReported`: the error was told already, as that of something larger. */
  reject(error: Error, isReported = false): void {
    void super.then(undefined, () => undefined);
    this.#rejectNative(error);
    if (isReported || this.isAwaited) return;
    // A caller that awaits does so within this turn; `await` itself takes a few microtasks.
    this.#reporter.runtime.setTimer(0, () => {
      if (!this.isAwaited) this.#reporter.report(error);
    });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- to know that somebody awaits is what the class is for
  override then<A = T, B = never>(
    onResolve?: ((value: T) => A | PromiseLike<A>) | null,
    onReject?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isAwaited = true;
    return super.then(onResolve, onReject);
  }
}
