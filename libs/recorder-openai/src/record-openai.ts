import { openaiChat, openaiResponses } from '@stepfold/formats';
import { recordFetch, type FetchRecording, type Run } from '@stepfold/recorder';
import { chatResults, responsesResults } from './request-results.js';

/** What is needed of a client: that a copy of it can be made with another `fetch`. */
interface Client {
  withOptions(options: { fetch: typeof globalThis.fetch }): unknown;
}

/**
 * The same client (`OpenAI`, `AzureOpenAI`, or one for a service that speaks the same), whose answers are recorded: each is
 * a step of the run. It records what comes over HTTP, so every way to ask is recorded: `responses.create` and
 * `chat.completions.create` with and without `stream`, their `stream()`, `parse()` and `runTools()`.
 *
 * The run's signal breaks the exchange off. Give it to the call as well (`{ signal: run.signal }`), and the SDK says that it was aborted.
 */
export function recordOpenAI<C extends Client>(client: C, run: Run): C {
  const { fetch = globalThis.fetch } = client as { fetch?: typeof globalThis.fetch };
  return client.withOptions({ fetch: recordFetch(fetch, run, recordingOf) }) as C;
}

const responses: FetchRecording = {
  format: openaiResponses,
  resultsOf: responsesResults,
  partsOf: responseParts,
};
const chat: FetchRecording = { format: openaiChat, resultsOf: chatResults, partsOf: completionParts };

function recordingOf({ pathname }: URL): FetchRecording | undefined {
  if (pathname.endsWith('/responses')) return responses;
  return pathname.endsWith('/chat/completions') ? chat : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** A response that came as a whole, as the events of a stream in which everything came at once. */
function* responseParts(answer: unknown): Generator<Fields> {
  const response = answer as Fields;
  const { status } = response;
  // One that runs in the background has nothing yet.
  if (response['object'] !== 'response' || status === 'queued' || status === 'in_progress') return;
  yield { type: 'response.created', response };
  yield { type: `response.${String(status)}`, response };
}

/** The same of a completion: its messages are deltas that hold all of it. */
function* completionParts(answer: unknown): Generator<Fields> {
  const completion = answer as Fields;
  if (!Array.isArray(completion['choices'])) return;
  const choices = (completion['choices'] as Fields[]).map(({ message, ...choice }) => ({
    ...choice,
    delta: indexed(message as Fields),
  }));
  yield { ...completion, object: 'chat.completion.chunk', choices };
}

/** In a stream the calls of a message are numbered. */
function indexed(message: Fields): Fields {
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return message;
  return { ...message, tool_calls: (calls as Fields[]).map((call, index) => ({ index, ...call })) };
}
