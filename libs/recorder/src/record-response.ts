import type { ResponseOptions, StreamTap } from './recorder.js';
import { createPartDecoder, createWholeDecoder } from './part-decoder.js';

type DecodingOptions = Pick<ResponseOptions, 'signal' | 'partsOf'>;

/**
 * The same response, whose body tells the tap of its parts. The bytes are handed on as they came; who reads them in
 * buffers of its own (`byob`) still may.
 */
export function recordResponse(
  response: Response,
  given: StreamTap,
  options: DecodingOptions = {},
): Response {
  const tap = options.signal === undefined ? given : stoppedBy(options.signal, given);
  const { body } = response;
  // Nothing comes, or somebody else reads it.
  if (body === null || body.locked) {
    tap.end();
    return response;
  }
  const recorded = new Response(recordBody(body, tap, options), response);
  // What the constructor does not take over.
  for (const name of ['url', 'redirected', 'type'] as const) {
    Object.defineProperty(recorded, name, { value: response[name] });
  }
  return recorded;
}

/** Once the signal is aborted, the stream was stopped, whatever it fails with. */
function stoppedBy(signal: AbortSignal, tap: StreamTap): StreamTap {
  const stopped = (): void => tap.fail(new DOMException('the request was aborted', 'AbortError'));
  return {
    ...tap,
    end: () => (signal.aborted ? stopped() : tap.end()),
    fail: (error) => (signal.aborted ? stopped() : tap.fail(error)),
    cancel: () => (signal.aborted ? stopped() : tap.cancel()),
  };
}

function recordBody(
  body: ReadableStream<Uint8Array>,
  tap: StreamTap,
  { partsOf }: DecodingOptions,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = partsOf === undefined ? createPartDecoder() : createWholeDecoder(partsOf);
  let waiting: Promise<void> | undefined;

  function tell(parts: Iterable<unknown>): void {
    try {
      for (const part of parts) waiting = tap.part(part) ?? waiting;
    } catch (error) {
      // Only a `partsOf` of the caller throws; the body is none the worse for it.
      tap.fail(error);
    }
  }

  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      if (waiting !== undefined) await waiting;
      waiting = undefined;
      let read: Awaited<ReturnType<typeof reader.read>>;
      do {
        try {
          read = await reader.read();
        } catch (error) {
          tell(decoder.end());
          tap.fail(error);
          controller.error(error);
          return;
        }
        // A stream of bytes takes no empty chunk.
      } while (!read.done && read.value.byteLength === 0);
      if (read.done) {
        tell(decoder.end());
        tap.end();
        controller.close();
        controller.byobRequest?.respond(0);
        return;
      }
      // Before the chunk is handed on: its memory goes with it.
      tell(decoder.read(read.value));
      controller.enqueue(read.value as Uint8Array<ArrayBuffer>);
    },
    cancel(reason) {
      tap.cancel();
      return reader.cancel(reason);
    },
  });
}
