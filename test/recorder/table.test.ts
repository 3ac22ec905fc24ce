import { describe, expect, it } from '@jest/globals';
import type { AppendedRange, RecordToAppend, Topic } from '@stepfold/event-log';
import type { Message } from '@stepfold/fold';
import { languageModel } from '@stepfold/formats';
import type { Outbox } from '@stepfold/publisher';
import { createRecorder, type RecorderOptions } from '@stepfold/recorder';
import { recordStreamText } from '@stepfold/recorder-ai-sdk';
import { TransientError } from '@stepfold/runtime';
import { HandDrivenRuntime } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { foldAll } from '../support/fold-all.js';
import { aiSdks, type Fields } from './ai-sdk-versions.js';
import { streamOf } from './recorder-test.js';
import { rowsOfProcesses, tableRows } from './table-rows.js';

/** A log that can be away. */
class AwayLog extends RecordingLog {
  isAway = false;

  override async append(
    topic: Topic,
    partition: number,
    records: readonly RecordToAppend[],
  ): Promise<AppendedRange> {
    if (this.isAway) throw new TransientError('log-unavailable', 'away');
    return super.append(topic, partition, records);
  }
}

function setUp(options: Partial<RecorderOptions> = {}) {
  const runtime = new HandDrivenRuntime();
  const log = new AwayLog();
  const errors: Error[] = [];
  const recorder = createRecorder({ log, runtime, onError: (error) => void errors.push(error), ...options });
  const run = recorder.openRun({ chatId: 'chat', runId: 'run' });
  return { runtime, log, errors, recorder, run };
}

/** What the log yields. Nothing of it may be refused. */
function stored(log: RecordingLog): Message[] {
  const { outcomes, messages } = foldAll(log.events());
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

const words = Array.from({ length: 40 }, (_, index) => `w${index} `);
const begin: Fields[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: 't' },
];
const end: Fields[] = [
  { type: 'text-end', id: 't' },
  {
    type: 'finish',
    finishReason: { unified: 'stop', raw: 'stop' },
    usage: { inputTokens: {}, outputTokens: {} },
  },
];
const deltas = words.map((word) => ({ type: 'text-delta', id: 't', delta: word }));
const answer: Fields[] = [...begin, ...deltas, ...end];

/** Reads a recorded stream to its end; `onPart` is between two parts. */
async function read(
  { run }: Pick<ReturnType<typeof setUp>, 'run'>,
  onPart: (count: number) => Promise<void> | void,
): Promise<Fields[]> {
  const seen: Fields[] = [];
  for await (const part of run.recordStream(streamOf(answer), { format: languageModel })) {
    seen.push(part as Fields);
    await onPart(seen.length);
  }
  return seen;
}

const sdk = aiSdks[1]!;

/** `streamText` with a model that gives these parts and then waits to be aborted; aborts when `isDue`. */
async function abortedAnswer(
  context: ReturnType<typeof setUp>,
  parts: readonly Fields[],
  isDue: (part: Fields) => boolean,
  options: Fields = {},
): Promise<Fields[]> {
  const abort = new AbortController();
  const given = [...parts];
  const model = sdk.mock(async ({ abortSignal }) => ({
    stream: new ReadableStream<Fields>({
      async pull(controller) {
        const part = given.shift();
        if (part !== undefined) return controller.enqueue(part);
        if (abortSignal?.aborted !== true) {
          await new Promise((resolve) => abortSignal?.addEventListener('abort', resolve));
        }
        controller.error(abortSignal?.reason);
      },
    }),
  }));
  const streamText = recordStreamText(sdk.streamText, context.run);
  const result = streamText({
    model,
    prompt: 'hi',
    onError: () => undefined,
    abortSignal: abort.signal,
    ...options,
  });
  const seen: Fields[] = [];
  for await (const part of result.fullStream) {
    seen.push(part);
    if (isDue(part)) abort.abort();
  }
  await context.recorder.flush();
  return seen;
}

const call = { type: 'tool-call', toolCallId: 'c', toolName: 'add', input: '{"a":1}' };
const calling: Fields[] = [
  begin[0]!,
  call,
  { ...end[1], finishReason: { unified: 'tool-calls', raw: 'tool_use' } },
];

