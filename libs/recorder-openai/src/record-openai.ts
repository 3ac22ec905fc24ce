import { openaiChat, openaiResponses } from '@stepfold/formats';
import { handSignal, recordFetch, type FetchRecording, type Run } from '@stepfold/recorder';
import { chatResults, responsesResults } from './request-results.js';

type Fetch = typeof globalThis.fetch;

/** What is needed of a client: it is one of the OpenAI SDK (4, 5, 6), or of a class that extends it. */
interface Client {
  readonly chat: { readonly completions: object };
}

/** What the clients of the SDK have, declared or not. */
interface ClientMembers {
  readonly fetch?: Fetch;
  withOptions?(options: object): object;
  /** The options that it was made with, but for those of Azure. */
  readonly _options: object;
  readonly apiVersion?: string;
  readonly deploymentName?: string;
  readonly _azureADTokenProvider?: () => Promise<string>;
}

/**
 * The same client (`OpenAI`, `AzureOpenAI`, or one for a service that speaks the same), whose answers are recorded: each is
 * a step of the run. It records what comes over HTTP, so every way to ask is recorded: `responses.create` and
 * `chat.completions.create` with and without `stream`, their `stream()`, `parse()` and `runTools()`.
 *
 * The run's signal stops these requests as one that is given to the call does, beside it.
 */
export function recordOpenAI<C extends Client>(client: C, run: Run): C {
  const { fetch = globalThis.fetch } = client as Partial<ClientMembers>;
  const recorded = copyOf(client, recordFetch(fetch, run, recordingOf));
  handSignal(recorded, run, ({ method, path }) => method === 'post' && recordingAt(path) !== undefined);
  return recorded;
}

function copyOf<C extends Client>(client: C, fetch: Fetch): C {
  const members = client as unknown as ClientMembers;
  const options = { ...azureOptions(members), fetch };
  if (members.withOptions !== undefined) return members.withOptions(options) as C;
  // Version 4 has no such method.
  const OfClass = client.constructor as new (options: object) => C;
  return new OfClass({ ...members._options, ...options });
}

/** `AzureOpenAI` forgets these when it is copied, and does without a key if there is a provider of tokens. */
function azureOptions(client: ClientMembers): object {
  const { apiVersion, deploymentName: deployment, _azureADTokenProvider: azureADTokenProvider } = client;
  if (apiVersion === undefined) return {};
  const options = { apiVersion, deployment };
  return azureADTokenProvider === undefined ? options : { ...options, azureADTokenProvider, apiKey: null };
}

const responses: FetchRecording = {
  format: openaiResponses,
  resultsOf: responsesResults,
  partsOf: responseParts,
};
const chat: FetchRecording = { format: openaiChat, resultsOf: chatResults, partsOf: completionParts };

function recordingOf({ pathname }: URL): FetchRecording | undefined {
  return recordingAt(pathname);
}

function recordingAt(path: string): FetchRecording | undefined {
  if (path.endsWith('/responses')) return responses;
  return path.endsWith('/chat/completions') ? chat : undefined;
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
