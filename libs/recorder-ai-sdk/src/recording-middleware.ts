import { languageModel } from '@stepfold/formats';
import { recordStream, type Recorder, type Run, type StreamTap } from '@stepfold/recorder';
import { generatedParts } from './generated-parts.js';
import { mergedSignal } from './record-stream-text.js';
import { requestResults } from './request-results.js';

type CallOptions = Readonly<Record<string, unknown>>;

/** What a middleware is given, of what is needed here. */
interface WrapOptions {
  readonly params: CallOptions;
  readonly model: {
    doStream(options: never): PromiseLike<{ stream: ReadableStream }>;
    doGenerate(options: never): PromiseLike<object>;
  };
}

/** A middleware for `wrapLanguageModel` of any version: each takes what it knows of it. */
export interface RecordingMiddleware {
  // oxlint-disable-next-line typescript/no-explicit-any -- the versions of the SDK have types of their own, which differ
  readonly specificationVersion: any;
  readonly middlewareVersion: 'v2';
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  wrapStream(options: any): Promise<any>;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  wrapGenerate(options: any): Promise<any>;
}

/** The run that a model call belongs to, if it is to be recorded. */
export type RunOfCall = (options: CallOptions) => Run | undefined;

/**
 * Records every call of a language model as a step: `wrapLanguageModel({ model, middleware: recordingMiddleware(run) })`. Whose
 * model is shared by all chats gives a function instead of a run, like `runOfCall(recorder)`.
 *
 * A model does not see its tools run. Their results are recorded with the next call, whose prompt has them; `recordStreamText`
 * knows when they came.
 */
export function recordingMiddleware(target: Run | RunOfCall): RecordingMiddleware {
  const runOf: RunOfCall = typeof target === 'function' ? target : () => target;
  return {
    specificationVersion: 'v4',
    middlewareVersion: 'v2',
    async wrapStream({ params, model }: WrapOptions) {
      const call = recordedCall(params, runOf);
      if (call === undefined) return model.doStream(params as never);
      const result = await model.doStream(call.params as never);
      return { ...result, stream: recordStream(result.stream, call.openTap()) };
    },
    async wrapGenerate({ params, model }: WrapOptions) {
      const call = recordedCall(params, runOf);
      if (call === undefined) return model.doGenerate(params as never);
      const result = await model.doGenerate(call.params as never);
      const tap = call.openTap();
      for (const part of generatedParts(result as CallOptions)) void tap.part(part);
      tap.end();
      return result;
    },
  };
}

/**
 * For a model that is shared by all chats: the caller names the chat in `providerOptions`, as
 * `{ stepfold: { chatId, runId } }`. Calls of one `runId` are one run; without a name they are not recorded.
 */
export function runOfCall(recorder: Recorder): RunOfCall {
  const runs = new Map<string, Run>();
  return (options) => {
    const { chatId, runId } = ownOptions(options);
    if (typeof chatId !== 'string') return undefined;
    if (typeof runId !== 'string') return recorder.openRun({ chatId });
    const key = `${chatId}:${runId}`;
    const run = runs.get(key) ?? recorder.openRun({ chatId, runId });
    // Those that were used last are kept.
    runs.delete(key);
    runs.set(key, run);
    if (runs.size > RUNS_MAX) {
      const [oldest] = runs.keys();
      runs.delete(oldest!);
    }
    return run;
  };
}

/** Runs of which is known how many steps they have. */
const RUNS_MAX = 10_000;

function ownOptions({ providerOptions }: CallOptions): { chatId?: unknown; runId?: unknown } {
  const options = (providerOptions ?? {}) as Record<string, object | undefined>;
  return options['stepfold'] ?? {};
}

function recordedCall(params: CallOptions, runOf: RunOfCall) {
  const run = runOf(params);
  if (run === undefined) return undefined;
  const signal = mergedSignal(params['abortSignal'], run.signal);
  return {
    params: withoutOwnOptions({ ...params, abortSignal: signal }),
    openTap(): StreamTap {
      const tap = run.openTap({ format: languageModel, results: requestResults(params['prompt']) });
      return {
        ...tap,
        fail: (error) =>
          tap.fail(signal.aborted ? new DOMException('the call was aborted', 'AbortError') : error),
      };
    },
  };
}

/** They are no business of the model. */
function withoutOwnOptions(params: CallOptions): CallOptions {
  if (params['providerOptions'] === undefined) return params;
  const { stepfold: _own, ...providerOptions } = params['providerOptions'] as CallOptions;
  return { ...params, providerOptions };
}