const tests: Readonly<Record<string, () => Promise<void>>> = {
  async 'the log is away for 30 s in mid-stream'() {
    const context = setUp();
    const { log, runtime, recorder, errors } = context;
    const times: number[] = [];
    const seen = await read(context, async (count) => {
      times.push(runtime.nowMicros());
      if (count === 10) log.isAway = true;
      if (count === 30) {
        await runtime.advance(30_000);
        log.isAway = false;
      }
      await runtime.advance(1);
    });
    expect(seen).toEqual(answer);
    await runtime.runUntil(recorder.flush());
    // Each has the time at which the application got it, whenever the log did.
    const deltaTimes = log.events().flatMap(({ type, at }) => (type === 'text-delta' ? [at] : []));
    expect(deltaTimes).toEqual(times.slice(begin.length, -end.length));
    const [message] = stored(log);
    expect(message).toMatchObject({ status: 'complete', parts: [{ text: words.join('') }] });
    expect(message).not.toHaveProperty('gaps');
    expect(errors).toEqual([]);
  },

  async 'the log is away for good'() {
    const context = setUp({ closeTimeoutMs: 10_000 });
    const { log, runtime, recorder } = context;
    const seen = await read(context, async (count) => {
      if (count === 10) {
        await runtime.settle();
        log.isAway = true;
      }
    });
    expect(seen).toEqual(answer);
    const closing = recorder.close();
    closing.catch(() => undefined);
    await runtime.advance(10_000);
    // How many events may be lost is said by the one who waits for it.
    await expect(closing).rejects.toMatchObject({
      code: 'log-unavailable',
      message: expect.stringMatching(/\d+ events/),
    });
    expect(stored(log)).toMatchObject([{ status: 'open' }]);
  },

  async "the queue is full, `whenFull: 'wait'`"() {
    const context = setUp({ queueEventsMax: 16, batchRecordsMax: 16 });
    const { log, runtime, recorder, errors } = context;
    log.isAway = true;
    let count = 0;
    const reading = read(context, (now) => void (count = now));
    await runtime.advance(5_000);
    // It has handed on what it had before it waits, and goes on when there is room.
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(20);
    const before = count;
    await runtime.advance(30_000);
    expect(count).toBe(before);
    log.isAway = false;
    expect(await runtime.runUntil(reading)).toEqual(answer);
    await runtime.runUntil(recorder.flush());
    expect(stored(log)).toMatchObject([{ status: 'complete', parts: [{ text: words.join('') }] }]);
    expect(errors).toEqual([]);
  },

  async "the queue is full, `whenFull: 'drop'`"() {
    const context = setUp({ queueEventsMax: 16, batchRecordsMax: 16, whenFull: 'drop' });
    const { log, runtime, recorder, errors } = context;
    log.isAway = true;
    expect(await read(context, () => undefined)).toEqual(answer);
    log.isAway = false;
    await runtime.runUntil(recorder.flush());
    const [message] = stored(log);
    expect(message).toMatchObject({ status: 'complete', gaps: [{ from: 14 }] });
    expect(words.join('').startsWith((message!.parts[0] as { text: string }).text)).toBe(true);
    expect(errors).toMatchObject([{ code: 'event-dropped' }]);
  },

  async 'the outbox throws, or does not answer'() {
    const throwing = (): never => {
      throw new Error('from the outbox');
    };
    const hanging = () => new Promise<never>(() => undefined);
    for (const answering of [throwing, hanging]) {
      const outbox = { recover: () => [], keep: answering, close: () => undefined };
      const context = setUp({ outbox: outbox as unknown as Outbox });
      const { log, recorder, errors } = context;
      expect(await read(context, () => undefined)).toEqual(answer);
      await recorder.close();
      expect(stored(log)).toMatchObject([{ status: 'complete', parts: [{ text: words.join('') }] }]);
      expect(errors).toMatchObject([{ code: 'outbox-unavailable' }]);
    }
  },

  async 'the consumer stops reading'() {
    const context = setUp();
    const { log, recorder, run } = context;
    let isCancelled = false;
    const given = [...answer];
    const source = new ReadableStream<Fields>({
      pull: (controller) => controller.enqueue(given.shift()!),
      cancel: () => void (isCancelled = true),
    });
    const reader = run.recordStream(source, { format: languageModel }).getReader();
    for (let reads = 0; reads < 5; reads++) await reader.read();
    await reader.cancel();
    await recorder.flush();
    expect(isCancelled).toBe(true);
    expect(stored(log)).toMatchObject([
      {
        status: 'interrupted',
        interrupt: { reason: 'disconnect' },
        parts: [{ text: 'w0 w1 w2 ', end_reason: 'interrupt' }],
      },
    ]);
  },

  async 'an abort before the first part'() {
    const context = setUp();
    const seen = await abortedAnswer(context, [], ({ type }) => type === 'start');
    expect(seen.at(-1)).toMatchObject({ type: 'abort' });
    for (const message of stored(context.log)) {
      expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason: 'user' }, parts: [] });
    }
  },

  async 'an abort in reasoning'() {
    const context = setUp();
    const reasoning = [
      begin[0]!,
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'hm' },
    ];
    const seen = await abortedAnswer(context, reasoning, ({ type }) => type === 'reasoning-delta');
    expect(seen.at(-1)).toMatchObject({ type: 'abort' });
    const [message] = stored(context.log);
    expect(message).toMatchObject({
      status: 'interrupted',
      parts: [{ type: 'reasoning', text: 'hm', end_reason: 'interrupt' }],
    });
    expect(message!.parts[0]).toHaveProperty('completed_at');
  },

  async 'an abort in tool input'() {
    const context = setUp();
    const input = [
      begin[0]!,
      { type: 'tool-input-start', id: 'c', toolName: 'add' },
      { type: 'tool-input-delta', id: 'c', delta: '{"a":' },
    ];
    await abortedAnswer(context, input, ({ type }) => type === 'tool-input-delta');
    const [message] = stored(context.log);
    expect(message).toMatchObject({
      status: 'interrupted',
      parts: [
        { type: 'tool-call', partial: true, args_text: '{"a":' },
        { type: 'tool-result', synthetic: true, is_error: true },
      ],
    });
    expect(message!.parts[0]).not.toHaveProperty('created_at');
  },

  async 'an abort in a tool'() {
    const context = setUp();
    let begun!: () => void;
    const running = new Promise<void>((resolve) => void (begun = resolve));
    const tools = {
      add: {
        inputSchema: sdk.jsonSchema({ type: 'object' }),
        execute: async (_input: unknown, { abortSignal }: { abortSignal: AbortSignal }) => {
          begun();
          await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
          throw abortSignal.reason;
        },
      },
    };
    const abort = new AbortController();
    void running.then(() => abort.abort());
    const streamText = recordStreamText(sdk.streamText, context.run);
    const model = sdk.mock(async () => ({ stream: streamOf(calling) }));
    const result = streamText({
      model,
      prompt: 'hi',
      tools,
      abortSignal: abort.signal,
      onError: () => undefined,
    });
    const seen: Fields[] = [];
    for await (const part of result.fullStream) seen.push(part);
    expect(seen.at(-1)).toMatchObject({ type: 'abort' });
    await context.recorder.flush();
    const [message] = stored(context.log);
    expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason: 'user' } });
    expect(message!.parts[0]).toMatchObject({ type: 'tool-call', execution_started_at: expect.any(Number) });
    expect(message!.parts[1]).toMatchObject({ type: 'tool-result', is_error: true });
  },

  async 'an abort between steps'() {
    const context = setUp();
    const abort = new AbortController();
    let calls = 0;
    const model = sdk.mock(async ({ abortSignal }) => {
      calls++;
      if (calls === 1) return { stream: streamOf(calling) };
      abort.abort();
      throw abortSignal!.reason;
    });
    const streamText = recordStreamText(sdk.streamText, context.run);
    const result = streamText({
      model,
      prompt: 'hi',
      tools: { add: { inputSchema: sdk.jsonSchema({ type: 'object' }), execute: () => 2 } },
      stopWhen: sdk.stopAfter(3),
      abortSignal: abort.signal,
      onError: () => undefined,
    });
    const seen: Fields[] = [];
    for await (const part of result.fullStream) seen.push(part);
    await context.recorder.flush();
    const [first, ...others] = stored(context.log);
    expect(first).toMatchObject({
      status: 'complete',
      parts: [{ type: 'tool-call' }, { type: 'tool-result', result: 2 }],
    });
    for (const message of others)
      expect(message).toMatchObject({ status: expect.stringMatching(/interrupted|failed/), parts: [] });
  },

  async 'an error of the model in mid-stream'() {
    const context = setUp();
    const error = Object.assign(new Error('overloaded'), { code: 'overloaded_error' });
    async function* source() {
      yield* answer.slice(0, 5);
      throw error;
    }
    const recorded = context.run.recordIterable(source(), { format: languageModel });
    await expect(async () => {
      for await (const _ of recorded);
    }).rejects.toBe(error);
    await context.recorder.flush();
    expect(stored(context.log)).toMatchObject([
      {
        status: 'failed',
        errors: [{ message: 'overloaded', code: 'overloaded_error' }],
        parts: [{ text: 'w0 w1 w2 ' }],
      },
    ]);
  },

  async 'the stop button in another process'() {
    const context = setUp();
    const { log, runtime, run } = context;
    await using other = createRecorder({ log, runtime });
    const tap = run.openTap({ format: languageModel });
    const { signal } = run;
    for (const part of answer.slice(0, 5)) void tap.part(part);
    await runtime.settle();
    void other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
    await runtime.advance(1_000);
    expect(signal.reason).toMatchObject({ name: 'AbortError', ending: 'user' });
    tap.fail(signal.reason);
    await runtime.settle();
    expect(stored(log)).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'user' }, parts: [{ text: 'w0 w1 w2 ' }] },
    ]);
  },

  async 'the process is told to stop (`shutdown()`)'() {
    const context = setUp();
    const { log, recorder, run } = context;
    const tap = run.openTap({ format: languageModel });
    const { signal } = run;
    for (const part of answer.slice(0, 5)) void tap.part(part);
    await recorder.shutdown();
    expect(signal.reason).toMatchObject({ ending: 'shutdown' });
    expect(stored(log)).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'shutdown' }, parts: [{ text: 'w0 w1 w2 ' }] },
    ]);
  },
};

describe('what is stored, and what the application sees, when', () => {
  it.each(Object.entries(tests))('%s', async (_what, test) => test());
});

it('is the table of docs/recording.md, row by row', () => {
  const rows = tableRows().map(({ what }) => what);
  expect(rows.toSorted()).toEqual([...Object.keys(tests), ...rowsOfProcesses].toSorted());
});
