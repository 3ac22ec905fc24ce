import { describe, expect, it } from '@jest/globals';
import { TransientError } from '@stepfold/runtime';
import type { Run } from '@stepfold/recorder';
import { recordOpenAI } from '@stepfold/recorder-openai';
import OpenAI, { APIUserAbortError, AzureOpenAI } from 'openai';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { answeringInTurn, answeringUntilAborted, type Exchange } from './openai-exchange.js';
import { all, brief, setUp } from './recorder-test.js';

type Fields = Readonly<Record<string, unknown>>;

function clientOf({ fetch }: Exchange, run?: Run): OpenAI {
  const client = new OpenAI({ apiKey: 'key', fetch });
  return run === undefined ? client : recordOpenAI(client, run);
}

/** The run, stopped when the test says so. */
function stoppable(run: Run): { readonly run: Run; readonly stop: () => void } {
  const controller = new AbortController();
  return {
    run: Object.create(run, { signal: { value: controller.signal } }) as Run,
    stop: () => controller.abort(new DOMException('stopped', 'AbortError')),
  };
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

const chunk = (delta: Fields, finish_reason: string | null = null): Fields => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'g',
  choices: [{ index: 0, delta, finish_reason }],
});
const calling = [
  chunk({
    role: 'assistant',
    tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'add', arguments: '{"n":1}' } }],
  }),
  chunk({}, 'tool_calls'),
];
const done = [chunk({ role: 'assistant', content: 'Hello' }), chunk({}, 'stop')];

const response = { id: 'r', object: 'response', created_at: 1, model: 'g', output: [], tools: [] };
const text = { type: 'output_text', text: 'Hello', annotations: [] };
const item = { type: 'message', id: 'y', role: 'assistant', status: 'completed', content: [text] };
const functionCall = {
  type: 'function_call',
  id: 'x',
  call_id: 'a',
  name: 'add',
  arguments: '{"n":1}',
  status: 'completed',
};
const answered = (output: readonly Fields[]): Fields[] => [
  { type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress' } },
  ...output.flatMap((one, output_index) => [
    { type: 'response.output_item.added', sequence_number: 1, output_index, item: one },
    { type: 'response.output_item.done', sequence_number: 2, output_index, item: one },
  ]),
  { type: 'response.completed', sequence_number: 3, response: { ...response, status: 'completed', output } },
];

const chatBody = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
const responsesBody = { model: 'm', input: 'hi' };

describe('a stop elsewhere, which the application has not heard of', () => {
  it('before the answer is an abort to the SDK, which does not ask again', async () => {
    const { run, stop } = stoppable(setUp().run);
    let requests = 0;
    const fetch: typeof globalThis.fetch = (_input, init) => {
      requests++;
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      });
    };
    const asked = clientOf({ fetch, requests: [] }, run).responses.create({ ...responsesBody, stream: true });
    void until(() => requests > 0).then(stop);
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    expect(requests).toBe(1);
  });

  it('in mid-stream ends the stream and aborts its controller', async () => {
    const { run, stop } = stoppable(setUp().run);
    const exchange = answeringUntilAborted([calling[0]!]);
    const stream = await clientOf(exchange, run).chat.completions.create({ ...chatBody, stream: true });
    const seen: unknown[] = [];
    for await (const part of stream) {
      seen.push(part);
      stop();
    }
    expect(seen).toEqual([calling[0]]);
    expect(stream.controller.signal.aborted).toBe(true);
  });

  it('in mid-stream is an abort to the helpers', async () => {
    const { run, stop } = stoppable(setUp().run);
    const stream = clientOf(answeringUntilAborted([done[0]!]), run).chat.completions.stream(chatBody);
    stream.on('content', () => stop());
    await expect(stream.finalChatCompletion()).rejects.toBeInstanceOf(APIUserAbortError);
    expect(stream.aborted).toBe(true);
  });

  it("stands beside the caller's own abort, and does not touch what is not recorded", async () => {
    const { run, stop } = stoppable(setUp().run);
    const abort = new AbortController();
    const exchange = answeringInTurn({ data: [] }, done);
    stop();
    await clientOf(exchange, run).embeddings.create({ model: 'm', input: 'hi' });
    abort.abort();
    const asked = clientOf(exchange, setUp().run).chat.completions.create(chatBody, { signal: abort.signal });
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    expect(exchange.requests).toHaveLength(1);
  });
});

