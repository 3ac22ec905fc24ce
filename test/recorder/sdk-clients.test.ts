import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from '@jest/globals';
import { convertRecording, type FormatName } from '@stepfold/formats';
import { createRecorder, type Run } from '@stepfold/recorder';
import { recordAnthropic } from '@stepfold/recorder-anthropic';
import { recordOpenAI } from '@stepfold/recorder-openai';
import OpenAI from 'openai';
import { startMicros } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { readRawRecordings, seededNumbers, type RawRecording } from '../formats/raw-recordings.js';
import { recordedSuite } from '../formats/recorded-suite.js';
import { brief, plain, setUp } from './recorder-test.js';

type Fields = Readonly<Record<string, unknown>>;
type Events = AsyncIterable<unknown> & { toReadableStream?(): ReadableStream };

/** A way to ask for a stream, and what an application gets of it. */
interface Call {
  readonly name: string;
  readonly format: FormatName;
  /** Events are named on the wire. */
  readonly isNamed: boolean;
  /** A client whose answers come from `fetch`; recorded if there is a run. */
  open(fetch: typeof globalThis.fetch, run: Run | undefined, signal?: AbortSignal): Promise<Events>;
}

const anthropicClient = (fetch: typeof globalThis.fetch, run?: Run): Anthropic => {
  const client = new Anthropic({ apiKey: 'key', fetch, maxRetries: 0 });
  return run === undefined ? client : recordAnthropic(client, run);
};
const openaiClient = (fetch: typeof globalThis.fetch, run?: Run): OpenAI => {
  const client = new OpenAI({ apiKey: 'key', fetch, maxRetries: 0 });
  return run === undefined ? client : recordOpenAI(client, run);
};
const anthropicBody = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'hi' }] };
const chatBody = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal });

const calls: readonly Call[] = [
  {
    name: 'Anthropic messages.create',
    format: 'anthropic',
    isNamed: true,
    open: async (fetch, run, signal) =>
      anthropicClient(fetch, run).messages.create({ ...anthropicBody, stream: true }, options(signal)),
  },
  {
    name: 'Anthropic messages.stream',
    format: 'anthropic',
    isNamed: true,
    open: async (fetch, run, signal) =>
      anthropicClient(fetch, run).messages.stream(anthropicBody, options(signal)),
  },
  {
    name: 'OpenAI responses.create',
    format: 'openai-responses',
    isNamed: true,
    open: async (fetch, run, signal) =>
      openaiClient(fetch, run).responses.create({ model: 'm', input: 'hi', stream: true }, options(signal)),
  },
  {
    name: 'OpenAI chat.completions.create',
    format: 'openai-chat',
    isNamed: false,
    open: async (fetch, run, signal) =>
      openaiClient(fetch, run).chat.completions.create({ ...chatBody, stream: true }, options(signal)),
  },
  {
    name: 'OpenAI responses.stream',
    format: 'openai-responses',
    isNamed: true,
    open: async (fetch, run, signal) =>
      openaiClient(fetch, run).responses.stream({ model: 'm', input: 'hi' }, options(signal)),
  },
  {
    name: 'OpenAI chat.completions.stream',
    format: 'openai-chat',
    isNamed: false,
    open: async (fetch, run, signal) =>
      openaiClient(fetch, run).chat.completions.stream(chatBody, options(signal)),
  },
];

const vocabularies: Readonly<Record<string, (part: Fields) => boolean>> = {
  anthropic: ({ type }) => type === 'message_start',
  'openai-responses': ({ type }) => typeof type === 'string' && type.startsWith('response.'),
  'openai-chat': ({ choices }) => Array.isArray(choices),
};

function wire(parts: readonly Fields[], isNamed: boolean): Uint8Array {
  const events = parts.map((part) => {
    const name = isNamed ? `event: ${String(part['type'])}\n` : '';
    return `${name}data: ${JSON.stringify(part)}\n\n`;
  });
  return new TextEncoder().encode(events.join('') + (isNamed ? '' : 'data: [DONE]\n\n'));
}

const eventStream = { headers: { 'content-type': 'text/event-stream; charset=utf-8' } };

/** Answers with these bytes, cut at any places. */
function answering(bytes: Uint8Array, seed = 1): typeof globalThis.fetch {
  return async () => {
    const random = seededNumbers(seed);
    let from = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (from >= bytes.length) return controller.close();
        const to = Math.min(bytes.length, from + 1 + Math.floor(random() * 4_000));
        controller.enqueue(bytes.slice(from, to));
        from = to;
      },
    });
    return new Response(body, eventStream);
  };
}

async function outcomeOf(opened: () => Promise<AsyncIterable<unknown>>): Promise<Fields> {
  const items: unknown[] = [];
  try {
    for await (const item of await opened()) items.push(structuredClone(item));
    return { items };
  } catch (error) {
    return { items, error: String(error) };
  }
}

