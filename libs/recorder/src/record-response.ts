import { UsageError } from '@stepfold/runtime';
import type { ResponseOptions, StreamTap } from './recorder.js';
import { createPartDecoder, createWholeDecoder } from './part-decoder.js';

interface DecodingOptions extends Pick<ResponseOptions, 'signal' | 'partsOf'> {
  /** Hears why a response, or a part of it, is not recorded; the response is none the worse for it. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The same response, whose body tells the tap of its parts. The bytes are handed on as they came; who reads them in
 * buffers of its own (`byob`) still may. An answer that is an error (`!response.ok`) is no step, and left alone.
 */
export function recordResponse(
  response: Response,
  given: StreamTap,
  options: DecodingOptions = {},
): Response {
  const tap = options.signal === undefined ? given : stoppedBy(options.signal, given);
  try {
    const { body } = response;
    // Nothing comes, or somebody else reads it, or has.
    const isLeftAlone = !response.ok || body === null || body.locked || response.bodyUsed;
    if (!isLeftAlone) return withBody(response, body, tap, options);
  } catch (error) {
    options.onError?.(error);
  }
  tap.end();
  return response;
}

function withBody(
  response: Response,
  body: ReadableStream<Uint8Array>,
  tap: StreamTap,
  options: DecodingOptions,
): Response {
  if (typeof body.getReader !== 'function') {
    throw new UsageError('stream-unrecorded', 'the body of the response is no web stream');
  }
  const isOfBytes = hasByobReader(body);
  const reader = body.getReader();
  try {
    const recorded = new Response(recordBody(reader, isOfBytes, tap, options), response);
    // What the constructor does not take over.
    for (const name of ['url', 'redirected', 'type'] as const) {
      Object.defineProperty(recorded, name, { value: response[name] });
    }
    return recorded;
  } catch (error) {
    // No response of the platform's: the application reads it itself.
    reader.releaseLock();
    throw error;
  }
}

/** Once the signal is aborted, the stream was stopped, whatever it fails with, and also if nobody reads on. */
function stoppedBy(signal: AbortSignal, tap: StreamTap): StreamTap {
  const stop = (): void => tap.fail(new DOMException('the request was aborted', 'AbortError'));
  // One that is none of the platform's may have no listeners.
  const isHeard = signal instanceof EventTarget;
  if (isHeard) signal.addEventListener('abort', stop, { once: true });

  function ended(end: () => void): void {
    if (isHeard) signal.removeEventListener('abort', stop);
    if (signal.aborted) stop();
    else end();
  }

  return {
    get signal() {
      return tap.signal;
    },
    part: (part, at) => tap.part(part, at),
    end: () => ended(() => tap.end()),
    fail: (error) => ended(() => tap.fail(error)),
    cancel: () => ended(() => tap.cancel()),
  };
}

function hasByobReader(body: ReadableStream<Uint8Array>): boolean {
  try {
    body.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/**
 * A stream of bytes takes the memory of its chunks away from everybody else. What comes from such a stream was taken already;
 * the chunks of any other may be views of memory that others use, like the pool of Node's buffers, and are handed on as
 * they are.
 */
function recordBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  isOfBytes: boolean,
  tap: StreamTap,
  { partsOf, onError }: DecodingOptions,
): ReadableStream<Uint8Array> {
  const decoder = partsOf === undefined ? createPartDecoder() : createWholeDecoder(partsOf);
  let waiting: Promise<void> | undefined;

  function tell(decode: () => Iterable<unknown>): void {
    try {
      for (const part of decode()) waiting = tap.part(part) ?? waiting;
    } catch (error) {
      // A chunk that is no bytes, or a `partsOf` of the caller that throws.
      onError?.(error);
    }
  }

  async function pull(
    controller: ReadableByteStreamController | ReadableStreamDefaultController,
  ): Promise<void> {
    if (waiting !== undefined) await waiting;
    waiting = undefined;
    let read: Awaited<ReturnType<typeof reader.read>>;
    do {
      try {
        read = await reader.read();
      } catch (error) {
        tell(() => decoder.end());
        tap.fail(error);
        controller.error(error);
        return;
      }
      // A stream of bytes takes no empty chunk.
    } while (isOfBytes && !read.done && read.value.byteLength === 0);
    if (read.done) {
      tell(() => decoder.end());
      tap.end();
      controller.close();
      if ('byobRequest' in controller) controller.byobRequest?.respond(0);
      return;
    }
    // Before the chunk is handed on: its memory goes with it.
    const chunk = read.value as Uint8Array<ArrayBuffer>;
    tell(() => decoder.read(chunk));
    controller.enqueue(chunk);
  }

  async function cancel(reason: unknown): Promise<void> {
    tap.cancel();
    await reader.cancel(reason);
  }

  return isOfBytes
    ? new ReadableStream({ type: 'bytes', pull, cancel })
    : new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}