describe('a signal of the caller that is none of the platform', () => {
  it('is the one that counts', async () => {
    const signal = Object.assign(new EventTarget(), { aborted: false }) as unknown as AbortSignal;
    const client = clientOf(answeringInTurn(done), setUp().run);
    const stream = await client.chat.completions.create({ ...chatBody, stream: true }, { signal });
    expect(await all(stream)).toEqual(done);
  });
});

describe('a client', () => {
  it.each([{ apiKey: 'key' }, { azureADTokenProvider: async () => 'token' }])(
    'of Azure asks as it did, with a key or tokens (%#)',
    async (credentials) => {
      const exchange = answeringInTurn(done, done);
      const options = { apiVersion: '2024-10-01', endpoint: 'https://a.example', deployment: 'd' };
      const client = new AzureOpenAI({ ...credentials, ...options, fetch: exchange.fetch });
      const { log, recorder, run } = setUp();
      const recorded: AzureOpenAI = recordOpenAI(client, run);
      for (const each of [client, recorded]) {
        await all(await each.chat.completions.create({ ...chatBody, stream: true }));
      }
      const [bare, second] = exchange.requests.map(({ url, init }) => {
        const headers = new Headers(init.headers);
        return [url, headers.get('authorization'), headers.get('api-key')];
      });
      expect(bare![0]).toContain('/deployments/d/chat/completions?api-version=2024-10-01');
      expect(second).toEqual(bare);
      await recorder.flush();
      expect(brief(log.events())).toContain('run.0 step-end');
    },
  );

  it('without `withOptions`, as version 4 makes them, is made again from its options', async () => {
    class OldClient {
      readonly chat = { completions: {} };
      readonly _options: { readonly fetch: typeof globalThis.fetch; readonly apiKey: string };
      readonly fetch: typeof globalThis.fetch;
      constructor(options: OldClient['_options']) {
        this._options = options;
        this.fetch = options.fetch;
      }
    }
    const { log, recorder, run } = setUp();
    const exchange = answeringInTurn(done);
    const recorded = recordOpenAI(new OldClient({ fetch: exchange.fetch, apiKey: 'key' }), run);
    expect(recorded).toBeInstanceOf(OldClient);
    expect(recorded._options.apiKey).toBe('key');
    const answer = await recorded.fetch('https://a.example/chat/completions', { method: 'POST' });
    await answer.text();
    await recorder.flush();
    expect(brief(log.events())).toContain('run.0 step-end');
  });

  it('is left as it was, and another is of its class', async () => {
    const exchange = answeringInTurn(done);
    const { log, recorder, run } = setUp();
    const client = clientOf(exchange);
    const recorded: OpenAI = recordOpenAI(client, run);
    expect(recorded).toBeInstanceOf(OpenAI);
    await all(await client.chat.completions.create({ ...chatBody, stream: true }));
    await recorder.flush();
    expect(log.events()).toEqual([]);
  });
});

describe('what `create` answers', () => {
  it('has its response, raw or beside the stream', async () => {
    const { log, recorder, run } = setUp();
    const client = clientOf(answeringInTurn(done, done), run);
    const ask = () => client.chat.completions.create({ ...chatBody, stream: true });
    const raw = await ask().asResponse();
    expect(await raw.text()).toContain('"content":"Hello"');
    const { data, response: beside } = await ask().withResponse();
    expect(beside.headers.get('content-type')).toBe('text/event-stream');
    expect(await all(data)).toEqual(done);
    await recorder.flush();
    const types = ['step-start', 'text-start', 'text-delta', 'text-end', 'finish', 'step-end'];
    expect(brief(log.events())).toEqual(
      ['run.0', 'run.1'].flatMap((step) => types.map((type) => `${step} ${type}`)),
    );
  });

  it('can be split, and is recorded once', async () => {
    const { log, recorder, run } = setUp();
    const client = clientOf(answeringInTurn(done), run);
    const stream = await client.chat.completions.create({ ...chatBody, stream: true });
    const [left, right] = stream.tee();
    expect(await Promise.all([all(left), all(right)])).toEqual([done, done]);
    await recorder.flush();
    expect(brief(log.events()).filter((line) => line.endsWith('text-delta'))).toHaveLength(1);
  });
});