for (const call of calls) {
  const recordings = readRawRecordings(call.format, vocabularies[call.format]!).filter(isOfOne(call.format));
  recordedSuite(recordings)(`recordings through ${call.name}`, () => {
    for (const { name, parts } of recordings) {
      it(name, async () => {
        const given = parts.map(({ part }) => part);
        const fetch = answering(wire(given, call.isNamed));
        const { log, errors, recorder, run } = setUp();
        const bare = await outcomeOf(() => call.open(fetch, undefined));
        expect(await outcomeOf(() => call.open(fetch, run))).toEqual(bare);
        await recorder.flush();
        const converted = convertRecording({
          format: call.format,
          lines: given.map((part) => JSON.stringify(part)),
          ...{ chatId: 'chat', runId: 'run', startMicros, tickMicros: 0 },
        });
        if (!converted.ok) throw new Error(converted.problem);
        // The SDK itself gives up on some: recorded is what it had read by then.
        const isBroken = bare['error'] !== undefined;
        if (!isBroken) expect(plain(log.events())).toEqual(converted.events.map(({ event }) => event));
        expect(errors).toEqual([]);
      });
    }
  });
}

/** Those whose first part is of the vocabulary: others are answers to something else. */
function isOfOne(format: FormatName): (recording: RawRecording) => boolean {
  return ({ parts }) => parts.some(({ part }) => vocabularies[format]!(part));
}

const message = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'c',
  content: [],
  usage: { input_tokens: 1 },
};
const response = { id: 'r', object: 'response', model: 'g', output: [], status: 'in_progress' };
const chunk = { id: 'c', object: 'chat.completion.chunk', model: 'g' };
const delta = (given: Fields): Fields => ({ ...chunk, choices: [{ index: 0, delta: given }] });

/** What comes before a place in a stream. */
const beginnings: Readonly<Record<string, Readonly<Record<string, readonly Fields[]>>>> = {
  anthropic: {
    'in reasoning': [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
    ],
    'in tool input': [
      { type: 'message_start', message },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 'a', name: 'add', input: {} },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
    ],
  },
  'openai-responses': {
    'in reasoning': [
      { type: 'response.created', response },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'reasoning', id: 'x', summary: [] },
      },
      {
        type: 'response.reasoning_summary_part.added',
        output_index: 0,
        item_id: 'x',
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      },
      {
        type: 'response.reasoning_summary_text.delta',
        output_index: 0,
        item_id: 'x',
        summary_index: 0,
        delta: 'hm',
      },
    ],
    'in tool input': [
      { type: 'response.created', response },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'function_call', id: 'x', call_id: 'a', name: 'add', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'x', delta: '{"a":' },
    ],
  },
  'openai-chat': {
    'in reasoning': [delta({ role: 'assistant', reasoning_content: 'hm' })],
    'in tool input': [
      delta({
        role: 'assistant',
        tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'add', arguments: '{"a":' } }],
      }),
    ],
  },
};

/** Gives these parts, and then fails, or waits until the request is aborted, as the `fetch` of the platform does. */
function hanging(bytes: Uint8Array, seen: RequestInit[], error?: Error): typeof globalThis.fetch {
  return async (_input, init = {}) => {
    seen.push(init);
    const { signal } = init;
    let isGiven = bytes.length === 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (!isGiven) {
          isGiven = true;
          return controller.enqueue(bytes);
        }
        if (error === undefined && signal?.aborted !== true) {
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        }
        controller.error(error ?? signal?.reason);
      },
    });
    return new Response(body, eventStream);
  };
}

