import { anthropic } from '@stepfold/formats';
import { handSignal, recordFetch, type FetchRecording, type Run } from '@stepfold/recorder';
import { requestResults } from './request-results.js';

/** What is needed of a client: that a copy of it can be made with another `fetch`. */
interface Client {
  withOptions(options: { fetch: typeof globalThis.fetch }): unknown;
}

/**
 * The same client (`Anthropic`, `AnthropicVertex`, …; not Bedrock, whose streams are binary), whose messages are recorded: each
 * answer is a step of the run. It records what comes over HTTP, so every way to ask is recorded: `messages.create` with
 * and without `stream`, `messages.stream`, `beta.messages`, `toolRunner`.
 *
 * The run's signal aborts a request as a signal of the caller's does: the SDK says that it was aborted.
 */
export function recordAnthropic<C extends Client>(client: C, run: Run): C {
  const { fetch = globalThis.fetch } = client as { fetch?: typeof globalThis.fetch };
  const recorded = client.withOptions({ fetch: recordFetch(fetch, run, recordingOf) }) as C;
  handSignal(recorded, run, ({ method, path }) => method === 'post' && /\/messages(?:\?|$)/.test(path));
  return recorded;
}

const recording: FetchRecording = { format: anthropic, resultsOf: requestResults, partsOf: messageParts };

function recordingOf({ pathname }: URL): FetchRecording | undefined {
  return /\/messages$|:(?:streamRawPredict|rawPredict)$/.test(pathname) ? recording : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** A message that came as a whole, as the events of a stream in which everything came at once. */
function* messageParts(answer: unknown): Generator<Fields> {
  const message = answer as Fields;
  const { stop_reason, stop_sequence, usage } = message;
  if (message['type'] !== 'message') return;
  yield { type: 'message_start', message };
  yield { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage };
  yield { type: 'message_stop' };
}
