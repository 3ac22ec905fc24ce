import type { EventLog, Position } from '@stepfold/event-log';
import type { Format } from '@stepfold/formats';
import type { Publisher, PublisherOptions } from '@stepfold/publisher';
import type { Runtime } from '@stepfold/runtime';

/**
 * Records the model streams of an application as they pass through it.
 *
 * What holds for everything that is recorded:
 *
 * 1. **Unchanged.** The application gets the same items in the same order, each as soon as the source gave it, and
 *    the same end or error.
 * 2. **Never in the way.** Nothing that goes wrong here reaches the application's stream. It is told to `onError`,
 *    once for each run and code.
 * 3. **True times.** An event has the time at which its part passed.
 * 4. **Every step ends.** By its own end, by the error that broke the stream, or by an `interrupt`: `user` if the
 *    stream was aborted, `disconnect` if whoever read it stopped reading, `eof` if it just ended.
 */
export interface Recorder extends AsyncDisposable {
  /** Publishes what is recorded; use it for what no stream tells, like the message of a user. */
  readonly publisher: Publisher;
  /** Begins a run: one or several model calls that answer one request, each a step of the chat. */
  openRun(options: RunOptions): Run;
  /** See `Publisher.flush`. */
  flush(): Promise<readonly Position[]>;
  /** See `Publisher.close`. */
  close(): Promise<void>;
  /** See `Publisher.shutdown`: for the signal handler of the application. */
  shutdown(): Promise<void>;
}

export interface RecorderOptions extends Omit<PublisherOptions, 'onError' | 'runtime'> {
  /** Stays open until the recorder is closed; the recorder does not close it. */
  readonly log: EventLog;
  /** Default: the system's clock and timers. */
  readonly runtime?: Runtime;
  /** Errors of the recorder. Default: they are logged. */
  readonly onError?: (error: Error, where: RecorderErrorPlace) => void;
}

export interface RecorderErrorPlace {
  readonly chatId?: string;
  readonly runId?: string;
}

export interface RunOptions {
  readonly chatId: string;
  /** Names the run within its chat; step n is `runId.n`. Default: `run-` and random characters. At most 180 characters. */
  readonly runId?: string;
  /**
   * The client runs the tools of this run, through `runTool` or `toolResult`: a step stays open until its calls
   * are answered, the next model call begins, or the run is closed. Default: a step ends with its stream, and its
   * calls wait for their results.
   */
  readonly runsTools?: boolean;
}

export interface Run extends AsyncDisposable {
  readonly chatId: string;
  readonly runId: string;
  /**
   * Aborted, within a second, when somebody else has ended the step that is open: the stop button in another
   * process, the reaper, a higher attempt. Its reason is an `AbortError`. Hand it to whatever makes tokens.
   */
  readonly signal: AbortSignal;

  /** Yields what the source yields. The format is one of `@stepfold/formats`. */
  recordIterable<T>(source: AsyncIterable<T>, options: TapOptions): AsyncIterableIterator<T>;
  recordStream<T>(source: ReadableStream<T>, options: TapOptions): ReadableStream<T>;
  /**
   * A response of server-sent events or JSON lines; its bytes are handed on as they come. What is an error of the provider
   * (`!response.ok`), has no body or was read by somebody else is answered as it is, unrecorded.
   */
  recordResponse(response: Response, options: ResponseOptions): Response;
  /** For what none of these fits: whoever holds the tap tells it of each part. */
  openTap(options: TapOptions): StreamTap;

  /**
   * Runs a tool, and records when it really started and what it gave or threw. Answers and throws what `execute` does.
   */
  runTool<T>(toolCallId: string, execute: () => T | PromiseLike<T>): Promise<T>;
  /** @param at microseconds; default now */
  toolExecutionStart(toolCallId: string, at?: number): void;
  /** What a tool gave, now. Of a call whose step has ended it is recorded with the next step. */
  toolResult(result: ToolResult): void;

  /** Somebody is asked whether a call of the open step may be made, or has answered, now. */
  toolApproval(approval: ToolApproval): void;

  /** The recorder's clock, in microseconds: it never goes backwards. */
  nowMicros(): number;

  /** The run is over: ends the step that waits for results, once no stream of the run is open. */
  close(): void;
}

export interface ToolResult {
  readonly toolCallId: string;
  readonly toolName?: string;
  /** Whatever `JSON.stringify` can write. */
  readonly result: unknown;
  readonly isError?: boolean;
}

export interface ToolApproval {
  readonly toolCallId: string;
  readonly approvalId: string;
  readonly state: 'requested' | 'granted' | 'denied';
  readonly reason?: string;
}

export interface TapOptions {
  readonly format: Format;
  /**
   * Results of tools that stand at the end of the request, behind the last answer of the model. Those that the run does not
   * know are recorded with the time of the request, which is no earlier than that of the tool.
   */
  readonly results?: readonly ToolResult[];
  /** When the request was made, in microseconds (`Run.nowMicros`). Default: now. */
  readonly requestedAt?: number;
}

export interface ResponseOptions extends TapOptions {
  /** What aborts the request: whatever the body then fails with, it was a stop. */
  readonly signal?: AbortSignal;
  /** The body is one JSON value, and these are the parts that it stands for. Bodies of more than 64 MiB are passed over. */
  readonly partsOf?: ((answer: unknown) => Iterable<unknown>) | undefined;
}

/** Hears of one stream. Nothing here throws. Exactly one of `end`, `fail` and `cancel` comes last; what follows is ignored. */
export interface StreamTap {
  /** See `Run.signal`. */
  readonly signal: AbortSignal;
  /**
   * A part has come from the source. Answers a promise if the queue is full and the caller chose to wait; whoever
   * waits for it before it reads on is slowed down. The promise never rejects.
   * @param at microseconds, if it happened before it came; default now
   */
  part(part: unknown, at?: number): Promise<void> | undefined;
  /** The source has ended. */
  end(): void;
  /** The source threw. An `AbortError` is a stop by the user. */
  fail(error: unknown): void;
  /** Whoever read the stream has stopped reading. */
  cancel(): void;
}
