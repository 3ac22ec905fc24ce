import Anthropic from '@anthropic-ai/sdk';
import { Stream } from '@anthropic-ai/sdk/streaming';
import { describe, expect, it } from '@jest/globals';
import type { AppendedRange } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { convertRecording } from '@stepfold/formats';
import { createRecorder, type Run } from '@stepfold/recorder';
import { recordAnthropic } from '@stepfold/recorder-anthropic';
import { TransientError } from '@stepfold/runtime';
import { startMicros } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { readRawRecordings, type RawPart } from '../formats/raw-recordings.js';
import { recordedSuite } from '../formats/recorded-suite.js';
import { foldAll } from '../support/fold-all.js';
import { all, plain, setUp } from './recorder-test.js';

type Fetch = typeof globalThis.fetch;
type Block = Readonly<Record<string, unknown>>;

const body: Anthropic.MessageCreateParamsNonStreaming = {
  model: 'm',
  max_tokens: 1,
  messages: [{ role: 'user', content: 'hi' }],
};
const stream = true as const;

function clientOf(fetch: Fetch, run?: Run, options: { maxRetries?: number } = {}): Anthropic {
  const client = new Anthropic({ apiKey: 'key', fetch, maxRetries: 0, ...options });
  return run === undefined ? client : recordAnthropic(client, run);
}

const sse = (part: RawPart): string => `event: ${String(part['type'])}\ndata: ${JSON.stringify(part)}\n\n`;
const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_1' };

/** Answers each request with the next of these, a chunk for each event; `onChunk` is before every one but the first. */
function answering(answers: readonly (readonly RawPart[])[], onChunk?: () => void): Fetch {
  const given = [...answers];
  return async () => {
    const chunks = given.shift()!.map((part) => new TextEncoder().encode(sse(part)));
    let next = 0;
    return new Response(
      new ReadableStream(
        {
          pull(controller) {
            if (next >= chunks.length) return controller.close();
            if (next > 0) onChunk?.();
            controller.enqueue(chunks[next++]!);
          },
        },
        { highWaterMark: 0 },
      ),
      { headers },
    );
  };
}

interface Asked {
  readonly signals: AbortSignal[];
}

/** Gives these events and then nothing until the request is aborted; without events it does not even answer. */
function hanging(parts: readonly RawPart[] | undefined, asked: Asked = { signals: [] }): Fetch {
  return async (_input, init) => {
    const signal = init!.signal as AbortSignal;
    asked.signals.push(signal);
    signal.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    );
    aborted.catch(() => undefined);
    if (parts === undefined) return aborted;
    const given = parts.map((part) => new TextEncoder().encode(sse(part)));
    return new Response(
      new ReadableStream({
        pull: (controller) => (given.length > 0 ? controller.enqueue(given.shift()!) : aborted),
      }),
      { headers },
    );
  };
}

const start = (...content: readonly Block[]): RawPart => ({
  type: 'message_start',
  message: {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'c',
    content,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
});
const block = (index: number, content_block: Block, ...deltas: readonly Block[]): RawPart[] => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const toolUse = (index: number, id: string, name = 'add'): RawPart[] =>
  block(
    index,
    { type: 'tool_use', id, name, input: {} },
    { type: 'input_json_delta', partial_json: '{"a":1}' },
  );
const end = (stop_reason: string): RawPart[] => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
];
const thinking = block(
  0,
  { type: 'thinking', thinking: '' },
  { type: 'thinking_delta', thinking: 'hm' },
  { type: 'signature_delta', signature: 's' },
);
const text = block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'Hello' });
const answer = [start(), ...thinking, ...text, ...end('end_turn')];
const calling = [start(), ...toolUse(0, 'a'), ...toolUse(1, 'b'), ...end('tool_use')];

const streamEvents = [
  ...['connect', 'streamEvent', 'text', 'citation', 'inputJson', 'thinking', 'signature'],
  ...['message', 'contentBlock', 'finalMessage', 'error', 'abort', 'end'],
] as const;

const plainOf = (value: unknown): unknown =>
  value instanceof Error ? `${value.constructor.name}: ${value.message}` : structuredClone(value);

/** Everything that an application can hear of `messages.stream`, in order. */
async function heardOf(client: Anthropic): Promise<unknown[]> {
  const heard: unknown[] = [];
  const messageStream = client.messages.stream(body);
  for (const name of streamEvents) {
    messageStream.on(
      name as 'streamEvent',
      (...given: unknown[]) => void heard.push([name, given.map(plainOf)]),
    );
  }
  heard.push(['final', await messageStream.finalMessage().then(plainOf, plainOf)]);
  heard.push(['request', messageStream.request_id, messageStream.aborted, messageStream.errored]);
  return heard;
}

