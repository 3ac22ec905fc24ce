import { isStamp, mayEndStep, type Event, type EventOf } from '@stepfold/events';
import { jsonOf, type Converter, type Format } from '@stepfold/formats';
import type { OpenStep, Publication, Publisher } from '@stepfold/publisher';
import { UsageError, type Logger } from '@stepfold/runtime';
import { causeOf, withCause, type Cause } from './cut-off.js';
import { recordIterable } from './record-iterable.js';
import { recordResponse } from './record-response.js';
import { recordStream } from './record-stream.js';
import type { Run, RunOptions, StreamTap, TapOptions, ToolResult } from './recorder.js';
import { createToolCalls } from './tool-calls.js';

export interface RunServices {
  readonly publisher: Publisher;
  readonly nowMicros: () => number;
  readonly logger: Logger;
  /** What was thrown, whatever it is. */
  readonly report: (error: unknown) => void;
  /** Another run, for a stream that begins while one of this run is open. */
  readonly openRun: (options: RunOptions) => Run;
}

/** The step that is open. */
interface PresentStep {
  readonly stepId: string;
  readonly attempt: number;
  /** Undefined if the publisher did not take its start: then nothing of it is published. */
  readonly handle: OpenStep | undefined;
  /** Listens to the step's signal no longer: what ends it from here on is its own stream. */
  unfollow: (() => void) | undefined;
  /** Its end, which waits for results of tools; it has its own time unless one comes. */
  heldEnd: EventOf<'step-end'> | undefined;
}

/**
 * The events of one run, in order, whatever they come from.
 *
 * 1. Streams of a run follow each other; one that begins while another is open is a run of its own, `runId~1`.
 * 2. Results of tools belong to the step that is open. If none is, they wait for the next one.
 * 3. Nothing here throws at the application.
 */
