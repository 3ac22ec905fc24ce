import { aiSdk } from '@stepfold/formats';
import { recordStream, type Run, type StreamTap } from '@stepfold/recorder';
import { createConsumers } from './consumers.js';
import { observedResult } from './observed-result.js';
import { requestResults } from './request-results.js';
import { toolTimes, type ToolTimes } from './tool-times.js';

type Fields = Readonly<Record<string, unknown>>;
type Transform = (given: unknown) => { readable: ReadableStream; writable: WritableStream };

/**
 * The same `streamText` (AI SDK 5, 6 or 7), whose answers are recorded: each model call is a step of the run.
 *
 * The options and the result are those of the SDK. What is recorded is what the model and the tools gave, before
 * transforms of the caller. The run's signal stops the model, beside the signal of the caller. What the application reads decides how
 * fast the model's stream is read, as it would without; when nobody reads any more, the step ends by `disconnect`.
 */
export function recordStreamText<F extends (options: never) => object>(streamText: F, run: Run): F {
  const recorded = (given: Fields): object => {
    const times = toolTimes(given, run);
    const signal = mergedSignal(given['abortSignal'], run.signal);
    const tap = tapOf(run, given, times, signal);
    let result: object;
    try {
      result = (streamText as unknown as (options: Fields) => object)({
        ...given,
        ...times.options,
        abortSignal: signal,
        experimental_transform: [transformOf(tap, given), ...transformsOf(given)],
      });
    } catch (error) {
      tap.fail(error);
      throw error;
    }
    return observedResult(
      result,
      createConsumers(() => tap.cancel()),
    );
  };
  return recorded as unknown as F;
}

/** The tap of the run, which knows two things better: when a tool returned, and what was aborted. */
function tapOf(run: Run, given: Fields, times: ToolTimes, signal: AbortSignal): StreamTap {
  const tap = run.openTap({ format: aiSdk, results: requestResults(given['messages']) });
  const aborted = (): void => tap.fail(new DOMException('the stream was aborted', 'AbortError'));
  return {
    signal: tap.signal,
    part: (part) => tap.part(part, times.returnedAt(part)),
    end: () => tap.end(),
    // Versions 5 and 6 throw whatever the caller gave as the reason.
    fail: (error) => (signal.aborted ? aborted() : tap.fail(error)),
    cancel: () => (signal.aborted ? aborted() : tap.cancel()),
  };
}

/**
 * Version 7 makes a transform for each attempt of a stream that it retries (`streamRetries`): then the end of one that did not
 * finish is left to the attempt that follows it.
 */
function transformOf(tap: StreamTap, { streamRetries }: Fields): Transform {
  let isFinished = false;
  const attempt: StreamTap = {
    ...tap,
    part(part) {
      const { type } = part as { type?: unknown };
      isFinished ||= type === 'finish' || type === 'abort';
      return tap.part(part);
    },
    end() {
      if (streamRetries === undefined || isFinished) tap.end();
    },
  };
  return () => {
    const { readable, writable } = new TransformStream();
    return { readable: recordStream(readable, attempt), writable };
  };
}

function transformsOf({ experimental_transform: own }: Fields): readonly unknown[] {
  if (own === undefined || own === null) return [];
  return Array.isArray(own) ? own : [own];
}

/** Keeps the reason of the one that is aborted first. One for each call, because the SDK leaves its listeners on it. */
export function mergedSignal(own: unknown, ofRun: AbortSignal): AbortSignal {
  return AbortSignal.any(own instanceof AbortSignal ? [own, ofRun] : [ofRun]);
}