async function bytesOf(readable: () => Promise<ReadableStream> | ReadableStream): Promise<string> {
  const decoder = new TextDecoder();
  let given = '';
  try {
    for await (const chunk of await readable())
      given += decoder.decode(chunk as Uint8Array, { stream: true });
    return given;
  } catch (error) {
    return `${given}\n${String(plainOf(error))}`;
  }
}

const recordings = readRawRecordings('anthropic', ({ type }) => type === 'message_start');

recordedSuite(recordings)('a recording, streamed by the SDK', () => {
  it.each(recordings)(
    '$name: is on the log with its times, and nothing the application hears changes',
    async (it) => {
      const parts = it.parts.map(({ part }) => part);
      const context = setUp();
      const tick = (): void => void (context.runtime.wallOffsetMicros += 1_000);
      const bare = await heardOf(clientOf(answering([parts])));
      expect(await heardOf(clientOf(answering([parts], tick), context.run))).toEqual(bare);
      await context.recorder.flush();
      const converted = convertRecording({
        format: 'anthropic',
        lines: parts.map((part) => JSON.stringify(part)),
        ...{ chatId: 'chat', runId: 'run', startMicros, tickMicros: 1_000 },
      });
      if (!converted.ok) throw new Error(converted.problem);
      // The SDK itself gives up on some: then what it had read is on the log.
      const isWhole = bare.some((heard) => Array.isArray(heard) && heard[0] === 'finalMessage');
      const expected = converted.events.map(({ event }) => event);
      if (isWhole) {
        expect(plain(context.log.events())).toEqual(expected);
        expect(foldAll(context.log.events()).messages).toEqual(foldAll(expected).messages);
      }
      expect(context.errors).toEqual([]);
    },
  );

  it.each(recordings)('$name: gives the same bytes as a stream of its own', async (it) => {
    const parts = it.parts.map(({ part }) => part);
    for (const open of [
      async (client: Anthropic) => (await client.messages.create({ ...body, stream })).toReadableStream(),
      (client: Anthropic) => client.messages.stream(body).toReadableStream(),
    ]) {
      const bare = await bytesOf(() => open(clientOf(answering([parts]))));
      expect(bare).toContain('message_start');
      expect(await bytesOf(() => open(clientOf(answering([parts]), setUp().run)))).toBe(bare);
    }
  });
});

/** A way to ask for a stream; answers its events. */
type Ask = (client: Anthropic, signal?: AbortSignal) => Promise<AsyncIterable<unknown>>;
const optionsOf = (signal?: AbortSignal) => (signal === undefined ? {} : { signal });
const asks: readonly (readonly [string, Ask])[] = [
  [
    'messages.create',
    async (client, signal) => client.messages.create({ ...body, stream }, optionsOf(signal)),
  ],
  ['messages.stream', async (client, signal) => client.messages.stream(body, optionsOf(signal))],
  [
    'beta.messages.create',
    async (client, signal) => client.beta.messages.create({ ...body, stream }, optionsOf(signal)),
  ],
  ['beta.messages.stream', async (client, signal) => client.beta.messages.stream(body, optionsOf(signal))],
];

async function outcomeOf(asked: () => Promise<AsyncIterable<unknown>>): Promise<unknown> {
  const items: unknown[] = [];
  try {
    for await (const item of await asked()) items.push(structuredClone(item));
    return { items };
  } catch (error) {
    return { items, error: plainOf(error) };
  }
}

