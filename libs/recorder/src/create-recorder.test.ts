import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { anthropic, languageModel } from '@stepfold/formats';
import { HandDrivenRuntime } from '../../publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../publisher/src/testing/recording-log.js';
import { createRecorder } from './create-recorder.js';
import type { RecorderErrorPlace, RecorderOptions } from './recorder.js';

function setUp(options: Partial<RecorderOptions> = {}) {
  const runtime = new HandDrivenRuntime();
  const log = new RecordingLog();
  const told: { error: Error; where: RecorderErrorPlace }[] = [];
  const recorder = createRecorder({
    log,
    runtime,
    onError: (error, where) => void told.push({ error, where }),
    ...options,
  });
  const run = recorder.openRun({ chatId: 'chat', runId: 'run' });
  return { runtime, log, told, recorder, run };
}

/** `[type, step]` of everything on the log. */
function brief(events: readonly Event[]): string[] {
  return events.map(({ type, step_id }) => `${step_id} ${type}`);
}

const parts = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hello' },
  { type: 'text-end', id: 't' },
  { type: 'finish', finishReason: 'stop', usage: {} },
];

async function* yielding(items: readonly unknown[], error?: Error): AsyncGenerator {
  yield* items;
  if (error !== undefined) throw error;
}

describe('a recorded stream', () => {
  it('is handed on as it is, and its events are on the log', async () => {
    const { recorder, run, log, told } = setUp();
    const read: unknown[] = [];
    for await (const part of run.recordIterable(yielding(parts), { format: languageModel })) read.push(part);
    await recorder.flush();
    expect(read).toEqual(parts);
    expect(brief(log.events())).toEqual([
      'run.0 step-start',
      'run.0 text-start',
      'run.0 text-delta',
      'run.0 text-end',
      'run.0 finish',
      'run.0 step-end',
    ]);
    expect(told).toEqual([]);
  });

  it('counts its steps on from the streams of the run before it, whatever their format', async () => {
    const { recorder, run, log } = setUp();
    for await (const _ of run.recordIterable(yielding(parts), { format: languageModel }));
    const message = { type: 'message_start', message: { id: 'm', model: 'c', content: [], usage: {} } };
    for await (const _ of run.recordIterable(yielding([message, { type: 'message_stop' }]), {
      format: anthropic,
    }));
    for await (const _ of run.recordIterable(yielding(parts), { format: languageModel }));
    await recorder.flush();
    const starts = log.events().filter(({ type }) => type === 'step-start');
    expect(starts.map(({ step_id }) => step_id)).toEqual(['run.0', 'run.1', 'run.2']);
  });

  it('ends with the error that broke it', async () => {
    const { recorder, run, log } = setUp();
    const error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    const recorded = run.recordIterable(yielding(parts.slice(0, 3), error), { format: languageModel });
    await expect(async () => {
      for await (const _ of recorded);
    }).rejects.toBe(error);
    await recorder.flush();
    expect(log.events().at(-1)).toMatchObject({
      type: 'error',
      fatal: true,
      message: 'socket hang up',
      code: 'ECONNRESET',
    });
  });

  it('ends with an interrupt by the user if it was aborted, and by disconnect if nobody reads on', async () => {
    const { recorder, run, log } = setUp();
    const aborted = yielding(parts.slice(0, 3), new DOMException('stop', 'AbortError'));
    await expect(async () => {
      for await (const _ of run.recordIterable(aborted, { format: languageModel }));
    }).rejects.toMatchObject({ name: 'AbortError' });
    for await (const _ of run.recordIterable(yielding(parts.slice(0, 3)), { format: languageModel })) break;
    await recorder.flush();
    const interrupts = log.events().filter(({ type }) => type === 'interrupt');
    expect(interrupts).toMatchObject([
      { step_id: 'run.0', reason: 'user' },
      { step_id: 'run.1', reason: 'disconnect' },
    ]);
  });
});

describe('a run whose client runs the tools', () => {
  const calling = [
    { type: 'message_start', message: { id: 'm', model: 'c', content: [], usage: {} } },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'a', name: 'add', input: {} },
    },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: {} },
    { type: 'message_stop' },
  ];

  it('keeps the step open until its calls are answered, with the times of the tool', async () => {
    const { recorder, runtime, log } = setUp();
    const run = recorder.openRun({ chatId: 'chat', runId: 'loop', runsTools: true });
    for await (const _ of run.recordIterable(yielding(calling), { format: anthropic }));
    await runtime.advance(10);
    const ran = run.runTool('a', async () => {
      await runtime.advance(25);
      return 3;
    });
    await expect(ran).resolves.toBe(3);
    await recorder.flush();
    const [start, result, end] = log.events().slice(-3);
    expect([start, result, end]).toMatchObject([
      { type: 'tool-execution-start', tool_call_id: 'a' },
      { type: 'tool-result', tool_call_id: 'a', result: 3 },
      { type: 'step-end' },
    ]);
    expect(result!.at - start!.at).toBe(25_000);
    expect(end!.at).toBe(result!.at);
  });

  it('ends the step with its own time if no result comes', async () => {
    const { recorder, runtime, log } = setUp();
    const run = recorder.openRun({ chatId: 'chat', runId: 'loop', runsTools: true });
    for await (const _ of run.recordIterable(yielding(calling), { format: anthropic }));
    const before = log.events().at(-1)!.at;
    await runtime.advance(10);
    run.close();
    await recorder.flush();
    expect(log.events().at(-1)).toMatchObject({ type: 'step-end', at: before });
  });

  it('hands a result of an ended step to the next one', async () => {
    const { recorder, run, runtime, log } = setUp();
    for await (const _ of run.recordIterable(yielding(calling), { format: anthropic }));
    await run.runTool('a', () => runtime.advance(5));
    for await (const _ of run.recordIterable(yielding(calling.slice(0, 1)), { format: anthropic }));
    await recorder.flush();
    const result = log.events().find(({ type }) => type === 'tool-result') as Event & {
      execution_started_at: number;
    };
    expect(result.step_id).toBe('run.1');
    expect(result.at - result.execution_started_at).toBe(5_000);
  });
});

describe('the signal of a run', () => {
  it('is aborted when the stop button is pressed in another process', async () => {
    const { log, runtime, run } = setUp();
    await using other = createRecorder({ log, runtime });
    const tap = run.openTap({ format: languageModel });
    expect(run.signal.aborted).toBe(false);
    for (const part of parts.slice(0, 3)) void tap.part(part);
    await runtime.settle();
    await other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
    await runtime.advance(1_000);
    expect(run.signal.reason).toMatchObject({ name: 'AbortError', ending: 'user' });
    tap.fail(run.signal.reason);
    await runtime.settle();
    // The step was ended already: its stream adds no end of its own.
    expect(brief(log.events()).filter((line) => line.includes('interrupt'))).toHaveLength(1);
  });

  it('stays quiet when a stream of the run is aborted, fails or is retried', async () => {
    const { runtime, run } = setUp();
    const { signal } = run;
    run.openTap({ format: languageModel }).fail(new DOMException('stop', 'AbortError'));
    const tap = run.openTap({ format: languageModel });
    for (const part of [...parts.slice(0, 3), ...parts.slice(0, 3)]) void tap.part(part);
    tap.fail(new DOMException('stop', 'AbortError'));
    await runtime.advance(5_000);
    expect(signal.aborted).toBe(false);
  });
});
