import { describe, expect, it } from '@jest/globals';
import { createEventCodec, formatStamp, type Event } from '@stepfold/events';
import { evolve, initialState, isUntimed, toMessage, type Message } from '@stepfold/fold';
import { coderMessages, createSpansView, uiMessages } from '@stepfold/views';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { importCoderMessages } from './coder-messages.js';
import type { ImportedChat } from './imported-chat.js';
import { importLangGraphThread } from './langgraph-thread.js';
import { importUiMessages } from './ui-messages.js';

const NOW = 1_800_000_000_000_000;
const options = { chatId: 'chat', importedAt: NOW };
const codec = createEventCodec();

/** The messages that are stored. Every event goes through its bytes, and the fold has to accept it. */
function stored({ events }: ImportedChat): Message[] {
  const decoded = events.map((event) => {
    const read = codec.decode(codec.encode(event));
    if (!read.ok) throw new Error(read.detail);
    return read.event;
  });
  const { outcomes, messages } = foldAll(decoded);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

const importers: Readonly<Record<string, (given: unknown) => ImportedChat>> = {
  'ui-messages': (given) => importUiMessages(given as unknown[], options),
  coder: (given) => importCoderMessages(given as unknown[], options),
  langgraph: (given) => importLangGraphThread(given, options),
};

describe('UI messages', () => {
  const chat = [
    {
      id: 'u1',
      role: 'user',
      metadata: { createdAt: '2026-03-01T10:00:00.123456Z' },
      parts: [{ type: 'text', text: 'Add' }],
    },
    {
      id: 'a:1',
      role: 'assistant',
      parts: [
        { type: 'step-start' },
        { type: 'reasoning', text: 'hm', state: 'done', providerMetadata: { anthropic: { signature: 's' } } },
        {
          type: 'tool-add',
          toolCallId: 'c1',
          state: 'output-available',
          input: { a: 1 },
          output: { sum: 1 },
        },
        {
          type: 'dynamic-tool',
          toolName: 'mcp',
          toolCallId: 'c2',
          state: 'output-error',
          input: {},
          errorText: 'no',
        },
        { type: 'step-start' },
        { type: 'text', text: 'One', state: 'done' },
        { type: 'source-url', sourceId: 's', url: 'https://example.com', title: 'T' },
        { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA' },
        { type: 'data-note', id: 'n', data: [1] },
        {
          type: 'tool-pay',
          toolCallId: 'c3',
          state: 'approval-requested',
          input: {},
          approval: { id: 'ap', requestReason: 'much' },
        },
      ],
    },
  ];

  it('become steps with what their parts say', () => {
    const messages = stored(importUiMessages(chat, options));
    expect(messages.map(({ step_id, role }) => [step_id, role])).toEqual([
      ['u1', 'user'],
      ['a-1.0', 'assistant'],
      ['a-1.1', 'assistant'],
    ]);
    expect(messages[0]!.started_at).toBe(Date.parse('2026-03-01T10:00:00Z') * 1_000 + 123_456);
    expect(messages[1]!.parts).toMatchObject([
      { type: 'reasoning', text: 'hm', metadata: { anthropic: { signature: 's' } } },
      { type: 'tool-call', tool_call_id: 'c1', tool_name: 'add', args: { a: 1 } },
      { type: 'tool-result', result: { sum: 1 } },
      { type: 'tool-call', tool_name: 'mcp', dynamic: true },
      { type: 'tool-result', result: { error: 'no' }, is_error: true },
    ]);
    expect(messages[2]!.parts.at(-1)).toMatchObject({
      approval: { approval_id: 'ap', state: 'requested', reason: 'much' },
    });
  });

  it('are the same again in the view of the AI SDK', () => {
    const shown = uiMessages(stored(importUiMessages(chat, options)));
    expect(shown.map(({ id }) => id)).toEqual(['u1', 'a:1']);
    const withoutState = (parts: readonly object[]): object[] =>
      parts.map((part) => {
        const {
          state,
          callProviderMetadata: _c,
          ...rest
        } = part as { state?: string; callProviderMetadata?: unknown };
        return state === 'done' ? rest : { ...rest, ...(state === undefined ? {} : { state }) };
      });
    const blocks = shown.map(({ parts }) =>
      withoutState(parts.map(({ id, ...part }) => (part.type === 'data-note' ? { id, ...part } : part))),
    );
    expect(blocks).toEqual(chat.map(({ parts }) => withoutState(parts)));
  });

  it('keep what the application said of them, and what must go back with an answer', () => {
    const metadata = { createdAt: 1_772_359_200_000, model: 'm', nested: { a: [1, null] } };
    const approval = { id: 'ap', signature: 'sig', descriptor: { d: 1 }, isAutomatic: true };
    const pay = {
      type: 'tool-pay',
      toolCallId: 'c',
      state: 'approval-requested',
      input: {},
      toolMetadata: { client: 'x' },
      approval,
    };
    const hidden = { type: 'reasoning', text: '', providerMetadata: { anthropic: { redactedData: 'r' } } };
    const citations = [{ type: 'url', url: 'https://a.example' }];
    const parts = [{ type: 'step-start' }, hidden, { type: 'text', text: 'so', citations }, pay];
    const messages = stored(importUiMessages([{ id: 'a', role: 'assistant', metadata, parts }], options));
    expect(messages[0]).toMatchObject({
      started_at: 1_772_359_200_000_000,
      parts: [{ redacted: true }, {}, {}, {}, {}],
    });
    const [shown] = uiMessages(messages);
    expect(shown!.metadata).toMatchObject(metadata);
    expect(shown!.parts.slice(1)).toMatchObject([hidden, { citations }, pay]);
    expect(shown!.parts).toHaveLength(4);
  });

  it('without a part are none, and a step without one is none', () => {
    const text = { type: 'text', text: 'x' };
    const start = { type: 'step-start' };
    const given = [
      { id: 'u', role: 'user', parts: [] },
      { id: 'v', role: 'user', content: 'of version 4' },
      { id: 'a', role: 'assistant', parts: [start, text, start, { type: 'tool-x' }, start, text, start] },
    ];
    const chat = importUiMessages(given, options);
    expect(chat.events.map(({ step_id }) => step_id)).toEqual(['a.0', 'a.2']);
    expect([...chat.passedOver]).toEqual([
      ['a message without parts', 2],
      ['tool-x without an id', 1],
    ]);
    const shown = uiMessages(stored(chat));
    expect(shown).toMatchObject([{ id: 'a', parts: [start, text, start, text] }]);
  });

  it('give steps of which no two have one name, whatever they are called', () => {
    const say = (id: unknown, role = 'user') => ({ id, role, parts: [{ type: 'text', text: String(id) }] });
    const long = 'x'.repeat(2_000);
    const ids = ['m.0', 'a:b', 'a-b', 'a-b', '.', '', 7, long, `${long}y`];
    const given = [...ids.map((id) => say(id)), say('m', 'assistant'), say('m', 'assistant'), say(undefined)];
    const messages = stored(importUiMessages(given, options));
    expect(new Set(messages.map(({ step_id }) => step_id)).size).toBe(given.length);
    expect(messages.map(({ step_id }) => step_id)).toMatchObject([
      ...['m.0', 'a-b', 'a-b~1', 'a-b~2', '-', 'message-5', '7'],
      ...['x'.repeat(180), `${'x'.repeat(180)}~1`, 'm~1.0', 'm~2.0', 'message-11'],
    ]);
    const shown = uiMessages(messages).map(({ id }) => id);
    expect(shown.slice(0, 7)).toEqual(['m.0', 'a:b', 'a-b', 'a-b~2', '.', 'message-5', '7']);
    expect(shown.slice(9)).toEqual(['m', 'm~2', 'message-11']);
    expect(Math.max(...shown.map(({ length }) => length))).toBeLessThanOrEqual(512);
  });

  it('that are too large are made to fit, if asked', () => {
    const given = [{ id: 'u', role: 'user', parts: [{ type: 'text', text: 'x'.repeat(100) }] }];
    const fitEvent = (event: Event): Event => ({ ...event, parts: [{ type: 'text', text: '…' }] }) as Event;
    expect(importUiMessages(given, { ...options, fitEvent }).events).toMatchObject([
      { step_id: 'u', parts: [{ text: '…' }] },
    ]);
  });

  it('that the SDK of any version is asked about are what it takes', () => {
    for (const state of ['input-streaming', 'input-available', 'approval-responded', 'output-denied']) {
      const part = {
        type: 'tool-add',
        toolCallId: 'c',
        state,
        input: { a: 1 },
        ...(state.startsWith('input')
          ? {}
          : { approval: { id: 'ap', approved: state === 'approval-responded' } }),
      };
      const given = [{ id: 'a', role: 'assistant', parts: [{ type: 'step-start' }, part] }];
      const [shown] = uiMessages(stored(importUiMessages(given, options)));
      expect(shown!.parts[1]).toMatchObject(part);
    }
  });
});

describe('messages of Coder', () => {
  it('are the same again in the view of Coder, stamps and all', () => {
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        const chat = foldAll(events).messages;
        const given = chat
          .flatMap((message) => coderMessages(message))
          .map(({ usage: _usage, ...message }) => message);
        const imported = stored(importCoderMessages(given, options));
        const shown = imported.flatMap((message) => coderMessages(message));
        // A message of the assistant that answers calls of its own provider keeps them; the ids are those of steps.
        const comparable = (messages: readonly object[]): object[] =>
          messages.map((message) => ({ ...message, id: 0, chat_id: 0 }));
        expect(comparable(shown.filter(({ content }) => content.length > 0))).toEqual(
          comparable(given.filter(({ content }) => content.length > 0)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('keep what else their parts have', () => {
    const given = [
      {
        id: 1,
        role: 'assistant',
        created_at: '2026-03-01T10:00:00Z',
        usage: { input_tokens: 1 },
        content: [
          { type: 'reasoning', text: 'hm', signature: 's', provider_metadata: { anthropic: { a: 1 } } },
          { type: 'file', media_type: 'image/png', data: 'AAAA', file_id: 'f' },
          { type: 'file-reference', file_name: 'a.ts', start_line: 1 },
          { type: 'text', text: 'x', skill: 'k' },
          'none',
        ],
      },
    ];
    const chat = importCoderMessages(given, options);
    expect(Object.fromEntries(chat.passedOver)).toEqual({ usage: 1, 'a part that is none': 1 });
    expect(stored(chat)[0]!.parts).toMatchObject([
      { type: 'reasoning', metadata: { anthropic: { a: 1 }, coder: { signature: 's' } } },
      { type: 'file', data: 'AAAA', file_id: 'f' },
      { type: 'data', name: 'file-reference', data: { file_name: 'a.ts', start_line: 1 } },
      { type: 'text', metadata: { coder: { skill: 'k' } } },
    ]);
  });

  it('without stamps get none, in any view', () => {
    const given = [
      {
        id: 1,
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm' },
          { type: 'tool-call', tool_call_id: 'c', tool_name: 'add', args: {} },
        ],
      },
      {
        id: 2,
        role: 'tool',
        content: [{ type: 'tool-result', tool_call_id: 'c', tool_name: 'add', result: 1 }],
      },
    ];
    const messages = stored(importCoderMessages(given, options));
    const shown = messages.flatMap((message) => coderMessages(message));
    expect(shown.map(({ content }) => content)).toEqual(given.map(({ content }) => content));
    const now = formatStamp(NOW);
    expect(JSON.stringify(shown)).not.toContain(now);
    expect(JSON.stringify(uiMessages(messages))).not.toContain(now);
    const spans = createSpansView();
    expect(messages.map((message) => spans(message)).filter(Boolean)).toEqual([]);
    // The log has to have a time; the mark says what it is worth.
    expect(messages[0]!.parts.every(isUntimed)).toBe(true);
  });
});

describe('a thread of LangGraph', () => {
  const ai = {
    type: 'ai',
    id: 'm2',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'Adding' },
      { type: 'tool_use', id: 'c', name: 'add', input: {} },
    ],
    tool_calls: [{ name: 'add', args: { a: 1 }, id: 'c', type: 'tool_call' }],
    invalid_tool_calls: [{ name: 'add', args: '{', id: 'd', error: 'no JSON' }],
  };
  const serialised = {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'messages', 'HumanMessage'],
    kwargs: { id: 'm1', content: 'Add' },
  };
  const tool = { type: 'tool', id: 'm3', tool_call_id: 'c', name: 'add', content: 'late', status: 'error' };

  it('becomes messages with their calls and results', () => {
    const messages = stored(importLangGraphThread({ values: { messages: [serialised, ai, tool] } }, options));
    expect(messages).toMatchObject([
      { step_id: 'm1', role: 'user', parts: [{ type: 'text', text: 'Add' }] },
      {
        step_id: 'm2.0',
        parts: [
          { type: 'reasoning', text: 'hm', metadata: { anthropic: { signature: 's' } } },
          { type: 'text', text: 'Adding' },
          { type: 'tool-call', tool_call_id: 'c', args: { a: 1 } },
          { type: 'tool-call', tool_call_id: 'd', args_text: '{', invalid: true, error: 'no JSON' },
        ],
      },
      {
        step_id: 'm3',
        role: 'tool',
        parts: [{ type: 'tool-result', is_error: true, result: { error: 'late' } }],
      },
    ]);
  });

  it('keeps the order of its blocks, what the provider ran itself, and what stands beside the content', () => {
    const content = [
      { type: 'text', text: 'I', index: 0, annotations: [1] },
      { type: 'tool_use', id: 'c', name: 'add', input: {} },
      { type: 'server_tool_use', id: 's', name: 'web_search', input: { q: 1 } },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [{ url: 'u' }] },
      { type: 'server_tool_call', id: 't', name: 'run', args: {} },
      { type: 'server_tool_call_result', toolCallId: 't', status: 'error', output: 'no' },
      { type: 'function_call', call_id: 'd', id: 'fc', name: 'sub', arguments: '{"b":2}' },
      { type: 'image', mimeType: 'image/png', data: 'AAAA' },
      { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,BBBB' } },
      { type: 'file' },
      'and on',
    ];
    const reasoning = { id: 'rs', summary: [{ text: 'a' }, { text: 'b' }], encrypted_content: 'e' };
    const message = {
      type: 'ai',
      id: 'm',
      content,
      additional_kwargs: { reasoning },
      tool_calls: [
        { id: 'c', name: 'add', args: { a: 1 } },
        { id: 'z', name: 'last', args: {} },
      ],
      usage_metadata: { input_tokens: 1 },
      response_metadata: {},
    };
    const chat = importLangGraphThread({ messages: [message] }, options);
    expect(Object.fromEntries(chat.passedOver)).toEqual({ usage_metadata: 1 });
    expect(stored(chat)[0]!.parts).toMatchObject([
      {
        type: 'reasoning',
        text: 'a\n\nb',
        metadata: { openai: { itemId: 'rs', reasoningEncryptedContent: 'e' } },
      },
      { type: 'text', text: 'I', metadata: { langchain: { annotations: [1] } } },
      { tool_call_id: 'c', args: { a: 1 } },
      { tool_call_id: 's', args: { q: 1 }, provider_executed: true },
      { tool_call_id: 's', result: [{ url: 'u' }], provider_executed: true },
      { tool_call_id: 't', provider_executed: true },
      { tool_call_id: 't', result: 'no', is_error: true },
      { tool_call_id: 'd', tool_name: 'sub', args: { b: 2 } },
      { type: 'file', media_type: 'image/png', data: 'AAAA' },
      { type: 'file', media_type: 'image/jpeg', data: 'BBBB' },
      { type: 'data', name: 'file' },
      { type: 'text', text: 'and on' },
      { tool_call_id: 'z' },
    ]);
    const twice = [{ type: 'thinking', thinking: 'once' }];
    const both = { type: 'ai', content: twice, additional_kwargs: { reasoning_content: 'once' } };
    expect(stored(importLangGraphThread([both], options))[0]!.parts).toHaveLength(1);
    const apart = { type: 'ai', content: 'x', additional_kwargs: { reasoning_content: 'hm' } };
    expect(stored(importLangGraphThread([apart], options))[0]!.parts).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'text' },
    ]);
  });

  it.each([
    ['of the API', (at: string, n: number) => ({ created_at: at, parent_checkpoint: n === 0 ? null : {} })],
    ['of the library', (at: string, n: number) => ({ createdAt: at, metadata: { step: n - 1 } })],
    ['turned round', (at: string, n: number) => ({ created_at: at, parent_config: n === 0 ? null : {} })],
    [
      'of a saver',
      (at: string, n: number) => ({ checkpoint: { ts: at }, metadata: { step: n - 1 }, parent_config: {} }),
    ],
  ])('has the times of a history %s', (name, stateOf) => {
    const all = [serialised, ai, tool];
    const history = all.map((_message, n): object => {
      const state = stateOf(`2026-03-01T10:00:0${n}.5+00:00`, n);
      // A thread begins with an input that nobody has taken, and a state may say nothing of messages.
      const values = { messages: all.slice(0, n + 1) };
      if (name !== 'of a saver') return { values, ...state };
      return {
        ...state,
        checkpoint: { ...(state as { checkpoint: object }).checkpoint, channel_values: values },
      };
    });
    if (name === 'of the library')
      history.push({ values: { other: 1 }, ...stateOf('2026-03-01T10:00:09Z', 9) });
    if (name !== 'turned round') history.reverse();
    const messages = stored(importLangGraphThread(history, options));
    expect(messages.map(({ started_at }) => formatStamp(started_at))).toEqual([
      '2026-03-01T10:00:00.500000Z',
      '2026-03-01T10:00:01.500000Z',
      '2026-03-01T10:00:02.500000Z',
    ]);
  });

  it('has the times at which messages appeared in its history, as far as that is known', () => {
    const state = (created_at: string, messages: unknown[], parent_checkpoint: unknown) => ({
      values: { messages },
      created_at,
      parent_checkpoint,
    });
    const times = (isComplete: boolean): (string | undefined)[] => {
      const history = [
        state('2026-03-01T10:00:02.000000+00:00', [serialised, ai, tool], {}),
        state('2026-03-01T10:00:01.500000+00:00', [serialised, ai], {}),
        state('2026-03-01T10:00:00.000000+00:00', [serialised], isComplete ? null : {}),
      ];
      const messages = stored(importLangGraphThread(history, options));
      return messages.map((message) => coderMessages(message)[0]?.created_at);
    };
    expect(times(true)).toEqual([
      '2026-03-01T10:00:00.000000Z',
      '2026-03-01T10:00:01.500000Z',
      '2026-03-01T10:00:02.000000Z',
    ]);
    expect(times(false)[0]).toBeUndefined();
    // A state that says nothing of messages does not say that there were none.
    const silent = { values: {}, created_at: '2026-03-01T10:00:00Z' };
    const known = state('2026-03-01T10:00:01Z', [serialised], {});
    const [message] = stored(importLangGraphThread([known, silent], options));
    expect(coderMessages(message!)[0]).not.toHaveProperty('created_at');
  });
});

