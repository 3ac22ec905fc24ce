import { describe, expect, it } from '@jest/globals';
import { languageModel } from '@stepfold/formats';
import { createRecorder, type Run } from '@stepfold/recorder';
import { recordingMiddleware, recordStreamText, runOfCall } from '@stepfold/recorder-ai-sdk';
import { streamText as streamText5, wrapLanguageModel as wrap5 } from 'ai-5';
import { MockLanguageModelV2 } from 'ai-5/test';
import { streamText as streamText6, wrapLanguageModel as wrap6 } from 'ai-6';
import { MockLanguageModelV3 } from 'ai-6/test';
import { streamText as streamText7, wrapLanguageModel as wrap7 } from 'ai-7';
import { MockLanguageModelV4 } from 'ai-7/test';
import { startMicros } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { readAllRecordings } from '../formats/all-recordings.js';
import { recordedSuite } from '../formats/recorded-suite.js';
import { aiSdks, type CallOptions, type Fields } from './ai-sdk-versions.js';
import { all, brief, plain, setUp, streamOf } from './recorder-test.js';

/** Each version takes the recorder for one of its own: this has to compile. */
const compiled = (run: Run): unknown[] => {
  const middleware = recordingMiddleware(run);
  const five: typeof streamText5 = recordStreamText(streamText5, run);
  const six: typeof streamText6 = recordStreamText(streamText6, run);
  const seven: typeof streamText7 = recordStreamText(streamText7, run);
  return [
    five,
    six,
    seven,
    wrap5({ model: new MockLanguageModelV2(), middleware }),
    wrap6({ model: new MockLanguageModelV3(), middleware }),
    wrap7({ model: new MockLanguageModelV4(), middleware }),
  ];
};

it('has the types of each version', () => {
  expect(compiled(setUp().run)).toHaveLength(6);
});

const recordings = readAllRecordings()
  .filter(({ format, name }) => format === 'language-model' && name.startsWith('ai-sdk-v7/'))
  .map(({ baseName, lines }) => ({ name: baseName, parts: lines.map((line) => JSON.parse(line) as Fields) }));

const finish = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: { inputTokens: { total: 1 }, outputTokens: { total: 2 } },
};
const parts = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hello' },
  { type: 'text-end', id: 't' },
  finish,
];

