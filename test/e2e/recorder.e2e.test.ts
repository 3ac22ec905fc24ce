import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { messageToJson, type Message } from '@stepfold/fold';
import { anthropic, languageModel } from '@stepfold/formats';
import { runProjector } from '@stepfold/projector';
import { createRecorder } from '@stepfold/recorder';
import { recordStreamText } from '@stepfold/recorder-ai-sdk';
import { recordAnthropic } from '@stepfold/recorder-anthropic';
import { InMemoryMetrics, silentLogger } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';
import { aiSdks, type Fields } from '../recorder/ai-sdk-versions.js';
import { streamOf } from '../recorder/recorder-test.js';
import { readRawRecordings } from '../formats/raw-recordings.js';
import { recordedSuite } from '../formats/recorded-suite.js';
import { messagesOfLines } from '../formats/convert-lines.js';
import { availableBackends, openTestData, type TestData } from '../support/test-data.js';

jest.setTimeout(180_000);

const recordings = readRawRecordings('anthropic', ({ type }) => type === 'message_start').slice(0, 12);

/** What does not depend on when and where it was recorded. */
function timeless(message: Message): unknown {
  const stampless = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(stampless);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([name]) => !/(?:_at|^at|_ms)$/.test(name));
    return Object.fromEntries(entries.map(([name, inner]) => [name, stampless(inner)]));
  };
  const {
    log: _log,
    digest: _digest,
    chat_id: _chat,
    step_id: _step,
    run_id: _run,
    ...rest
  } = messageToJson(message);
  return stampless(rest);
}

describe.each(availableBackends())('recorded on %s', (backend) => {
  let data: TestData;
  let stop: AbortController;
  let services: Promise<unknown>;

  beforeEach(async () => {
    data = await openTestData(backend);
    stop = new AbortController();
    const { log, store, runtime } = data;
    const context = {
      log,
      runtime,
      logger: silentLogger,
      metrics: new InMemoryMetrics(),
      signal: stop.signal,
    };
    services = Promise.all([runProjector({ ...context, config: {} }), runWriter({ ...context, store })]);
  });

  afterEach(async () => {
    stop.abort();
    await services;
    await data[Symbol.asyncDispose]();
  });

  recordedSuite(recordings)('streams of the Anthropic SDK', () => {
    it('are stored as the fold of their recordings, while they stream', async () => {
      const { log, runtime, store } = data;
      await using recorder = createRecorder({ log, runtime });
      for (const [index, { parts }] of recordings.entries()) {
        const text = parts
          .map(({ part }) => `event: ${String(part['type'])}\ndata: ${JSON.stringify(part)}\n\n`)
          .join('');
        const fetch = async (): Promise<Response> =>
          new Response(text, { headers: { 'content-type': 'text/event-stream' } });
        const run = recorder.openRun({ chatId: `chat-${index}`, runId: 'run' });
        const client = recordAnthropic(new Anthropic({ apiKey: 'key', fetch }), run);
        const stream = await client.messages.create({
          model: 'm',
          max_tokens: 1,
          messages: [],
          stream: true,
        });
        for await (const _ of stream);
      }
      await recorder.flush();
      await data.untilStored();
      for (const [index, { parts }] of recordings.entries()) {
        const { items } = await store.messages(`chat-${index}`, { limit: 100 });
        const lines = parts.map(({ part }) => JSON.stringify(part));
        const expected = messagesOfLines(anthropic.name as 'anthropic', lines).map((message) =>
          timeless(message),
        );
        expect(items.map((message) => timeless(message))).toEqual(expected);
      }
    });
  });

  it('an answer of streamText with a tool is stored while it streams', async () => {
    const { log, runtime, store } = data;
    await using recorder = createRecorder({ log, runtime });
    const sdk = aiSdks[1]!;
    const finish = (unified: string): Fields => ({
      type: 'finish',
      finishReason: { unified, raw: unified },
      usage: { inputTokens: { total: 1 }, outputTokens: { total: 2 } },
    });
    const answers: Fields[][] = [
      [{ type: 'tool-call', toolCallId: 'c', toolName: 'add', input: '{"a":1}' }, finish('tool-calls')],
      [
        { type: 'text-start', id: 't' },
        { type: 'text-delta', id: 't', delta: 'Two' },
        { type: 'text-end', id: 't' },
        finish('stop'),
      ],
    ];
    const streamText = recordStreamText(sdk.streamText, recorder.openRun({ chatId: 'chat', runId: 'run' }));
    await streamText({
      model: sdk.mock(async () => ({
        stream: streamOf([{ type: 'stream-start', warnings: [] }, ...answers.shift()!]),
      })),
      prompt: 'add',
      stopWhen: sdk.stopAfter(3),
      tools: { add: { inputSchema: sdk.jsonSchema({ type: 'object' }), execute: () => 2 } },
    }).consumeStream();
    await recorder.flush();
    await data.untilStored();
    expect((await store.messages('chat')).items).toMatchObject([
      {
        step_id: 'run.0',
        status: 'complete',
        parts: [{ type: 'tool-call', execution_started_at: expect.any(Number) }, { result: 2 }],
      },
      { step_id: 'run.1', status: 'complete', parts: [{ text: 'Two' }] },
    ]);
  });

  it('a stream is stopped by another publisher of the same log', async () => {
    const { log, runtime, store } = data;
    await using recorder = createRecorder({ log, runtime });
    await using other = createRecorder({ log, runtime });
    const run = recorder.openRun({ chatId: 'chat', runId: 'run' });
    const stopped = new Promise((resolve) => run.signal.addEventListener('abort', resolve));
    async function* endless() {
      yield { type: 'text-start', id: 't' };
      for (;;) {
        yield { type: 'text-delta', id: 't', delta: 'x' };
        // As slow as a model, and over when it is stopped.
        await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 10))]);
        run.signal.throwIfAborted();
      }
    }
    const reading = (async () => {
      let parts = 0;
      for await (const _ of run.recordIterable(endless(), { format: languageModel })) {
        parts++;
        if (parts === 5) void other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError', ending: 'user' });
    await recorder.flush();
    await data.untilStored();
    expect((await store.messages('chat')).items).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'user' } },
    ]);
  });
});