describe.each(Object.entries(importers))('%s', (_name, importer) => {
  const values = fc.anything({ maxDepth: 4, withNullPrototype: true, withBigInt: true, withDate: true });
  const keys = [
    'id',
    'role',
    'type',
    'parts',
    'content',
    'tool_calls',
    'toolCallId',
    'state',
    'text',
    'metadata',
    'kwargs',
    'tool_call_id',
    'providerMetadata',
    'approval',
    'created_at',
    'values',
    'messages',
    'checkpoint',
    'channel_values',
    'additional_kwargs',
    'reasoning',
    'summary',
    'input',
    'args',
    'rawInput',
    'url',
    'source',
    'data',
    'name',
  ];
  const known = fc.constantFrom(
    'user',
    'assistant',
    'ai',
    'tool',
    'text',
    'reasoning',
    'tool-call',
    'tool-result',
    'tool-x',
    'file',
    'source-url',
    'data-x',
    'step-start',
    'output-available',
    'output-error',
    'input-streaming',
    'server_tool_use',
    'x_tool_result',
    'tool_use',
    'thinking',
    'image',
    'data:,;base64,AAAA',
    '2026-03-01T10:00:00Z',
    '',
    '\0',
    '__proto__',
  );
  const hostile = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      known,
      values,
      fc.dictionary(fc.constantFrom(...keys), fc.oneof(known, tie('value')), { maxKeys: 8 }),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
  })).value;

  it('takes anything: every event is valid and accepted, and no time of the source is made up', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), (given) => {
        const chat = importer(given);
        for (const message of stored(chat)) expect(message.status).toBe('complete');
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same events each time, and the same for a chat that has grown', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), hostile, (given, later) => {
        const events = JSON.stringify(importer(given).events);
        expect(JSON.stringify(importer(given).events)).toBe(events);
        const grown = importer([...given, later]).events;
        if (_name !== 'langgraph')
          expect(JSON.stringify(grown.slice(0, importer(given).events.length))).toBe(events);
      }),
      { numRuns: 200 },
    );
  });

  it('adds nothing when it is imported again', () => {
    const given = [
      {
        id: 'm',
        role: 'assistant',
        type: 'ai',
        parts: [{ type: 'text', text: 'x' }],
        content: [{ type: 'text', text: 'x' }],
      },
    ];
    const [event] = importer(given).events;
    const state = initialState();
    expect(evolve(state, event as Event)).toBe('accepted');
    const before = toMessage(state);
    expect(evolve(state, event as Event)).toBe('not-open');
    expect(toMessage(state)).toEqual(before);
    expect(event).toMatchObject({ seq: 0, producer: expect.stringMatching(/^import-/) });
  });
});