/** Every callback of a helper, in order. */
async function heard(
  helper: { on(name: never, listener: (...given: unknown[]) => void): unknown; done(): Promise<void> },
  names: readonly string[],
): Promise<unknown[]> {
  const calls: unknown[] = [];
  for (const name of names) {
    helper.on(name as never, (...given) => void calls.push(structuredClone([name, ...given])));
  }
  await helper.done();
  return calls;
}

describe('the helpers call back as they do without a recorder', () => {
  it('of chat completions', async () => {
    const names = ['connect', 'chunk', 'chatCompletion', 'message', 'content', 'content.done', 'end'];
    names.push('tool_calls.function.arguments.done', 'finalChatCompletion', 'finalContent');
    const hear = async (run?: Run) => {
      const helper = clientOf(answeringInTurn(calling), run).chat.completions.stream(chatBody);
      return [await heard(helper, names), await helper.finalChatCompletion()];
    };
    const bare = await hear();
    expect(bare[0]).not.toHaveLength(0);
    expect(await hear(setUp().run)).toEqual(bare);
  });

  it('of responses', async () => {
    const names = ['connect', 'event', 'response.output_item.done', 'response.completed', 'end'];
    const hear = async (run?: Run) => {
      const helper = clientOf(answeringInTurn(answered([item])), run).responses.stream(responsesBody);
      return [await heard(helper, names), await helper.finalResponse()];
    };
    const bare = await hear();
    expect(bare[0]).not.toHaveLength(0);
    expect(await hear(setUp().run)).toEqual(bare);
  });
});

/** Asks the model, which takes a second to answer, runs its tool for 50 ms, and asks again. */
async function loop(api: 'responses' | 'chat', runsTools: boolean): Promise<readonly Fields[]> {
  const { log, runtime, recorder } = setUp();
  const run = recorder.openRun({ chatId: 'chat', runId: 'run', runsTools });
  const execute = async (): Promise<string> => {
    await runtime.advance(50);
    return '2';
  };
  const slowly = (exchange: Exchange): Exchange => ({
    ...exchange,
    fetch: async (...given) => {
      await runtime.advance(1_000);
      return exchange.fetch(...given);
    },
  });
  const tool = (): Promise<string> => (runsTools ? run.runTool('a', execute) : execute());
  if (api === 'responses') {
    const client = clientOf(slowly(answeringInTurn(answered([functionCall]), answered([item]))), run);
    await all(await client.responses.create({ ...responsesBody, stream: true }));
    const output = { type: 'function_call_output' as const, call_id: 'a', output: await tool() };
    const input = [functionCall as OpenAI.Responses.ResponseFunctionToolCall, output];
    await all(await client.responses.create({ ...responsesBody, input, stream: true }));
  } else {
    const client = clientOf(slowly(answeringInTurn(calling, done)), run);
    const { choices } = await client.chat.completions.stream(chatBody).finalChatCompletion();
    const result = { role: 'tool' as const, tool_call_id: 'a', content: await tool() };
    const messages = [...chatBody.messages, choices[0]!.message, result];
    await all(await client.chat.completions.create({ ...chatBody, messages, stream: true }));
  }
  run.close();
  await recorder.flush();
  const { at: start } = log.events()[0]!;
  return log.events().map((event) => ({ ...event, at: event.at - start }));
}

