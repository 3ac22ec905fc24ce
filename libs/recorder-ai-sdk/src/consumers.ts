/**
 * Who reads the result of a `streamText`. Its streams are branches of one: while one of them is read, or the SDK itself
 * reads to the end, the answer is wanted; when the last reader has left, it is not.
 */
export interface Consumers {
  /** Somebody reads. The answer is called when they stop before the end. */
  enter(): () => void;
  /** Somebody reads to the end, whatever happens. */
  stay(): void;
}

export function createConsumers(onGone: () => void): Consumers {
  let reading = 0;
  let stays = false;
  return {
    enter() {
      reading++;
      let hasLeft = false;
      return () => {
        if (hasLeft) return;
        hasLeft = true;
        reading--;
        if (reading === 0 && !stays) onGone();
      };
    },
    stay() {
      stays = true;
    },
  };
}

/** The same stream, whose reader is a consumer from the first read. */
export function consumedStream<T>(source: ReadableStream<T>, consumers: Consumers): ReadableStream<T> {
  let reader: ReadableStreamDefaultReader<T> | undefined;
  let leave: (() => void) | undefined;
  return new ReadableStream<T>(
    {
      async pull(controller) {
        reader ??= source.getReader();
        leave ??= consumers.enter();
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error);
        }
      },
      cancel(reason) {
        leave ??= consumers.enter();
        leave();
        return reader === undefined ? source.cancel(reason) : reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
