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