describe.each(['responses', 'chat'] as const)('a loop of tools through %s', (api) => {
  it('with `runsTools`, has them in the step of their call, when they ran', async () => {
    const events = await loop(api, true);
    expect(events.filter(({ type }) => /^tool-(exec|result)|step-end/.test(String(type)))).toMatchObject([
      { type: 'tool-execution-start', step_id: 'run.0', at: 0 },
      { type: 'tool-result', step_id: 'run.0', at: 50_000, result: '2' },
      { type: 'step-end', step_id: 'run.0', at: 50_000 },
      { type: 'step-end', step_id: 'run.1' },
    ]);
  });

  it('without, has their results in the step that answers them, with the time of the request', async () => {
    const events = await loop(api, false);
    expect(events.filter(({ type }) => type === 'tool-result' || type === 'step-end')).toMatchObject([
      { type: 'step-end', step_id: 'run.0', at: 0 },
      { type: 'tool-result', step_id: 'run.1', tool_call_id: 'a', result: '2', at: 50_000 },
      { type: 'step-end', step_id: 'run.1', at: 1_050_000 },
    ]);
  });
});

describe('runTools', () => {
  const completion = (message: Fields, finish_reason: string): Fields => ({
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'g',
    choices: [{ index: 0, message, finish_reason }],
  });
  const toolCall = { id: 'a', type: 'function', function: { name: 'add', arguments: '{"n":1}' } };
  const ways = {
    streamed: [calling, done],
    'not streamed': [
      completion({ role: 'assistant', content: null, tool_calls: [toolCall] }, 'tool_calls'),
      completion({ role: 'assistant', content: 'Hello' }, 'stop'),
    ],
  };

  it.each(Object.entries(ways))('is recorded request by request, %s', async (way, answers) => {
    const { log, recorder, run } = setUp();
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'add', description: '', parameters: {}, parse: JSON.parse, function: () => '2' },
      },
    ];
    const { completions } = clientOf(answeringInTurn(...answers), run).chat;
    const runner =
      way === 'streamed'
        ? completions.runTools({ ...chatBody, tools, stream: true })
        : completions.runTools({ ...chatBody, tools });
    expect(await runner.finalContent()).toBe('Hello');
    await recorder.flush();
    const lines = brief(log.events()).filter((line) => /tool-call$|result|step-end/.test(line));
    expect(lines).toEqual(['run.0 tool-call', 'run.0 step-end', 'run.1 tool-result', 'run.1 step-end']);
  });
});

it('an abort ends the step though nobody reads on, and the next stream is the next step of the run', async () => {
  const { log, recorder, run } = setUp();
  const ask = async (exchange: Exchange) =>
    clientOf(exchange, run).chat.completions.create({ ...chatBody, stream: true });
  const unread = await ask(answeringUntilAborted(calling));
  unread.controller.abort();
  const left = await ask(answeringUntilAborted([done[0]!]));
  await left[Symbol.asyncIterator]().next();
  left.controller.abort();
  await all(await ask(answeringInTurn(done)));
  await recorder.flush();
  const ends = log.events().filter(({ type }) => type === 'step-end' || type === 'interrupt');
  expect(ends).toMatchObject([
    { type: 'interrupt', reason: 'user', step_id: 'run.0' },
    { type: 'step-end', step_id: 'run.1' },
  ]);
});

it('an abort between steps leaves the step before it complete, and no other', async () => {
  const { log, recorder, run } = setUp();
  const abort = new AbortController();
  const client = clientOf(answeringInTurn(calling, done), run);
  const options = { signal: abort.signal };
  await all(await client.chat.completions.create({ ...chatBody, stream: true }, options));
  abort.abort();
  const asked = client.chat.completions.create({ ...chatBody, stream: true }, options);
  await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
  await recorder.flush();
  const ends = log.events().filter(({ type }) => type === 'step-end' || type === 'interrupt');
  expect(ends).toMatchObject([{ type: 'step-end', step_id: 'run.0' }]);
});

it('the application gets everything though the log fails for good and `onError` throws', async () => {
  class FailingLog extends RecordingLog {
    override async append(): Promise<never> {
      throw new TransientError('log-unavailable', 'away');
    }
  }
  const { runtime, run } = setUp({
    log: new FailingLog(),
    onError: () => {
      throw new Error('onError');
    },
  });
  const client = clientOf(answeringInTurn(answered([item]), done), run);
  expect(await all(await client.responses.create({ ...responsesBody, stream: true }))).toEqual(
    answered([item]),
  );
  await runtime.advance(30_000);
  expect(await client.chat.completions.stream(chatBody).finalContent()).toBe('Hello');
});