const terminals = (events: readonly Event[]): Event[] =>
  events.filter(({ type }) => ['step-end', 'interrupt', 'error'].includes(type));

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 1_000) throw new Error('it never happens');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(asks)('%s', (name, ask) => {
  it('is recorded', async () => {
    const { log, recorder, run } = setUp();
    const bare = await outcomeOf(() => ask(clientOf(answering([answer]))));
    expect(bare).toHaveProperty('items.length', answer.length);
    expect(await outcomeOf(() => ask(clientOf(answering([answer]), run)))).toEqual(bare);
    await recorder.flush();
    expect(foldAll(log.events()).messages).toMatchObject([
      {
        status: 'complete',
        parts: [
          { type: 'reasoning', text: 'hm' },
          { type: 'text', text: 'Hello' },
        ],
      },
    ]);
  });

  const places: readonly (readonly [string, readonly RawPart[] | undefined])[] = [
    ['before the answer', undefined],
    ['before the first event', []],
    ['in thinking', answer.slice(0, 3)],
    ['in tool input', calling.slice(0, 3)],
  ];

  it.each(places)(
    '%s: an abort is what it would be, and is recorded as one by the user',
    async (_place, parts) => {
      const { log, recorder, run } = setUp();
      const outcomes = [undefined, run].map(async (given) => {
        const abort = new AbortController();
        const asked: Asked = { signals: [] };
        const outcome = outcomeOf(() => ask(clientOf(hanging(parts, asked), given), abort.signal));
        await until(
          () =>
            asked.signals.length > 0 && (given === undefined || log.events().length >= (parts?.length ?? 0)),
        );
        abort.abort();
        return outcome;
      });
      const [, recorded] = await Promise.all(outcomes);
      const isThrown = parts === undefined || name.endsWith('stream');
      if (isThrown) expect(recorded).toMatchObject({ error: expect.stringContaining('APIUserAbortError') });
      else expect(recorded).not.toHaveProperty('error');
      await recorder.flush();
      const reasons = terminals(log.events()).map((event) =>
        event.type === 'interrupt' ? event.reason : event.type,
      );
      expect(reasons).toEqual(parts === undefined || parts.length === 0 ? [] : ['user']);
    },
  );

  it.each(places)(
    '%s: a stop elsewhere is for the SDK an abort by the caller, who did not ask for it',
    async (_place, parts) => {
      const { log, recorder, runtime, run } = setUp();
      // A step that is open and can be stopped, also where the model has not answered yet.
      const held = recorder.openRun({ chatId: 'chat', runId: 'run', runsTools: true });
      const tap = parts === undefined || parts.length === 0 ? held : run;
      if (tap === held) await outcomeOf(() => ask(clientOf(answering([calling]), held)));
      const asked: Asked = { signals: [] };
      const outcome = outcomeOf(() => ask(clientOf(hanging(parts, asked), tap, { maxRetries: 2 })));
      await until(() => asked.signals.length > 0);
      await runtime.settle();
      await using other = createRecorder({ log, runtime });
      await other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
      await runtime.advance(1_000);
      const isThrown = parts === undefined || name.endsWith('stream');
      const ended = await outcome;
      if (isThrown) expect(ended).toMatchObject({ error: expect.stringContaining('APIUserAbortError') });
      else expect(ended).not.toHaveProperty('error');
      expect(asked.signals.map(({ aborted }) => aborted)).toEqual([true]);
      await recorder.flush();
      expect(terminals(log.events())).toMatchObject([{ type: 'interrupt', reason: 'user' }]);
    },
  );

  it('between steps: an abort leaves the step before it as it was', async () => {
    const { log, recorder, run } = setUp();
    const abort = new AbortController();
    const client = clientOf(answering([calling]), run);
    await outcomeOf(() => ask(client, abort.signal));
    abort.abort();
    expect(await outcomeOf(() => ask(client, abort.signal))).toMatchObject({
      items: [],
      error: expect.stringContaining('APIUserAbortError'),
    });
    await recorder.flush();
    expect(terminals(log.events())).toMatchObject([{ type: 'step-end', step_id: 'run.0' }]);
  });

  it('an error that the model sends in mid-stream fails the step, and is the same for the application', async () => {
    const { log, recorder, run } = setUp();
    const failing = [
      ...answer.slice(0, 3),
      { type: 'error', error: { type: 'overloaded_error', message: 'full' } },
    ];
    const bare = await outcomeOf(() => ask(clientOf(answering([failing]))));
    expect(bare).toMatchObject({ error: expect.stringContaining('overloaded_error') });
    expect(await outcomeOf(() => ask(clientOf(answering([failing]), run)))).toEqual(bare);
    await recorder.flush();
    expect(terminals(log.events())).toMatchObject([{ type: 'error', fatal: true, message: 'full' }]);
  });

  it('a request that is asked again is one step, and one that is refused none', async () => {
    const { log, recorder, run } = setUp();
    const refuse = (status: number): Response =>
      Response.json(
        { type: 'error', error: { type: 'overloaded_error', message: 'full' } },
        { status, headers: { 'retry-after-ms': '1' } },
      );
    const answered = answering([answer]);
    const responses: (() => Promise<Response>)[] = [async () => refuse(529), () => answered('', {})];
    const retried = await outcomeOf(() => ask(clientOf(() => responses.shift()!(), run, { maxRetries: 1 })));
    expect(retried).toHaveProperty('items.length', answer.length);
    const bare = await outcomeOf(() => ask(clientOf(async () => refuse(400))));
    expect(bare).toMatchObject({ error: expect.stringContaining('BadRequestError: 400') });
    expect(await outcomeOf(() => ask(clientOf(async () => refuse(400), run)))).toEqual(bare);
    await recorder.flush();
    expect(terminals(log.events())).toMatchObject([{ type: 'step-end', step_id: 'run.0' }]);
  });

  it('is what it would be when nothing can be recorded', async () => {
    class BrokenLog extends RecordingLog {
      override async append(): Promise<AppendedRange> {
        throw new TransientError('log-unavailable', 'away');
      }
    }
    const bare = await outcomeOf(() => ask(clientOf(answering([answer]))));
    const onError = (): never => {
      throw new Error('onError');
    };
    for (const options of [{ log: new BrokenLog() }, { redact: onError }]) {
      const { run } = setUp({ ...options, onError });
      expect(await outcomeOf(() => ask(clientOf(answering([answer]), run)))).toEqual(bare);
    }
  });
});