export function createRun(options: RunOptions & { readonly runId: string }, services: RunServices): Run {
  const { chatId, runId, runsTools = false } = options;
  const { publisher, nowMicros, logger, report } = services;
  const controller = new AbortController();
  const calls = createToolCalls();
  let converter: { readonly format: Format; readonly converter: Converter } | undefined;
  let nextStepIndex = 0;
  let present: PresentStep | undefined;
  let activeTap: StreamTap | undefined;
  let parallelRunCount = 0;
  /** Those whose stream is open. */
  const parallelRuns = new Set<Run>();
  let isClosed = false;
  let isSignalWanted = false;

  function emit(event: Event): Promise<void> | undefined {
    if (event.type === 'step-start') return openStep(event);
    if (present === undefined) return undefined;
    const startedAt = calls.note(event);
    if (event.type === 'step-end' && runsTools && !isClosed && calls.unansweredCount > 0) {
      present.heldEnd = event;
      return undefined;
    }
    if (startedAt !== undefined) return publishStarted(event, startedAt);
    if (!mayEndStep(event)) return publish(event);
    present.unfollow?.();
    const waiting = publish(event);
    closePresent();
    return waiting;
  }

  /** The tool of a call or result began before the stream told of it. */
  function publishStarted(event: Event, startedAt: number): Promise<void> | undefined {
    if (event.type === 'tool-result') return publish({ execution_started_at: startedAt, ...event });
    const waiting = publish(event);
    const { tool_call_id } = event as EventOf<'tool-call'>;
    return publish(ownEvent(startedAt, 'tool-execution-start', { tool_call_id })) ?? waiting;
  }

  function openStep(event: EventOf<'step-start'>): Promise<void> | undefined {
    releaseEnd();
    present?.unfollow?.();
    nextStepIndex = Math.max(nextStepIndex, (event.step_index ?? 0) + 1);
    calls.leaveStep();
    const { step_id: stepId, attempt = 0 } = event;
    let handle: OpenStep | undefined;
    try {
      handle = publisher.openStepWith(event);
    } catch (error) {
      report(error);
    }
    present = { stepId, attempt, handle, unfollow: undefined, heldEnd: undefined };
    if (isSignalWanted) follow(present);
    const waiting = handle === undefined ? undefined : watched(handle.opened);
    for (const result of calls.takeWaiting()) void publish(resultEvent(result.at, result));
    return waiting;
  }

  /** Everything but a start leaves the process here. */
  function publish(event: Event): Promise<void> | undefined {
    if (present?.handle === undefined) return undefined;
    // Somebody else has ended it; what comes late is the fold's to judge, but for an end that would be none.
    if (mayEndStep(event) && present.handle.isEnded) return undefined;
    return watched(publisher.publish(event));
  }

  /** Every error is told; the answer waits for room in the queue and never rejects. */
  function watched(publication: Publication): Promise<void> | undefined {
    const settled = publication.then(undefined, report);
    return publication.isTaken ? undefined : settled;
  }

  function ownEvent(at: number, type: Event['type'], fields: object): Event {
    const { stepId, attempt } = present!;
    const envelope = {
      v: 1,
      chat_id: chatId,
      step_id: stepId,
      ...(attempt > 0 ? { attempt } : {}),
      at,
      type,
    };
    return { ...envelope, ...fields } as unknown as Event;
  }

  function resultEvent(
    at: number,
    result: ToolResult & { readonly executionStartedAt?: number | undefined },
  ): Event {
    const { toolCallId, toolName, isError, executionStartedAt } = result;
    return ownEvent(at, 'tool-result', {
      tool_call_id: toolCallId,
      ...(toolName === undefined ? {} : { tool_name: toolName }),
      result: jsonOf(result.result) ?? null,
      ...(isError === true ? { is_error: true } : {}),
      ...(executionStartedAt === undefined ? {} : { execution_started_at: executionStartedAt }),
    });
  }

  function noteResult(result: ToolResult, at: number): void {
    const noted = calls.answer(result);
    if (present === undefined) {
      const isHopeless = isClosed && activeTap === undefined;
      if (isHopeless || !calls.wait({ ...noted, at })) report(unrecordedResults());
      return;
    }
    void publish(resultEvent(at, noted));
    if (present.heldEnd === undefined) return;
    present.heldEnd = { ...present.heldEnd, at };
    if (calls.unansweredCount === 0) releaseEnd();
  }

  function releaseEnd(): void {
    const end = present?.heldEnd;
    if (end === undefined) return;
    present?.unfollow?.();
    void publish(end);
    closePresent();
  }

  function closePresent(): void {
    present = undefined;
    calls.leaveStep();
  }

  function follow(step: PresentStep): void {
    const signal = step.handle?.signal;
    if (signal === undefined) return;
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    step.unfollow = () => signal.removeEventListener('abort', abort);
  }

  function converterOf(format: Format): Converter {
    if (converter?.format !== format) {
      const made = format.createConverter({ chatId, runId, firstStepIndex: nextStepIndex });
      converter = { format, converter: made };
    }
    return converter.converter;
  }

  function openTap(tapOptions: TapOptions): StreamTap {
    if (activeTap !== undefined || isClosed) return openParallelTap(tapOptions);
    guarded(() => {
      const requestedAt = stampOf(tapOptions.requestedAt);
      for (const result of newResults(tapOptions)) noteResult(result, requestedAt);
    });
    const streamConverter = guarded(() => converterOf(tapOptions.format));
    const unknownBefore = guarded(() => countOf(streamConverter?.unknownParts)) ?? 0;

    function tell(events: readonly Event[] = []): Promise<void> | undefined {
      let waiting: Promise<void> | undefined;
      for (const event of events) waiting = emit(event) ?? waiting;
      return waiting;
    }

    function finish(cause: Cause): void {
      if (activeTap !== tap) return;
      guarded(() => void tell(withCause(streamConverter?.end(nowMicros()) ?? [], cause)));
      guarded(() => endStep(cause));
      activeTap = undefined;
      guarded(logUnknown);
      if (isClosed) endRun();
    }

    /** A converter that has thrown may not have ended its step, and is not used again. */
    function endStep(cause: Cause): void {
      if (present === undefined || present.heldEnd !== undefined) return;
      converter = undefined;
      void tell(withCause([ownEvent(nowMicros(), 'interrupt', { reason: 'eof' })], cause));
    }

    function logUnknown(): void {
      const counts = streamConverter?.unknownParts;
      const unknown = countOf(counts) - unknownBefore;
      if (unknown <= 0) return;
      const names = [...counts!.keys()].slice(0, 20);
      logger.warn({ chatId, runId, unknown, names }, 'parts of a stream were not understood');
    }

    const tap: StreamTap = {
      get signal() {
        return signal();
      },
      part(part, at) {
        if (activeTap !== tap) return undefined;
        return guarded(() => tell(streamConverter?.convert(part, stampOf(at))));
      },
      end: () => finish({ kind: 'interrupt', reason: 'eof' }),
      fail: (error) => finish(causeOf(error)),
      cancel: () => finish({ kind: 'interrupt', reason: 'disconnect' }),
    };
    activeTap = tap;
    return tap;
  }

  /** A stream that begins while another is open, or after the run was closed, is a run of its own. */
  function openParallelTap(tapOptions: TapOptions): StreamTap {
    parallelRunCount++;
    const other = services.openRun({ ...options, runId: `${runId}~${parallelRunCount}`, runsTools: false });
    const results = guarded(() => newResults(tapOptions)) ?? [];
    for (const result of results) calls.answer(result);
    const tap = other.openTap({ ...tapOptions, results });
    other.close();
    parallelRuns.add(other);
    if (isSignalWanted) followRun(other);
    const ending =
      <A extends unknown[]>(end: (...given: A) => void) =>
      (...given: A): void => {
        end(...given);
        parallelRuns.delete(other);
      };
    return {
      get signal() {
        return tap.signal;
      },
      part: tap.part,
      end: ending(tap.end),
      fail: ending(tap.fail),
      cancel: ending(tap.cancel),
    };
  }

  function followRun(other: Run): void {
    other.signal.addEventListener('abort', () => controller.abort(other.signal.reason), { once: true });
  }

  /** Those that the run has not heard of. */
  function newResults({ results = [] }: TapOptions): ToolResult[] {
    return [...results].filter(({ toolCallId }) => !calls.isAnswered(toolCallId));
  }

  /** The time that was given for something, or now. */
  function stampOf(at: number | undefined): number {
    if (at === undefined) return nowMicros();
    if (isStamp(at)) return at;
    report(new UsageError('event-invalid', 'at is no time in microseconds: now was recorded instead'));
    return nowMicros();
  }

  function guarded<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  function endRun(): void {
    guarded(releaseEnd);
    if (calls.takeWaiting().length > 0) report(unrecordedResults());
  }

  function signal(): AbortSignal {
    if (!isSignalWanted) {
      isSignalWanted = true;
      if (present !== undefined) follow(present);
      for (const other of parallelRuns) followRun(other);
    }
    return controller.signal;
  }

  function unrecordedResults(): UsageError {
    return new UsageError('result-unrecorded', `no step of run ${runId} could take a tool's result`);
  }

  function noOpenStep(): UsageError {
    return new UsageError('result-unrecorded', `run ${runId} has no open step that could take an approval`);
  }

  const run: Run = {
    chatId,
    runId,
    get signal() {
      return signal();
    },
    nowMicros,
    openTap,
    recordIterable: (source, tapOptions) => recordIterable(source, openTap(tapOptions)),
    recordStream: (source, tapOptions) => recordStream(source, openTap(tapOptions)),
    recordResponse: (response, given) =>
      recordResponse(response, openTap(given), { ...given, onError: report }),
    async runTool(toolCallId, execute) {
      run.toolExecutionStart(toolCallId);
      try {
        const result = await execute();
        run.toolResult({ toolCallId, result });
        return result;
      } catch (error) {
        run.toolResult({ toolCallId, result: { error }, isError: true });
        throw error;
      }
    },
    toolExecutionStart(toolCallId, given) {
      guarded(() => {
        const at = stampOf(given);
        const isOfPresent = calls.start(toolCallId, at);
        if (isOfPresent) void publish(ownEvent(at, 'tool-execution-start', { tool_call_id: toolCallId }));
      });
    },
    toolResult(result) {
      guarded(() => noteResult(result, nowMicros()));
    },
    toolApproval(approval) {
      guarded(() => {
        const { toolCallId, approvalId, state, reason } = approval;
        if (present === undefined) throw noOpenStep();
        const fields = {
          tool_call_id: toolCallId,
          approval_id: approvalId,
          state,
          ...(reason === undefined ? {} : { reason }),
        };
        void publish(ownEvent(nowMicros(), 'tool-approval', fields));
      });
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      if (activeTap === undefined) endRun();
    },
    async [Symbol.asyncDispose]() {
      run.close();
    },
  };
  return run;
}

function countOf(parts: ReadonlyMap<string, number> | undefined): number {
  let count = 0;
  for (const times of parts?.values() ?? []) count += times;
  return count;
}