describe.each(calls)('$name', (call) => {
  const places = Object.entries(beginnings[call.format]!);
  const bytesOf = (parts: readonly Fields[]): Uint8Array => wire(parts, true);
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };

  it.each(places)(
    '%s: an abort by the caller ends the step as stopped by the user',
    async (_place, parts) => {
      const { log, recorder, run } = setUp();
      const abort = new AbortController();
      const read = outcomeOf(() => call.open(hanging(bytesOf(parts), []), run, abort.signal));
      await until(() => log.events().length > 1);
      abort.abort();
      await read;
      await recorder.flush();
      expect(log.events().at(-1)).toMatchObject({ type: 'interrupt', reason: 'user', step_id: 'run.0' });
    },
  );

  it.each(places)('%s: an error of the connection fails the step', async (_place, parts) => {
    const { log, recorder, run } = setUp();
    const error = Object.assign(new Error('terminated'), { code: 'ECONNRESET' });
    const bare = await outcomeOf(() => call.open(hanging(bytesOf(parts), [], error), undefined));
    expect(bare['error']).toMatch('terminated');
    expect(await outcomeOf(() => call.open(hanging(bytesOf(parts), [], error), run))).toEqual(bare);
    await recorder.flush();
    expect(log.events().at(-1)).toMatchObject({ type: 'error', fatal: true, code: 'ECONNRESET' });
  });

  it.each(places)('%s: a stop elsewhere breaks the request off', async (_place, parts) => {
    const { log, runtime, recorder, run } = setUp();
    const seen: RequestInit[] = [];
    const read = outcomeOf(() => call.open(hanging(bytesOf(parts), seen), run, run.signal));
    await until(() => log.events().length > 1);
    await using other = createRecorder({ log, runtime });
    void other.publisher.joinStep({ chatId: 'chat', stepId: 'run.0' }).interrupt('user');
    await runtime.advance(1_000);
    expect(seen[0]!.signal!.aborted).toBe(true);
    await read;
    await recorder.flush();
    expect(log.events().filter(({ type }) => type === 'interrupt')).toHaveLength(1);
  });

  it('a consumer that stops reading ends the step as disconnected', async () => {
    const { log, recorder, run } = setUp();
    for await (const _ of await call.open(hanging(bytesOf(places[0]![1]), []), run)) break;
    await until(() => log.events().some(({ type }) => type === 'interrupt'));
    await recorder.flush();
    expect(log.events().at(-1)).toMatchObject({
      type: 'interrupt',
      // The helpers of `stream` read by themselves, and are aborted when their reader leaves.
      reason: call.name.endsWith('.stream') ? 'user' : 'disconnect',
    });
  });

  it('an abort before the first part, and an error before the stream, leave nothing', async () => {
    const { log, recorder, run } = setUp();
    const abort = new AbortController();
    const seen: RequestInit[] = [];
    const read = outcomeOf(() => call.open(hanging(new Uint8Array(), seen), run, abort.signal));
    await until(() => seen.length > 0);
    abort.abort();
    await read;
    const refusing: typeof globalThis.fetch = async () =>
      new Response('{"error":{"message":"overloaded"}}', {
        status: 529,
        headers: { 'content-type': 'application/json' },
      });
    const bare = await outcomeOf(() => call.open(refusing, undefined));
    expect(await outcomeOf(() => call.open(refusing, run))).toEqual(bare);
    await recorder.flush();
    expect(log.events()).toEqual([]);
  });

  it('gives the application the same bytes as a stream of its own', async () => {
    const fetch = answering(bytesOf(places[0]![1]));
    const { run } = setUp();
    const bytesFor = async (given?: Run): Promise<string> => {
      const stream = await call.open(fetch, given);
      // The helper for responses has no such method.
      return stream.toReadableStream === undefined ? '' : new Response(stream.toReadableStream()).text();
    };
    const [bare, recorded] = await Promise.all([bytesFor(), bytesFor(run)].map((each) => each.catch(String)));
    expect(recorded).toBe(bare);
  });

  it('goes on as it would, however the recorder fails', async () => {
    const parts = places[0]![1];
    const bare = await outcomeOf(() => call.open(answering(bytesOf(parts)), undefined));
    const { run } = setUp({
      redact: () => {
        throw new Error('redact');
      },
      onError: () => {
        throw new Error('onError');
      },
    });
    expect(await outcomeOf(() => call.open(answering(bytesOf(parts)), run))).toEqual(bare);
    const { run: closed, recorder } = setUp();
    await recorder.close();
    expect(await outcomeOf(() => call.open(answering(bytesOf(parts)), closed))).toEqual(bare);
  });
});

const json =
  (value: unknown): typeof globalThis.fetch =>
  async () =>
    Response.json(value);

