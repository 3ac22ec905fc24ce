import { joined } from './hand-signal.js';
import type { Run, ToolResult } from './recorder.js';
import type { Format } from '@stepfold/formats';

/** How an exchange with a provider is recorded. */
export interface FetchRecording {
  readonly format: Format;
  /** Results of tools in the request, of its JSON. */
  readonly resultsOf?: (request: unknown) => readonly ToolResult[];
  /** The parts of an answer that is no stream, of its JSON. Without it such an answer is not recorded. */
  readonly partsOf?: (answer: unknown) => Iterable<unknown>;
}

/**
 * The same `fetch`, which records the answers of a provider: whatever an SDK makes of them, it gets the bytes as they came. The
 * run's signal breaks the exchange off, beside the caller's. An answer that is an error of the provider is not recorded: it is
 * no step, and an SDK may ask again.
 *
 * @param recordingOf which requests (`POST` alone are asked for) are recorded, and how
 */
export function recordFetch(
  fetch: typeof globalThis.fetch,
  run: Run,
  recordingOf: (url: URL) => FetchRecording | undefined,
): typeof globalThis.fetch {
  return async (input, init) => {
    const recording = quietly(() => (isPost(input, init) ? recordingOf(urlOf(input)) : undefined));
    if (recording === undefined) return fetch(input, init);
    const own = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const signal = joined(own, run.signal);
    const requestedAt = run.nowMicros();
    const answered = fetch(input, { ...init, signal });
    // The request is on its way: reading it delays nobody.
    const results = quietly(() => recording.resultsOf?.(jsonOf(init?.body))) ?? [];
    const response = await answered;
    if (!response.ok) return response;
    const isWhole = response.headers.get('content-type')?.startsWith('application/json') === true;
    if (isWhole && recording.partsOf === undefined) return response;
    return run.recordResponse(response, {
      format: recording.format,
      results,
      requestedAt,
      signal,
      ...(isWhole ? { partsOf: recording.partsOf } : {}),
    });
  };
}

type Input = Parameters<typeof globalThis.fetch>[0];
type Init = Parameters<typeof globalThis.fetch>[1];

function isPost(input: Input, init: Init): boolean {
  const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
  return method.toUpperCase() === 'POST';
}

function urlOf(input: Input): URL {
  return new URL(input instanceof Request ? input.url : String(input), 'http://localhost');
}

/** What cannot be understood is not recorded; the exchange is none the worse for it. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function jsonOf(body: unknown): unknown {
  try {
    return typeof body === 'string' ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}
