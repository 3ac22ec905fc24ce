/** What an SDK lets change of a request before it is made, for each try of it. */
interface Request {
  path?: unknown;
  signal?: AbortSignal | null | undefined;
}

/** The hook of the SDK for that. It is there for subclasses. */
interface HookedClient {
  prepareOptions?(request: Request): Promise<void>;
}

/**
 * Lets the signal abort the client's requests as a signal of the caller does, beside the caller's own: the SDK says that it was
 * aborted, and does not ask again. A client without the hook stays as it is.
 */
export function handSignal(
  client: object,
  signalOf: () => AbortSignal,
  isMeant: (path: string) => boolean,
): void {
  const hooked = client as HookedClient;
  const { prepareOptions } = hooked;
  if (typeof prepareOptions !== 'function') return;
  hooked.prepareOptions = async (request) => {
    await prepareOptions.call(client, request);
    const { path, signal: own } = request;
    if (typeof path !== 'string' || !isMeant(path)) return;
    if (own == null) request.signal = signalOf();
    // One that is none of the platform's cannot be joined with another: then the caller's alone counts.
    else if (own instanceof AbortSignal) request.signal = AbortSignal.any([own, signalOf()]);
  };
}
