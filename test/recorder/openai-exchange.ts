type Fields = Readonly<Record<string, unknown>>;

/** What the server answers to one request: parts of a stream, or one JSON value. */
export type Answer = readonly Fields[] | Fields;

export interface Exchange {
  readonly fetch: typeof globalThis.fetch;
  /** The requests as they came. */
  readonly requests: { readonly url: string; readonly body: Fields; readonly init: RequestInit }[];
}

/** A server that gives these answers, request after request. A stream that has nothing more to give ends. */
export function answeringInTurn(...answers: readonly Answer[]): Exchange {
  const requests: Exchange['requests'] = [];
  return {
    requests,
    fetch: async (input, init = {}) => {
      const answer = answers[requests.length];
      const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Fields) : {};
      requests.push({ url: urlOf(input), body, init });
      if (!Array.isArray(answer)) return Response.json(answer);
      return new Response(wireOf(answer as readonly Fields[]), {
        headers: { 'content-type': 'text/event-stream' },
      });
    },
  };
}

/** Gives these parts, and nothing more until the request is aborted, when it fails as the platform's `fetch` does. */
export function answeringUntilAborted(parts: readonly Fields[]): Exchange {
  const requests: Exchange['requests'] = [];
  return {
    requests,
    fetch: async (input, init = {}) => {
      requests.push({ url: urlOf(input), body: {}, init });
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(wireOf([part])));
          init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  };
}

function wireOf(parts: readonly Fields[]): string {
  return parts.map((part) => `event: ${String(part['type'])}\ndata: ${JSON.stringify(part)}\n\n`).join('');
}

function urlOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : String(input);
}