describe('a recorded client', () => {
  it('is an Anthropic, and so are the copies that are made of it', async () => {
    const { log, recorder, run } = setUp();
    const client = new Anthropic({
      apiKey: 'key',
      timeout: 7,
      defaultHeaders: { a: 'b' },
      fetch: answering([answer, answer]),
    });
    const recorded: Anthropic = recordAnthropic(client, run);
    expect(recorded).toBeInstanceOf(Anthropic);
    expect(recorded).toMatchObject({ apiKey: 'key', timeout: 7 });
    expect(recorded).not.toBe(client);
    await outcomeOf(async () => recorded.withOptions({ timeout: 8 }).messages.stream(body));
    await outcomeOf(async () => client.messages.stream(body));
    await recorder.flush();
    expect(terminals(log.events())).toHaveLength(1);
  });

  it('answers what create answers: the stream, its response, and the raw response', async () => {
    const { log, recorder, run } = setUp();
    const client = clientOf(answering([answer, answer, answer]), run);
    const { data, response, request_id } = await client.messages.create({ ...body, stream }).withResponse();
    expect(data).toBeInstanceOf(Stream);
    expect([response.status, request_id]).toEqual([200, 'req_1']);
    const [left, right] = data.tee();
    expect([await all(left), await all(right)]).toEqual([answer, answer]);
    const raw = await client.messages.create({ ...body, stream }).asResponse();
    expect(raw.headers.get('request-id')).toBe('req_1');
    expect(await raw.text()).toBe(answer.map(sse).join(''));
    const controlled = await clientOf(hanging(answer.slice(0, 3)), run).messages.create({ ...body, stream });
    for await (const _ of controlled) controlled.controller.abort();
    await recorder.flush();
    expect(terminals(log.events())).toMatchObject([
      { step_id: 'run.0', type: 'step-end' },
      { step_id: 'run.1', type: 'step-end' },
      { step_id: 'run.2', type: 'interrupt', reason: 'user' },
    ]);
  });

  it('of Vertex is recorded too', async () => {
    const { log, recorder, run } = setUp();
    const vertex = (fetch: Fetch) => ({
      fetch,
      withOptions: (options: { fetch: Fetch }) => vertex(options.fetch),
      ask: async (method: string) =>
        (
          await fetch(`https://x/v1/projects/p/locations/l/publishers/anthropic/models/c:${method}`, {
            method: 'POST',
            body: '{}',
          })
        ).text(),
    });
    const recorded = recordAnthropic(vertex(answering([answer, answer])), run);
    await recorded.ask('streamRawPredict');
    await recorded.ask('countTokens');
    await recorder.flush();
    expect(terminals(log.events())).toHaveLength(1);
  });
});

