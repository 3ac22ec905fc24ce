/** The events between two flushes. */
export interface FlushBarrier {
  /** Those that are not settled. */
  pendingEvents: number;
  /** A flush has been asked for: no later event belongs to it. */
  isClosed: boolean;
  /** The first error of an event of it that the log refused for good. */
  failure: Error | undefined;
  resolve: (() => void) | undefined;
  reject: ((error: Error) => void) | undefined;
}

/**
 * Knows when everything that was published before a flush is settled. Events are settled in any order (other
 * partitions, held deltas), so each carries the barrier behind which it was published.
 */
export interface FlushBarriers {
  /** The barrier of an event that is published now. */
  readonly present: FlushBarrier;
  settle(barrier: FlushBarrier, failure?: Error): void;
  /** Closes the present barrier. The answer is settled when all closed barriers are passed. */
  close(resolve: () => void, reject: (error: Error) => void): void;
  /** Nothing will be settled any more. */
  fail(error: Error): void;
}

export function createFlushBarriers(): FlushBarriers {
  let present = newBarrier();
  /** Closed ones, oldest first; a flush waits for those before it too. */
  let closed: FlushBarrier[] = [];

  function pass(): void {
    while (closed[0]?.pendingEvents === 0) {
      const { failure, resolve, reject } = closed.shift()!;
      if (failure === undefined) {
        resolve?.();
        continue;
      }
      // A later flush covers the earlier events too.
      for (const later of closed) later.failure ??= failure;
      reject?.(failure);
    }
  }

  return {
    get present() {
      return present;
    },
    settle(barrier, failure) {
      barrier.pendingEvents--;
      barrier.failure ??= failure;
      if (barrier.isClosed && barrier.pendingEvents === 0) pass();
    },
    close(resolve, reject) {
      present.isClosed = true;
      present.resolve = resolve;
      present.reject = reject;
      closed.push(present);
      present = newBarrier();
      pass();
    },
    fail(error) {
      const failed = closed;
      closed = [];
      for (const barrier of failed) barrier.reject?.(error);
    },
  };
}

function newBarrier(): FlushBarrier {
  return { pendingEvents: 0, isClosed: false, failure: undefined, resolve: undefined, reject: undefined };
}
