import type { StreamTap } from './recorder.js';

/** Hands on what the source gives, when it is asked for; nothing is read ahead. */
export function recordStream<T>(source: ReadableStream<T>, tap: StreamTap): ReadableStream<T> {
  let reader: ReadableStreamDefaultReader<T>;
  try {
    reader = source.getReader();
  } catch (error) {
    tap.fail(error);
    throw error;
  }
  let waiting: Promise<void> | undefined;
  return new ReadableStream<T>(
    {
      async pull(controller) {
        if (waiting !== undefined) await waiting;
        let read: Awaited<ReturnType<typeof reader.read>>;
        try {
          read = await reader.read();
        } catch (error) {
          tap.fail(error);
          controller.error(error);
          return;
        }
        if (read.done) {
          tap.end();
          controller.close();
          return;
        }
        waiting = tap.part(read.value);
        controller.enqueue(read.value);
      },
      cancel(reason) {
        tap.cancel();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
