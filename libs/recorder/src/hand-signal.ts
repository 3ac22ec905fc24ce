import type { Run } from './recorder.js';

/** What the SDKs of Anthropic and OpenAI let change of a request before it is made, for each try of it. */
export interface SdkRequest {
  readonly method: string;
  readonly path: string;
  signal?: AbortSignal | null | undefined;
}

/** Their hook for that. It is there for subclasses. */
interface HookedClient {
  prepareOptions?(request: SdkRequest): Promise<void>;
}

/**
 * Lets the run's signal abort the requests of an SDK's client as a signal of the caller does, beside the caller's own: the
 * SDK says that it was aborted, and does not ask again, as it would after an exchange that somebody broke off. A client
 * without the hook stays as it is.
 *
 * @param isRecorded whose path and method are those of a request that is recorded
 */
export function handSignal(client: object, run: Run, isRecorded: (request: SdkRequest) => boolean): void {
  const hooked = client as HookedClient;
  const { prepareOptions } = hooked;
  if (typeof prepareOptions !== 'function') return;
  hooked.prepareOptions = async (request) => {
    await prepareOptions.call(client, request);
    if (isRecorded(request)) request.signal = joined(request.signal, run.signal);
  };
}

/** A signal that is none of the platform's cannot be joined with another: then it is the caller's alone that counts. */
export function joined(own: AbortSignal | null | undefined, ofRun: AbortSignal): AbortSignal {
  if (own == null) return ofRun;
  return own instanceof AbortSignal ? AbortSignal.any([own, ofRun]) : own;
}