describe('a loop with two tools side by side', () => {
  /** The tool `a` takes 10 ms, `b` 25; the model needs 100 to answer. Times are milliseconds behind the first answer. */
  async function loop(runsTools: boolean, isRunByRun: boolean): Promise<Event[]> {
    const context = setUp();
    const pass = (ms: number): void => void (context.runtime.wallOffsetMicros += ms * 1_000);
    const run = context.recorder.openRun({ chatId: 'chat', runId: 'run', runsTools });
    const answered = answering([calling, answer]);
    let requests = 0;
    const client = clientOf(async (...given) => {
      if (requests++ > 0) pass(100);
      return answered(...given);
    }, run);
    const finish = new Map<string, (result: string) => void>();
    const toolOf = (id: string): Promise<string> => {
      const execute = () => new Promise<string>((resolve) => void finish.set(id, resolve));
      return isRunByRun ? run.runTool(id, execute) : execute();
    };

    const first = await client.messages.stream(body).finalMessage();
    const ran = Promise.all(['a', 'b'].map(toolOf));
    for (const [ms, id] of [
      [10, 'a'],
      [15, 'b'],
    ] as const) {
      pass(ms);
      finish.get(id)!(id.toUpperCase());
      await context.runtime.settle();
    }
    const content = (await ran).map((given, index) => ({
      ...{ type: 'tool_result' as const, tool_use_id: 'ab'[index]!, content: given },
    }));
    const { role, content: said } = first;
    await client.messages
      .stream({ ...body, messages: [...body.messages, { role, content: said }, { role: 'user', content }] })
      .finalMessage();
    run.close();
    await context.recorder.flush();
    expect(context.errors).toEqual([]);
    return context.log.events();
  }

  const timesOf = (events: readonly Event[], type: Event['type']): unknown[] =>
    events
      .filter((event) => event.type === type)
      .map((event) => [
        event.step_id,
        'tool_call_id' in event ? event.tool_call_id : '',
        (event.at - startMicros) / 1_000,
      ]);

  it('has its results in the step of their calls, with the times of the tools', async () => {
    const events = await loop(true, true);
    expect(timesOf(events, 'tool-execution-start')).toEqual([
      ['run.0', 'a', 0],
      ['run.0', 'b', 0],
    ]);
    expect(timesOf(events, 'tool-result')).toEqual([
      ['run.0', 'a', 10],
      ['run.0', 'b', 25],
    ]);
    expect(timesOf(events, 'step-end')).toEqual([
      ['run.0', '', 25],
      ['run.1', '', 125],
    ]);
    const { outcomes, messages } = foldAll(events);
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    expect(messages.map(({ status, parts }) => [status, parts.length])).toEqual([
      ['complete', 4],
      ['complete', 2],
    ]);
  });

  it('has them there also if only the next request tells of them, with the time of the request', async () => {
    const events = await loop(true, false);
    expect(timesOf(events, 'tool-result')).toEqual([
      ['run.0', 'a', 25],
      ['run.0', 'b', 25],
    ]);
    expect(timesOf(events, 'step-end')).toEqual([
      ['run.0', '', 25],
      ['run.1', '', 125],
    ]);
  });

  it('has them in the next step if the run does not run the tools', async () => {
    const events = await loop(false, false);
    expect(timesOf(events, 'tool-result')).toEqual([
      ['run.1', 'a', 25],
      ['run.1', 'b', 25],
    ]);
    expect(timesOf(events, 'step-end')).toEqual([
      ['run.0', '', 0],
      ['run.1', '', 125],
    ]);
    const { outcomes, messages } = foldAll(events);
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    expect(messages[0]).toMatchObject({ pending_tool_call_ids: ['a', 'b'] });
  });

  it('may be one of the SDK', async () => {
    const { log, recorder } = setUp();
    const run = recorder.openRun({ chatId: 'chat', runId: 'run', runsTools: true });
    const runner = clientOf(answering([calling, answer]), run).beta.messages.toolRunner({
      ...{ model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'hi' }], stream },
      tools: [
        {
          ...{ type: 'custom', name: 'add', description: '', input_schema: { type: 'object' } },
          ...{ parse: (input: unknown) => input, run: () => '2' },
        },
      ],
    });
    for await (const turn of runner) await turn.finalMessage();
    run.close();
    await recorder.flush();
    expect(foldAll(log.events()).messages).toMatchObject([
      {
        status: 'complete',
        parts: [{ tool_call_id: 'a' }, { tool_call_id: 'b' }, { result: '2' }, { result: '2' }],
      },
      { status: 'complete', parts: [{ type: 'reasoning' }, { type: 'text' }] },
    ]);
  });
});

it('finds results of tools also before instructions of the system', async () => {
  const { log, recorder, run } = setUp();
  await outcomeOf(async () =>
    clientOf(answering([answer]), run).messages.create({
      ...body,
      messages: [
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'old', content: 'old' }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'add', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: '2' }] },
        { role: 'system', content: 'be brief' },
      ],
      stream,
    }),
  );
  await recorder.flush();
  expect(log.events().filter(({ type }) => type === 'tool-result')).toMatchObject([
    { tool_call_id: 'a', result: '2' },
  ]);
});
