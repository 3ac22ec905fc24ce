import { consumedStream, type Consumers } from './consumers.js';

type Method = (...given: unknown[]) => unknown;

/** What a `ServerResponse` of Node has of interest here. */
interface NodeResponse {
  readonly writableFinished?: boolean;
  once?(event: 'close', listener: () => void): unknown;
}

/**
 * The result of `streamText` as the application knows it, whose streams, responses and promises tell who reads. A
 * promise of the result (`text`, `usage`, …) reads the whole answer.
 */
export function observedResult<T extends object>(result: T, consumers: Consumers): T {
  const methods = new Map<PropertyKey, Method>();

  function observed(value: unknown): unknown {
    if (value instanceof ReadableStream) return consumedStream(value, consumers);
    if (value instanceof Response) return consumedResponse(value, consumers);
    // Whether it reads or only waits differs by version: an answer that somebody waits for is wanted.
    if (value instanceof Promise) consumers.stay();
    return value;
  }

  function methodOf(name: PropertyKey, method: Method): Method {
    return (...given) => {
      const leave = String(name).startsWith('pipe') ? followResponse(given[0], consumers) : undefined;
      const answer = method.apply(result, given);
      // It answers when everything is written, and reads by itself.
      return leave === undefined ? observed(answer) : answer;
    };
  }

  return new Proxy(result, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return observed(value);
      let method = methods.get(name);
      if (method === undefined) methods.set(name, (method = methodOf(name, value as Method)));
      return method;
    },
  });
}

function consumedResponse(response: Response, consumers: Consumers): Response {
  return response.body === null ? response : new Response(consumedStream(response.body, consumers), response);
}

/** A response of Node that is closed before it is finished has lost its client. */
function followResponse(given: unknown, consumers: Consumers): (() => void) | undefined {
  const response = given as NodeResponse | null | undefined;
  if (typeof response?.once !== 'function') return undefined;
  const leave = consumers.enter();
  response.once('close', () => {
    if (response.writableFinished !== true) leave();
  });
  return leave;
}