describe.each(aiSdks)('a wrapped model of $name', (sdk) => {
  recordedSuite(recordings)('records its stream as it is', () => {
    for (const { name, parts: recorded } of recordings) {
      it(name, async () => {
        const { log, errors, recorder, run } = setUp();
        const given = sdk.partsOf(recorded);
        const model = sdk.wrapLanguageModel({
          model: sdk.mock(async () => ({ stream: streamOf(given) })),
          middleware: recordingMiddleware(run),
        }) as { doStream(options: object): Promise<{ stream: ReadableStream<Fields> }> };
        const { stream } = await model.doStream({ prompt: [] });
        expect(await all(stream)).toEqual(given);
        await recorder.flush();
        const converter = languageModel.createConverter({ chatId: 'chat', runId: 'run' });
        const expected = given.flatMap((part) => converter.convert(part, startMicros));
        expect(plain(log.events())).toEqual([...expected, ...converter.end(startMicros)]);
        expect(errors).toEqual([]);
      });
    }
  });

  it('records a generated answer, whose parts came at once', async () => {
    const { log, recorder, run } = setUp();
    const model = sdk.wrapLanguageModel({
      model: sdk.mock(
        async () => ({ stream: streamOf([]) }),
        async () => ({
          content: [
            { type: 'reasoning', text: 'hm' },
            { type: 'text', text: 'Hello' },
            { type: 'tool-call', toolCallId: 'a', toolName: 'add', input: '{}' },
          ],
          warnings: [],
          ...sdk.partsOf([finish])[0],
          type: undefined,
        }),
      ),
      middleware: recordingMiddleware(run),
    });
    const result = await sdk.generateText({ model, prompt: 'hello' });
    expect(result['text']).toBe('Hello');
    await recorder.flush();
    expect(brief(log.events())).toEqual(
      [
        'step-start',
        'reasoning-start',
        'reasoning-delta',
        'reasoning-end',
        'text-start',
        'text-delta',
        'text-end',
        'tool-call',
        'finish',
        'step-end',
      ].map((type) => `run.0 ${type}`),
    );
  });

  it('that is shared by all chats is recorded where the call names its chat', async () => {
    const { log, recorder } = setUp();
    const seen: CallOptions[] = [];
    const model = sdk.wrapLanguageModel({
      model: sdk.mock(async (options) => {
        seen.push(options);
        return { stream: streamOf(sdk.partsOf(parts)) };
      }),
      middleware: recordingMiddleware(runOfCall(recorder)),
    });
    const call = (providerOptions?: Fields) =>
      sdk.streamText({ model, prompt: 'hello', providerOptions }).consumeStream();
    await call({ stepfold: { chatId: 'c1', runId: 'r' }, other: { kept: true } });
    await call({ stepfold: { chatId: 'c1', runId: 'r' } });
    await call({ stepfold: { chatId: 'c2' } });
    await call();
    await recorder.flush();
    const starts = log.events().filter(({ type }) => type === 'step-start');
    expect(starts.map(({ chat_id, step_id }) => [chat_id, step_id])).toEqual([
      ['c1', 'r.0'],
      ['c1', 'r.1'],
      ['c2', expect.stringMatching(/^run-.*\.0$/)],
    ]);
    expect(seen.map(({ providerOptions }) => providerOptions?.['stepfold'])).toEqual(
      seen.map(() => undefined),
    );
    expect(seen[0]!.providerOptions).toMatchObject({ other: { kept: true } });
  });

  it('records the results of its tools with the call that is told of them', async () => {
    const { log, recorder, run } = setUp();
    let calls = 0;
    const model = sdk.wrapLanguageModel({
      model: sdk.mock(async () => {
        calls++;
        const call = { type: 'tool-call', toolCallId: 'a', toolName: 'add', input: '{}' };
        const first = [
          parts[0]!,
          call,
          { ...finish, finishReason: { unified: 'tool-calls', raw: 'tool_use' } },
        ];
        return { stream: streamOf(sdk.partsOf(calls === 1 ? first : parts)) };
      }),
      middleware: recordingMiddleware(run),
    });
    await sdk
      .streamText({
        model,
        prompt: 'hello',
        stopWhen: sdk.stopAfter(2),
        tools: { add: { inputSchema: sdk.jsonSchema({ type: 'object' }), execute: () => ({ sum: 2 }) } },
      })
      .consumeStream();
    await recorder.flush();
    expect(log.events().find(({ type }) => type === 'tool-result')).toMatchObject({
      step_id: 'run.1',
      tool_call_id: 'a',
      result: { sum: 2 },
    });
  });

  it('stops when the stop button is pressed in another process', async () => {
    const { log, runtime, run } = setUp();
    const seen: CallOptions[] = [];
    const model = sdk.wrapLanguageModel({
      model: sdk.mock(async (options) => {
        seen.push(options);
        return {
          stream: new ReadableStream<Fields>({
            start(controller) {
              for (const part of parts.slice(0, 3)) controller.enqueue(part);
            },
          }),
        };
      }),
      middleware: recordingMiddleware(run),
    }) as { doStream(options: object): Promise<{ stream: ReadableStream<Fields> }> };
    const { stream } = await model.doStream({ prompt: [] });
    const reader = stream.getReader();
    for (let reads = 0; reads < 3; reads++) await reader.read();
    await runtime.settle();
    await using other = createRecorder({ log, runtime });
    void other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
    await runtime.advance(1_000);
    expect(seen[0]!.abortSignal!.aborted).toBe(true);
  });
});
