import { describe, expect, it } from '@jest/globals';
import { languageModel, type Format } from '@stepfold/formats';
import { TransientError, UsageError } from '@stepfold/runtime';
import { RecordingLog } from '../../publisher/src/testing/recording-log.js';
import { createRecorder } from './create-recorder.js';
import type { RecorderErrorPlace } from './recorder.js';
import {
  demandNoUnhandledRejections,
  options,
  parts,
  setUp,
  typesOf,
} from '../../../test/support/recording-set-up.js';

demandNoUnhandledRejections();

describe('nothing reaches the stream of', () => {
  it('a part that throws when it is read, whatever it throws', async () => {
    const { run, recorder, log, errors } = setUp();
    const throwing = (thrown: unknown) => ({
      get type() {
        throw thrown;
      },
    });
    const tap = run.openTap(options);
    for (const part of [throwing(null), parts[0], throwing(new RangeError('x')), throwing('x'), parts[1]]) {
      expect(tap.part(part)).toBeUndefined();
    }
    tap.end();
    await recorder.flush();
    expect(typesOf(log)).toEqual(['step-start', 'text-start', 'text-delta', 'interrupt']);
    expect(errors.map(({ name }) => name)).toEqual(['Error', 'RangeError']);
  });

  it('a time that is none', async () => {
    const { run, recorder, log, errors } = setUp();
    const tap = run.openTap(options);
    for (const at of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) void tap.part(parts[0], at);
    void tap.part({ type: 'tool-call', toolCallId: 'a', toolName: 'n', input: '{}' });
    run.toolExecutionStart('a', Number.NaN);
    void tap.part({ type: 'finish', finishReason: 'stop', usage: {} }, Number.NaN);
    await recorder.flush();
    expect(typesOf(log).slice(-4)).toEqual(['tool-call', 'tool-execution-start', 'finish', 'step-end']);
    expect(errors).toMatchObject([{ code: 'event-invalid' }]);
  });

  it('a format that fails, and its step ends all the same', async () => {
    const { run, recorder, log, errors } = setUp();
    const inner = languageModel.createConverter({ chatId: 'c', runId: 'r' });
    let made = 0;
    const fail = (): never => {
      throw new RangeError('format');
    };
    const failing = (broken: object): Format => ({
      name: 'own',
      createConverter: () => {
        made++;
        return { ...inner, ...broken };
      },
    });
    const formats = [
      undefined as unknown as Format,
      { name: 'own', createConverter: fail },
      failing({ unknownParts: undefined }),
      failing({ end: fail }),
    ];
    for (const format of formats) {
      const tap = run.openTap({ format });
      for (const part of parts) void tap.part(part);
      tap.fail(new Error('cut'));
    }
    // A converter that failed is not used again.
    run.openTap({ format: formats.at(-1)! }).end();
    expect(made).toBe(3);
    void run.openTap(options).part(parts[0]);
    await recorder.flush();
    expect(log.events().filter(({ type }) => type === 'error')).toMatchObject([
      { step_id: 'r.0', message: 'cut' },
      { step_id: 'r.1', message: 'cut' },
    ]);
    expect(log.events().at(-1)).toMatchObject({ step_id: 'r.2', type: 'text-start' });
    expect(errors.map(({ name }) => name)).toEqual(['TypeError', 'RangeError']);
  });

  it('errors of more than CODES_MAX kinds, of which each is told once, and no more', () => {
    const { run, errors } = setUp();
    const codesMax = 100;
    const tap = run.openTap(options);
    const throwing = (name: string) => ({
      get type() {
        throw Object.assign(new Error('x'), { name });
      },
    });
    for (let kind = 0; kind < codesMax; kind++) {
      void tap.part(throwing(`kind-${kind}`));
      void tap.part(throwing(`kind-${kind}`));
    }
    expect(errors).toHaveLength(codesMax);
    void tap.part(throwing('one more'));
    expect(errors).toHaveLength(codesMax);
    tap.end();
  });

  it('results that are none', () => {
    const { run, errors } = setUp();
    for (const results of [5, [null]]) run.openTap({ ...options, results: results as never }).end();
    run.toolResult(null as never);
    run.toolApproval(undefined as never);
    expect(errors.length).toBeGreaterThan(0);
  });

  it('an onError that throws, now or later, and a logger that does', async () => {
    const fail = (): never => {
      throw new Error('logger');
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    for (const onError of [fail, (): Promise<never> => Promise.reject(new Error('later')), undefined]) {
      const { run } = setUp({ logger, onError: onError as () => void });
      const tap = run.openTap(options);
      for (const part of [{ type: 'unheard-of' }, parts[0]]) void tap.part(part, Number.NaN);
      tap.end();
      run.toolResult({ toolCallId: 'a', result: 1 });
      run.close();
    }
  });
});

describe('a run', () => {
  it('that is closed in mid-stream ends with its stream, with the results that waited for it', async () => {
    const { run, recorder, log, errors } = setUp();
    const tap = run.openTap(options);
    run.toolResult({ toolCallId: 'a', result: 1 });
    run.close();
    run.close();
    run.toolResult({ toolCallId: 'b', result: 2 });
    for (const part of parts) void tap.part(part);
    tap.end();
    await recorder.flush();
    expect(errors).toEqual([]);
    expect(typesOf(log).slice(0, 3)).toEqual(['step-start', 'tool-result', 'tool-result']);
    run.toolResult({ toolCallId: 'c', result: 3 });
    expect(errors).toMatchObject([{ code: 'result-unrecorded' }]);
  });

  it('records streams that begin after its end as runs of their own, each with new results alone', async () => {
    const { run, recorder, log } = setUp();
    const first = { toolCallId: 'a', result: 1 };
    void run.openTap({ ...options, results: [first] }).part(parts[0]);
    run.close();
    for (const results of [
      [first],
      [first, { toolCallId: 'b', result: 2 }],
      [{ toolCallId: 'b', result: 2 }],
    ]) {
      const tap = run.openTap({ ...options, results });
      void tap.part(parts[0]);
      tap.end();
    }
    await recorder.flush();
    const results = log
      .events()
      .flatMap((event) => (event.type === 'tool-result' ? [`${event.step_id} ${event.tool_call_id}`] : []));
    expect(results).toEqual(['r.0 a', 'r~2.0 b']);
  });

  it('tells of results of a stream of its own that never began', () => {
    const { run, errors } = setUp();
    void run.openTap(options).part(parts[0]);
    run.openTap({ ...options, results: [{ toolCallId: 'a', result: 1 }] }).cancel();
    expect(errors).toMatchObject([{ code: 'result-unrecorded' }]);
  });

  it('hears of a stop of streams that overlap, whenever it began to listen', async () => {
    const { run, recorder, runtime, log } = setUp();
    await using other = createRecorder({ log, runtime });
    const taps = [run.openTap(options), run.openTap(options), run.openTap(options)];
    for (const tap of taps) for (const part of parts) void tap.part(part);
    await recorder.flush();
    taps[1]!.end();
    const { signal } = run;
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(false);
    void other.publisher.joinStep({ chatId: 'c', stepId: 'r~2.0' }).interrupt('user');
    await runtime.advance(1_000);
    expect(signal.reason).toMatchObject({ ending: 'user' });
  });

  it('keeps a bounded number of results and starts that no step takes', async () => {
    const { run, recorder, log, errors } = setUp();
    for (let call = 0; call < 1_001; call++) run.toolResult({ toolCallId: `call-${call}`, result: call });
    for (let call = 0; call < 10_001; call++) run.toolExecutionStart(`started-${call}`);
    expect(errors).toMatchObject([{ code: 'result-unrecorded' }]);
    const tap = run.openTap(options);
    for (const id of ['started-0', 'started-1']) {
      void tap.part({ type: 'tool-call', toolCallId: id, toolName: 'n', input: '{}' });
    }
    await recorder.flush();
    const types = typesOf(log);
    expect(types.filter((type) => type === 'tool-result')).toHaveLength(1_000);
    // The start that came first was forgotten.
    expect(types.slice(-3)).toEqual(['tool-call', 'tool-call', 'tool-execution-start']);
  });
});

describe('a log', () => {
  class FailingLog extends RecordingLog {
    failure: Error | undefined;
    override async append(...given: Parameters<RecordingLog['append']>) {
      if (this.failure !== undefined) throw this.failure;
      return super.append(...given);
    }
  }

  async function* streaming(count: number) {
    yield parts[0]!;
    for (let part = 0; part < count; part++) yield parts[1]!;
  }

  async function countOf(stream: AsyncIterable<unknown>): Promise<number> {
    let count = 0;
    for await (const _ of stream) count++;
    return count;
  }

  it('that refuses an event for good is told of once for each run', async () => {
    const log = new FailingLog();
    log.failure = new UsageError('log-access-denied', 'denied');
    const told: unknown[] = [];
    const onError = (error: Error, where: RecorderErrorPlace): void => {
      expect(error).toBe(log.failure);
      told.push(where.runId ?? 'what was queued');
    };
    const { recorder, runtime, run } = setUp({ log, onError });
    expect(await countOf(run.recordIterable(streaming(1_000), options))).toBe(1_001);
    await runtime.advance(1_000);
    const other = recorder.openRun({ chatId: 'c', runId: 'other' });
    expect(await countOf(other.recordIterable(streaming(100_000), options))).toBe(100_001);
    await runtime.advance(600_000);
    expect(told).toEqual(['what was queued', 'r', 'other']);
  });

  it('that stays away lets a stream go on that waits for room, once the recorder is closed', async () => {
    const log = new FailingLog();
    log.failure = new TransientError('log-unavailable', 'away');
    const { recorder, runtime, run, errors } = setUp({ log, queueEventsMax: 16, batchRecordsMax: 16 });
    const reading = countOf(run.recordIterable(streaming(100), options));
    await runtime.advance(5_000);
    const closing = recorder.close();
    closing.catch(() => undefined);
    await runtime.advance(10_000);
    await expect(closing).rejects.toMatchObject({ code: 'log-unavailable' });
    expect(await reading).toBe(101);
    expect(errors.map((error) => (error as TransientError).code)).toEqual(['log-unavailable']);
  });

  it('that stays away does not keep a reader who leaves while its stream waits for room', async () => {
    const log = new FailingLog();
    log.failure = new TransientError('log-unavailable', 'away');
    const { runtime, run } = setUp({ log, queueEventsMax: 16, batchRecordsMax: 16 });
    const pulled: unknown[] = [];
    let isCancelled = false;
    const source = new ReadableStream({
      pull(controller) {
        pulled.push(1);
        controller.enqueue(parts[1]);
      },
      cancel: () => void (isCancelled = true),
    });
    const reader = run.recordStream(source, options).getReader();
    let reads = 0;
    const reading = (async () => {
      while (!(await reader.read()).done) reads++;
    })();
    await runtime.advance(5_000);
    expect(reads).toBeLessThan(20);
    await reader.cancel();
    await reading;
    expect(isCancelled).toBe(true);
  });
});
