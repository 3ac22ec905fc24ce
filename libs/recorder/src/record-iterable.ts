import type { StreamTap } from './recorder.js';

/** Yields what the source yields, and ends or throws as it does. */
export function recordIterable<T>(source: AsyncIterable<T>, tap: StreamTap): AsyncIterableIterator<T> {
  let iterator: AsyncIterator<T>;
  try {
    iterator = source[Symbol.asyncIterator]();
  } catch (error) {
    tap.fail(error);
    throw error;
  }
  let waiting: Promise<void> | undefined;

  function observe(result: IteratorResult<T>): IteratorResult<T> {
    if (result.done === true) tap.end();
    else waiting = tap.part(result.value);
    return result;
  }

  function fail(error: unknown): never {
    tap.fail(error);
    throw error;
  }

  return {
    async next() {
      if (waiting !== undefined) await waiting;
      return iterator.next().then(observe, fail);
    },
    async return(value?: unknown) {
      tap.cancel();
      return iterator.return === undefined
        ? { done: true, value: value as T }
        : iterator.return(value).catch(fail);
    },
    async throw(error?: unknown) {
      tap.fail(error);
      if (iterator.throw === undefined) throw error;
      return iterator.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
