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

  /** The source may throw at once, too, and answer what is no promise. */
  async function observed(ask: () => Promise<IteratorResult<T>>): Promise<IteratorResult<T>> {
    try {
      const result = await ask();
      if (result.done === true) tap.end();
      else waiting = tap.part(result.value);
      return result;
    } catch (error) {
      tap.fail(error);
      throw error;
    }
  }

  return {
    next() {
      const ask = (): Promise<IteratorResult<T>> => observed(() => iterator.next());
      return waiting === undefined ? ask() : waiting.then(ask);
    },
    async return(value?: unknown) {
      // Before the source is asked: it may take its time, if it is in the middle of something.
      tap.cancel();
      return iterator.return === undefined ? { done: true, value: value as T } : iterator.return(value);
    },
    throw(error?: unknown) {
      // The source may catch it and go on.
      return observed(() => (iterator.throw === undefined ? Promise.reject(error) : iterator.throw(error)));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
