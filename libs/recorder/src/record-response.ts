import type { StreamTap } from './recorder.js';
import { createPartDecoder } from './part-decoder.js';

/**
 * The same response, whose body tells the tap of its parts. The bytes are handed on as they came; who reads them in
 * buffers of its own (`byob`) still may.
 */
export function recordResponse(response: Response, tap: StreamTap): Response {
  const { body } = response;
  if (body === null) {
    tap.end();
    return response;
  }
  const recorded = new Response(recordBody(body, tap), response);
  // What the constructor does not take over.
  for (const name of ['url', 'redirected', 'type'] as const) {
    Object.defineProperty(recorded, name, { value: response[name] });
  }
  return recorded;
}

function recordBody(body: ReadableStream<Uint8Array>, tap: StreamTap): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = createPartDecoder();
  let waiting: Promise<void> | undefined;

  function tell(parts: Iterable<unknown>): void {
    for (const part of parts) waiting = tap.part(part) ?? waiting;
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
