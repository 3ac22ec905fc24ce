import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { aiSdk } from '@stepfold/formats';
import { createRecorder, type RecorderOptions, type Run } from '@stepfold/recorder';
import { recordStreamText } from '@stepfold/recorder-ai-sdk';
import { startMicros } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { readAllRecordings } from '../formats/all-recordings.js';
import { recordedSuite } from '../formats/recorded-suite.js';
import {
  aiSdks,
  type AiSdk,
  type CallOptions,
  type Fields,
  type StreamTextResult,
} from './ai-sdk-versions.js';
import { all, brief, plain, setUp, streamOf } from './recorder-test.js';

/** The options of a call that is the same each time. */
function fixed(): Fields {
  let ids = 0;
  const generateId = (): string => `id-${ids++}`;
  return {
    prompt: 'hello',
    onError: () => undefined,
    _internal: {
      generateId,
      generateCallId: generateId,
      now: () => 0,
      currentDate: () => new Date(0),
    },
  };
}

/** The time at which a response was made differs from call to call. */
function untimed(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === 'timestamp' || key === 'performance' ? 0 : inner,
    ),
  );
}

const recordings = readAllRecordings()
  .filter(({ format, name }) => format === 'language-model' && name.startsWith('ai-sdk-v7/'))
  .map(({ baseName, lines }) => ({ name: baseName, parts: lines.map((line) => JSON.parse(line) as Fields) }));

for (const sdk of aiSdks) {
  recordedSuite(recordings)(`recordings through streamText of ${sdk.name}`, () => {
    for (const { name, parts } of recordings) {
      it(name, async () => {
        const call = (streamText: AiSdk['streamText']): StreamTextResult =>
          streamText({ ...fixed(), model: sdk.mock(async () => ({ stream: streamOf(sdk.partsOf(parts)) })) });
        const { log, errors, recorder, run } = setUp();
        const recorded = recordStreamText(sdk.streamText, run);

        const given = await all(call(sdk.streamText).fullStream);
        expect(untimed(await all(call(recorded).fullStream))).toEqual(untimed(given));
        await recorder.flush();
        const converter = aiSdk.createConverter({ chatId: 'chat', runId: 'run' });
        const expected = given.flatMap((part) => converter.convert(part, startMicros));
        expected.push(...converter.end(startMicros));
        expect(untimed(plain(log.events()))).toEqual(untimed(expected));
        expect(errors).toEqual([]);

        const [bare, passed] = [sdk.streamText, recorded].map((streamText) =>
          call(streamText).toUIMessageStreamResponse(),
        );
        expect([...passed!.headers]).toEqual([...bare!.headers]);
        expect(await passed!.text()).toBe(await bare!.text());
      });
    }
  });
}

const begin = [{ type: 'stream-start', warnings: [] }];
const reasoning = [
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', delta: 'hm' },
];
const text = [
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hello' },
];
const textEnd = [{ type: 'text-end', id: 't' }];
const input = (id: string): Fields[] => [
  { type: 'tool-input-start', id, toolName: 'add' },
  { type: 'tool-input-delta', id, delta: '{"a":' },
];
const call = (id: string): Fields[] => [
  ...input(id),
  { type: 'tool-input-delta', id, delta: '1}' },
  { type: 'tool-input-end', id },
  { type: 'tool-call', toolCallId: id, toolName: 'add', input: '{"a":1}' },
];
const finish = (reason: string): Fields[] => [
  {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: { inputTokens: { total: 1 }, outputTokens: { total: 2 } },
  },
];

/** A model that gives these parts, then waits until it is aborted, or fails. */
function hanging(sdk: AiSdk, parts: readonly Fields[], seen: CallOptions[] = [], error?: Error): unknown {
  return sdk.mock(async (options) => {
    seen.push(options);
    const given = [...sdk.partsOf(parts)];
    const { abortSignal } = options;
    return {
      stream: new ReadableStream<Fields>({
        async pull(controller) {
          const part = given.shift();
          if (part !== undefined) return controller.enqueue(part);
          if (error !== undefined) return controller.error(error);
          if (abortSignal?.aborted !== true) {
            await new Promise((resolve) => abortSignal?.addEventListener('abort', resolve));
          }
          controller.error(abortSignal?.reason);
        },
      }),
    };
  });
}