describe('an answer that is no stream', () => {
  it('of Anthropic is recorded as if it had come at once', async () => {
    const { log, recorder, run } = setUp();
    const answer = {
      ...message,
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'tool_use', id: 'a', name: 'add', input: { a: 1 } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 3, output_tokens: 5 },
    };
    const given = await anthropicClient(json(answer), run).messages.create(anthropicBody);
    expect(given).toMatchObject(answer);
    await recorder.flush();
    const events = log.events();
    expect(events.find(({ type }) => type === 'text-delta')).toMatchObject({ text: 'Hello' });
    expect(events.find(({ type }) => type === 'tool-call')).toMatchObject({
      tool_call_id: 'a',
      args: { a: 1 },
    });
    expect(events.at(-2)).toMatchObject({ finish_reason: 'tool-calls', usage: { output_tokens: 5 } });
    expect(events.at(-1)).toMatchObject({ type: 'step-end' });
  });

  it('of OpenAI is recorded as if it had come at once', async () => {
    const { log, recorder, run } = setUp();
    const call = {
      type: 'function_call',
      id: 'x',
      call_id: 'a',
      name: 'add',
      arguments: '{"a":1}',
      status: 'completed',
    };
    const text = {
      type: 'message',
      id: 'y',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
    };
    const answer = {
      ...response,
      status: 'completed',
      output: [text, call],
      usage: { input_tokens: 3, output_tokens: 5 },
    };
    await openaiClient(json(answer), run).responses.create({ model: 'm', input: 'hi' });
    const toolCalls = [{ id: 'b', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }];
    const completion = {
      ...chunk,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: { role: 'assistant', content: 'Hello', tool_calls: toolCalls },
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
    };
    await openaiClient(json(completion), run).chat.completions.create(chatBody);
    await recorder.flush();
    for (const step of ['run.0', 'run.1']) {
      const events = log.events().filter(({ step_id }) => step_id === step);
      expect(events.find(({ type }) => type === 'text-delta')).toMatchObject({ text: 'Hello' });
      expect(events.find(({ type }) => type === 'tool-call')).toMatchObject({
        tool_name: 'add',
        args: { a: 1 },
      });
      expect(events.find(({ type }) => type === 'finish')).toMatchObject({ finish_reason: 'tool-calls' });
      expect(events.at(-1)).toMatchObject({ type: 'step-end' });
    }
  });

  it('of anything else is left alone', async () => {
    const { log, recorder, run } = setUp();
    await anthropicClient(json({ input_tokens: 3 }), run).messages.countTokens({ model: 'm', messages: [] });
    await openaiClient(json({ data: [] }), run).embeddings.create({ model: 'm', input: 'hi' });
    await openaiClient(json({ ...response, status: 'queued' }), run).responses.create({
      model: 'm',
      input: 'hi',
      background: true,
    });
    await recorder.flush();
    expect(log.events()).toEqual([]);
  });
});

describe('results of tools in the next request', () => {
  it('are recorded with the step that answers it', async () => {
    const { log, recorder, run } = setUp();
    const tool = { type: 'tool_result' as const, tool_use_id: 'a', content: 'no', is_error: true };
    await outcomeOf(async () =>
      anthropicClient(answering(wire([{ type: 'message_start', message }], true)), run).messages.create({
        ...anthropicBody,
        messages: [
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'old', content: 'old' }] },
          { role: 'assistant', content: 'hm' },
          { role: 'user', content: [tool, { type: 'text', text: 'go on' }] },
        ],
        stream: true,
      }),
    );
    await outcomeOf(async () =>
      openaiClient(answering(wire([{ type: 'response.created', response }], true)), run).responses.create({
        model: 'm',
        input: [
          { type: 'function_call', call_id: 'b', name: 'add', arguments: '{}' },
          { type: 'function_call_output', call_id: 'b', output: '{"sum":2}' },
          { role: 'developer', content: 'go on' },
        ],
        stream: true,
      }),
    );
    await outcomeOf(async () =>
      openaiClient(answering(wire([delta({ content: 'x' })], false)), run).chat.completions.create({
        model: 'm',
        messages: [
          { role: 'assistant', content: 'hm' },
          { role: 'tool', tool_call_id: 'c', content: '3' },
          { role: 'developer', content: 'go on' },
        ],
        stream: true,
      }),
    );
    await recorder.flush();
    expect(log.events().filter(({ type }) => type === 'tool-result')).toMatchObject([
      { step_id: 'run.0', tool_call_id: 'a', result: { error: 'no' }, is_error: true },
      { step_id: 'run.1', tool_call_id: 'b', result: '{"sum":2}' },
      { step_id: 'run.2', tool_call_id: 'c', result: '3' },
    ]);
  });
});

it('records the loops of the SDKs too: every request is a step', async () => {
  const { log, recorder, run } = setUp();
  const use = { type: 'tool_use', id: 'a', name: 'add', input: {} };
  const answers = [
    { ...message, content: [use], stop_reason: 'tool_use' },
    { ...message, content: [{ type: 'text', text: 'done' }], stop_reason: 'end_turn' },
  ];
  const runner = anthropicClient(async () => Response.json(answers.shift()), run).beta.messages.toolRunner({
    ...anthropicBody,
    tools: [
      {
        name: 'add',
        input_schema: { type: 'object' },
        type: 'custom',
        description: '',
        run: () => '2',
        parse: (input: unknown) => input,
      },
    ],
  });
  await runner;
  await recorder.flush();
  expect(
    brief(log.events()).filter((line) => /step-start|tool-call|tool-result|step-end/.test(line)),
  ).toEqual([
    'run.0 step-start',
    'run.0 tool-call',
    'run.0 step-end',
    'run.1 step-start',
    'run.1 tool-result',
    'run.1 step-end',
  ]);
});