/** What somebody who reads to the end sees. */
async function outcomeOf(stream: AsyncIterable<unknown>): Promise<{ items: unknown[]; error?: unknown }> {
  const items: unknown[] = [];
  try {
    for await (const item of stream) items.push(item);
    return { items };
  } catch (error) {
    return { items, error };
  }
}

const places: readonly (readonly [string, readonly Fields[]])[] = [
  ['before the first part', []],
  ['in reasoning', [...begin, ...reasoning]],
  ['in text', [...begin, ...text]],
  ['in tool input', [...begin, ...input('a')]],
];

describe.each(aiSdks)('$name', (sdk) => {
  const recordedText = (run: Run) => recordStreamText(sdk.streamText, run);
  const last = (log: RecordingLog): Event | undefined => log.events().at(-1);

  describe('an abort by the caller', () => {
    for (const [place, parts] of places) {
      it(`${place} ends the step as stopped by the user`, async () => {
        const { log, recorder, run } = setUp();
        for (const reason of [undefined, new Error('enough')]) {
          const abort = new AbortController();
          const options = { ...fixed(), abortSignal: abort.signal, model: hanging(sdk, parts) };
          const reader = recordedText(run)(options).fullStream.getReader();
          const read = async (): Promise<unknown> => {
            for (;;) {
              const { done, value } = await reader.read();
              if (done) return 'done';
              const at = parts.at(-1)?.['type'] ?? 'start-step';
              if (value['type'] === at || (parts.length === 0 && value['type'] === 'start'))
                abort.abort(reason);
            }
          };
          await read().catch(() => undefined);
        }
        await recorder.flush();
        const interrupts = log.events().filter(({ type }) => type === 'interrupt');
        const starts = log.events().filter(({ type }) => type === 'step-start');
        expect(interrupts).toHaveLength(starts.length);
        for (const interrupt of interrupts) expect(interrupt).toMatchObject({ reason: 'user' });
        if (parts.length > 0) expect(starts).toHaveLength(2);
      });
    }

    it('in a tool, or between steps, ends the step as stopped by the user', async () => {
      for (const place of ['tool', 'between'] as const) {
        const { log, recorder, run } = setUp();
        const abort = new AbortController();
        let calls = 0;
        const result = recordedText(run)({
          ...fixed(),
          abortSignal: abort.signal,
          stopWhen: sdk.stopAfter(5),
          tools: {
            add: {
              inputSchema: sdk.jsonSchema({ type: 'object' }),
              execute: async () => {
                if (place === 'tool') abort.abort();
                return 2;
              },
            },
          },
          model: sdk.mock(async (options) => {
            calls++;
            if (calls === 2) {
              abort.abort();
              throw options.abortSignal!.reason;
            }
            return { stream: streamOf(sdk.partsOf([...begin, ...call('a'), ...finish('tool-calls')])) };
          }),
        });
        await all(result.fullStream).catch(() => undefined);
        await recorder.flush();
        const ended = new Set(
          log
            .events()
            .flatMap(({ type, step_id }) => (type === 'interrupt' || type === 'step-end' ? [step_id] : [])),
        );
        const opened = new Set(log.events().map(({ step_id }) => step_id));
        expect(ended).toEqual(opened);
        if (place === 'tool') expect(last(log)).toMatchObject({ type: 'interrupt', reason: 'user' });
      }
    });
  });

  describe('an error of the model', () => {
    for (const [place, parts] of places) {
      it(`${place} fails the step, and the application sees the same`, async () => {
        const error = Object.assign(new Error('overloaded'), { code: 'E_OVERLOADED' });
        const { log, recorder, run } = setUp();
        const seen = await Promise.all(
          [sdk.streamText, recordedText(run)].map((streamText) =>
            outcomeOf(
              streamText({ ...fixed(), maxRetries: 0, model: hanging(sdk, parts, [], error) }).fullStream,
            ),
          ),
        );
        expect(untimed(seen[1]!.items)).toEqual(untimed(seen[0]!.items));
        expect(seen[1]!.error).toBe(seen[0]!.error);
        await recorder.flush();
        // What never began leaves nothing behind.
        if (parts.length === 0) expect(log.events()).toEqual([]);
        else expect(last(log)).toMatchObject({ type: 'error', fatal: true, message: 'overloaded' });
      });
    }
  });

  describe('a consumer that leaves', () => {
    const slow = (seen: CallOptions[] = []) => ({
      ...fixed(),
      model: hanging(sdk, [...begin, ...text], seen),
    });

    it('ends the step as disconnected, whichever stream it read', async () => {
      const { log, recorder, run } = setUp();
      const readers = [
        (result: StreamTextResult) => result.fullStream,
        (result: StreamTextResult) => result.textStream,
        (result: StreamTextResult) => result.toUIMessageStream(),
        (result: StreamTextResult) => result.toUIMessageStreamResponse().body!,
      ];
      for (const [index, streamOfResult] of readers.entries()) {
        const reader = (streamOfResult(recordedText(run)(slow())) as ReadableStream).getReader();
        for (let reads = 0; reads < 1 || (reads < 4 && index !== 1); reads++) await reader.read();
        // What becomes of it differs by version.
        reader.cancel('gone').catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
        await recorder.flush();
        expect(last(log)).toMatchObject({ type: 'interrupt', reason: 'disconnect', step_id: `run.${index}` });
      }
    });

    it('ends nothing while another one reads', async () => {
      const { log, recorder, run } = setUp();
      const result = recordedText(run)({
        ...fixed(),
        model: sdk.mock(async () => ({
          stream: streamOf(sdk.partsOf([...begin, ...text, ...textEnd, ...finish('stop')])),
        })),
      });
      const reader = result.toUIMessageStream().getReader();
      await reader.read();
      const consumed = result.consumeStream();
      await reader.cancel();
      await consumed;
      await recorder.flush();
      expect(last(log)).toMatchObject({ type: 'step-end' });
    });

    it('ends the step when the connection of a response closes early', async () => {
      const { log, recorder, run } = setUp();
      const listeners: (() => void)[] = [];
      const listen = (event: string, listener: () => void): void => {
        if (event === 'close') listeners.push(listener);
      };
      const response = {
        writableFinished: false,
        setHeaders: () => undefined,
        writeHead: () => undefined,
        write: () => true,
        end: () => undefined,
        once: listen,
        on: listen,
        off: () => undefined,
        removeListener: () => undefined,
      };
      recordedText(run)(slow()).pipeUIMessageStreamToResponse(response);
      while (!log.events().some(({ type }) => type === 'text-delta'))
        await new Promise((resolve) => setImmediate(resolve));
      for (const listener of listeners) listener();
      await new Promise((resolve) => setImmediate(resolve));
      await recorder.flush();
      expect(last(log)).toMatchObject({ type: 'interrupt', reason: 'disconnect' });
    });
  });

  it('stops the model when the stop button is pressed in another process', async () => {
    const { log, runtime, recorder, run } = setUp();
    const seen: CallOptions[] = [];
    const result = recordedText(run)({ ...fixed(), model: hanging(sdk, [...begin, ...text], seen) });
    const read = all(result.fullStream);
    while (!log.events().some(({ type }) => type === 'text-delta')) await runtime.settle();
    await using other = createRecorder({ log, runtime });
    void other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
    await runtime.advance(1_000);
    expect(seen[0]!.abortSignal!.aborted).toBe(true);
    const parts = await read;
    expect(parts.at(-1)).toMatchObject({ type: 'abort' });
    await recorder.flush();
    expect(log.events().filter(({ type }) => type === 'interrupt')).toHaveLength(1);
  });

  it('records when tools really began and returned, in parallel, by generators and with errors', async () => {
    const { log, runtime, recorder, run, errors } = setUp();
    let calls = 0;
    const told: unknown[] = [];
    const tool = (execute: (input: unknown) => unknown) => ({
      inputSchema: sdk.jsonSchema({ type: 'object' }),
      execute,
    });
    let resolveDone!: () => void;
    const done = new Promise<void>((resolve) => void (resolveDone = resolve));
    const result = recordedText(run)({
      ...fixed(),
      stopWhen: sdk.stopAfter(2),
      experimental_onToolCallStart: (event: unknown) => void told.push(event),
      tools: {
        add: tool(async () => {
          await runtime.advance(10);
          resolveDone();
          return 2;
        }),
        count: tool(async function* () {
          yield 1;
          await done;
          await runtime.advance(20);
          yield 3;
        }),
        fail: tool(() => {
          throw new Error('no');
        }),
      },
      model: sdk.mock(async () => {
        calls++;
        const parts =
          calls > 1
            ? [...begin, ...text, ...textEnd, ...finish('stop')]
            : [
                ...begin,
                ...call('a'),
                { ...call('b').at(-1), toolName: 'count' },
                { ...call('c').at(-1), toolName: 'fail' },
                ...finish('tool-calls'),
              ];
        return { stream: streamOf(sdk.partsOf(parts)) };
      }),
    });
    await all(result.fullStream);
    await recorder.flush();
    expect(errors).toEqual([]);
    const times = (type: string, id: string): number[] =>
      log
        .events()
        .filter((event) => event.type === type && (event as { tool_call_id?: string }).tool_call_id === id)
        .map(({ at }) => at - startMicros);
    const results = log.events().filter((event) => event.type === 'tool-result');
    for (const id of ['a', 'b', 'c']) expect(times('tool-execution-start', id)).toEqual([0]);
    expect(times('tool-result', 'a')).toEqual([10_000]);
    expect(times('tool-result', 'b').at(-1)).toBe(30_000);
    expect(times('tool-result', 'c')).toEqual([0]);
    expect(results.find((event) => event.type === 'tool-result' && event.tool_call_id === 'c')).toMatchObject(
      { is_error: true },
    );
    if (sdk.name !== 'AI SDK 5') expect(told).toHaveLength(3);
  });

  it('records results of tools that the client ran, from the messages of the request', async () => {
    const { log, recorder, run } = setUp();
    const messages = [
      { role: 'user', content: 'add' },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'add', input: {} }] },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'a',
            toolName: 'add',
            output: { type: 'json', value: { sum: 2 } },
          },
        ],
      },
    ];
    const { prompt: _prompt, ...options } = fixed();
    await recordedText(run)({
      ...options,
      messages,
      model: sdk.mock(async () => ({ stream: streamOf(sdk.partsOf([...begin, ...finish('stop')])) })),
    }).consumeStream();
    await recorder.flush();
    expect(brief(log.events()).slice(0, 2)).toEqual(['run.0 step-start', 'run.0 tool-result']);
    expect(log.events()[1]).toMatchObject({ tool_call_id: 'a', result: { sum: 2 } });
  });

  it('records what the model said, whatever transforms make of it', async () => {
    const { log, recorder, run } = setUp();
    const result = recordedText(run)({
      ...fixed(),
      experimental_transform: () =>
        new TransformStream({
          transform(part: Fields, controller) {
            controller.enqueue(part['type'] === 'text-delta' ? { ...part, text: 'HELLO' } : part);
          },
        }),
      model: sdk.mock(async () => ({
        stream: streamOf(sdk.partsOf([...begin, ...text, ...textEnd, ...finish('stop')])),
      })),
    });
    expect((await all(result.textStream)).join('')).toBe('HELLO');
    await recorder.flush();
    expect(log.events().find(({ type }) => type === 'text-delta')).toMatchObject({ text: 'Hello' });
  });

  it('changes nothing for the application, however the recorder fails', async () => {
    const parts = [...begin, ...text, ...textEnd, ...finish('stop')];
    const call = (streamText: AiSdk['streamText']): Promise<string> =>
      streamText({ ...fixed(), model: sdk.mock(async () => ({ stream: streamOf(sdk.partsOf(parts)) })) })
        .toUIMessageStreamResponse()
        .text();
    const bare = await call(sdk.streamText);
    const failing: Partial<RecorderOptions>[] = [
      {
        onError: () => {
          throw new Error('onError');
        },
        redact: () => {
          throw new Error('redact');
        },
      },
      { log: Object.assign(new RecordingLog(), { append: () => Promise.reject(new Error('for good')) }) },
    ];
    for (const options of failing) {
      const { run } = setUp(options);
      expect(await call(recordedText(run))).toBe(bare);
    }
    const { run, recorder } = setUp();
    await recorder.close();
    expect(await call(recordedText(run))).toBe(bare);
    const bad = setUp().recorder.openRun({ chatId: 'no id', runId: 'x'.repeat(300) });
    expect(await call(recordedText(bad))).toBe(bare);
  });
});
