import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import { foldAll } from '../../../test/support/fold-all.js';
import { aiSdk } from './ai-sdk.js';

const START = 1_767_225_600_000_000;
const codec = createEventCodec();

/** Converts parts that happen a microsecond apart, the first at `START`; the stream ends with the last. */
function convert(parts: readonly unknown[], isOver = true): { events: Event[]; unknown: [string, number][] } {
  const converter = aiSdk.createConverter({ chatId: 'chat', runId: 'run' });
  const events = parts.flatMap((part, index) => converter.convert(part, START + index));
  if (isOver) events.push(...converter.end(START + parts.length - 1));
  for (const event of events)
    expect(codec.check(JSON.parse(JSON.stringify(event)))).toMatchObject({ ok: true });
  return { events, unknown: [...converter.unknownParts] };
}

/** `[type, time since the start, own fields]` of each event, without its envelope. */
function brief(events: readonly Event[]): unknown[] {
  return events.map(({ v, chat_id, step_id, attempt, at, type, ...own }) => {
    expect({ v, chat_id }).toEqual({ v: 1, chat_id: 'chat' });
    const step = attempt === undefined ? step_id : `${step_id}+${attempt}`;
    return [type, step, at - START, own];
  });
}

function messages(parts: readonly unknown[]) {
  const { outcomes, messages } = foldAll(convert(parts).events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

/** The events of a step's own parts: without the `step-start` before them and the end behind them. */
function within(parts: readonly unknown[]): unknown[] {
  const { events } = convert([{ type: 'start-step' }, ...parts, { type: 'finish-step' }]);
  const own = brief(events) as [string, string, number, unknown][];
  expect(own[0]?.[0]).toBe('step-start');
  expect(own.slice(-2).map(([type]) => type)).toEqual(['finish', 'step-end']);
  return own.slice(1, -2).map(([type, , at, fields]) => [type, at, fields]);
}

const call = (toolCallId: string, more: object = {}) => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'weather',
  input: { city: 'Bern' },
  ...more,
});
const result = (toolCallId: string, more: object = {}) => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'weather',
  input: { city: 'Bern' },
  output: { degrees: 7 },
  ...more,
});

describe('an AI SDK stream', () => {
  it('becomes a step with its run, its blocks, and a finish', () => {
    const { events, unknown } = convert([
      { type: 'start' },
      { type: 'start-step', request: { body: 'the prompt' }, warnings: [] },
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', text: 'Hi' },
      { type: 'text-end', id: '0' },
      {
        type: 'finish-step',
        finishReason: 'stop',
        rawFinishReason: 'end_turn',
        usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 },
        response: {
          id: 'resp_1',
          modelId: 'm-1',
          timestamp: '2026-01-01T00:00:00Z',
          headers: { cookie: 'x' },
        },
        providerMetadata: { anthropic: { container: null } },
      },
      { type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 3 } },
    ]);
    expect(brief(events)).toEqual([
      ['step-start', 'run.0', 1, { step_index: 0, run_id: 'run' }],
      ['text-start', 'run.0', 2, { id: '0' }],
      ['text-delta', 'run.0', 3, { id: '0', text: 'Hi' }],
      ['text-end', 'run.0', 4, { id: '0' }],
      [
        'finish',
        'run.0',
        5,
        {
          finish_reason: 'stop',
          raw_finish_reason: 'end_turn',
          usage: { input_tokens: 3, output_tokens: 1, total_tokens: 4 },
          response_id: 'resp_1',
          model: 'm-1',
          metadata: { anthropic: { container: null } },
        },
      ],
      ['step-end', 'run.0', 5, {}],
    ]);
    expect(unknown).toEqual([]);
  });

  it('keeps warnings of a step as metadata, and no empty list of them', () => {
    const start = (warnings: unknown) => convert([{ type: 'start-step', warnings }]).events[0];
    expect(start([{ type: 'other' }])).toMatchObject({
      metadata: { 'ai-sdk': { warnings: [{ type: 'other' }] } },
    });
    expect(start([])).not.toHaveProperty('metadata');
  });

  it('keeps metadata of every part of a block, of empty deltas too (case 6)', () => {
    const providerMetadata = { anthropic: { signature: 's' } };
    expect(
      within([
        { type: 'reasoning-start', id: 'r', providerMetadata: { anthropic: { redactedData: 'xx' } } },
        { type: 'reasoning-delta', id: 'r', text: '', providerMetadata },
        { type: 'reasoning-end', id: 'r', providerMetadata },
        { type: 'text-start', id: 't', providerMetadata },
        { type: 'text-delta', id: 't', text: '', providerMetadata },
        { type: 'text-end', id: 't', providerMetadata, citations: [{ citedText: 'q' }] },
      ]),
    ).toEqual([
      ['reasoning-start', 1, { id: 'r', redacted: true, metadata: { anthropic: { redactedData: 'xx' } } }],
      ['reasoning-delta', 2, { id: 'r', text: '', metadata: providerMetadata }],
      ['reasoning-end', 3, { id: 'r', metadata: providerMetadata }],
      ['text-start', 4, { id: 't', metadata: providerMetadata }],
      ['text-delta', 5, { id: 't', text: '', metadata: providerMetadata }],
      [
        'text-end',
        6,
        {
          id: 't',
          metadata: { anthropic: { signature: 's' }, 'ai-sdk': { citations: [{ citedText: 'q' }] } },
        },
      ],
    ]);
  });

  it('gives blocks without an id one of their own, by kind and number (case 4)', () => {
    expect(
      within([
        { type: 'text-start' },
        { type: 'text-delta', text: 'a' },
        { type: 'text-start', id: '' },
        { type: 'text-delta', id: null, text: 'b' },
        { type: 'reasoning-delta', text: 'c' },
      ]).map((event) => (event as [string, number, { id: string }])[2].id),
    ).toEqual(['text#0', 'text#0', 'text#1', 'text#1', 'reasoning#0']);
  });

  it('carries a call through input, call and result', () => {
    const providerMetadata = { anthropic: { caller: { type: 'code_execution', toolId: 'outer' } } };
    expect(
      within([
        {
          type: 'tool-input-start',
          id: 'c',
          toolName: 'weather',
          dynamic: false,
          title: 'Weather',
          inputEncoding: 'text',
        },
        { type: 'tool-input-delta', id: 'c', delta: '{"city":' },
        { type: 'tool-input-end', id: 'c' },
        call('c', { providerExecuted: true, toolMetadata: { client: 'x' }, providerMetadata }),
        result('c', { preliminary: true, providerExecuted: true }),
        result('c', { providerMetadata: { a: { b: 1 } }, toolMetadata: { client: 'x' } }),
      ]),
    ).toEqual([
      [
        'tool-input-start',
        1,
        {
          tool_call_id: 'c',
          tool_name: 'weather',
          dynamic: false,
          title: 'Weather',
          metadata: { 'ai-sdk': { inputEncoding: 'text' } },
        },
      ],
      ['tool-input-delta', 2, { tool_call_id: 'c', text: '{"city":' }],
      ['tool-input-end', 3, { tool_call_id: 'c' }],
      [
        'tool-call',
        4,
        {
          tool_call_id: 'c',
          tool_name: 'weather',
          args: { city: 'Bern' },
          provider_executed: true,
          parent_tool_call_id: 'outer',
          metadata: { ...providerMetadata, 'ai-sdk': { toolMetadata: { client: 'x' } } },
        },
      ],
      [
        'tool-result',
        5,
        {
          tool_call_id: 'c',
          tool_name: 'weather',
          result: { degrees: 7 },
          preliminary: true,
          provider_executed: true,
        },
      ],
      [
        'tool-result',
        6,
        {
          tool_call_id: 'c',
          tool_name: 'weather',
          result: { degrees: 7 },
          metadata: { a: { b: 1 }, 'ai-sdk': { toolMetadata: { client: 'x' } } },
        },
      ],
    ]);
  });

  it('carries metadata of argument deltas to the next event of the call that has room for it', () => {
    const signed = (thoughtSignature: string) => ({ google: { thoughtSignature } });
    const events = within([
      { type: 'tool-input-start', id: 'c', toolName: 'weather' },
      { type: 'tool-input-delta', id: 'c', delta: '{', providerMetadata: signed('1') },
      { type: 'tool-input-delta', id: 'c', delta: '}', providerMetadata: signed('2') },
      { type: 'tool-input-end', id: 'c' },
      call('c'),
      result('c'),
    ]);
    expect(events[3]).toEqual(['tool-input-end', 4, { tool_call_id: 'c', metadata: signed('2') }]);
    expect(events[4]).not.toHaveProperty('2.metadata');
    const [message] = messages([
      { type: 'tool-input-start', id: 'c', toolName: 'weather' },
      { type: 'tool-input-delta', id: 'c', delta: '{"ci', providerMetadata: signed('1') },
      { type: 'abort' },
    ]);
    expect(message).toMatchObject({
      status: 'interrupted',
      parts: [
        { type: 'tool-call', partial: true, args_text: '{"ci', metadata: signed('1') },
        { synthetic: true },
      ],
    });
  });

  it('takes parsed arguments as JSON, also a string, and the text of an invalid call as text (case 11)', () => {
    const argsOf = (more: object) => {
      const [, , fields] = within([call('c', more), result('c')])[0] as [
        string,
        number,
        Record<string, unknown>,
      ];
      const { args, args_text, invalid, error } = fields;
      return { args, args_text, invalid, error };
    };
    expect(argsOf({ input: 'SELECT 1' })).toEqual({ args: 'SELECT 1' });
    expect(argsOf({ input: undefined })).toEqual({ args: {} });
    expect(argsOf({ input: null })).toEqual({ args: null });
    expect(
      argsOf({ input: '{"a":', invalid: true, dynamic: true, error: { name: 'E', message: 'bad JSON' } }),
    ).toEqual({
      args_text: '{"a":',
      invalid: true,
      error: 'bad JSON',
    });
    expect(argsOf({ input: { a: 1 }, invalid: true, error: 'no such tool' })).toEqual({
      args: { a: 1 },
      invalid: true,
      error: 'no such tool',
    });
  });

  it('keeps arguments that are nested too deeply as text', () => {
    const text = `${'['.repeat(65)}1${']'.repeat(65)}`;
    expect(within([call('c', { input: JSON.parse(text) }), result('c')])[0]).toMatchObject({
      2: { args_text: text },
    });
    const deepest = JSON.parse(text.slice(1, -1)) as unknown;
    expect(within([call('c', { input: deepest }), result('c')])[0]).toMatchObject({ 2: { args: deepest } });
  });

  it('wraps what a failed tool says', () => {
    const errorOf = (error: unknown) =>
      within([call('c'), { type: 'tool-error', toolCallId: 'c', toolName: 'weather', error }])[1];
    expect(errorOf('no network')).toEqual([
      'tool-result',
      2,
      { tool_call_id: 'c', tool_name: 'weather', result: { error: 'no network' }, is_error: true },
    ]);
    expect(errorOf({ code: 7 })).toMatchObject({ 2: { result: { error: { code: 7 } } } });
    expect(errorOf(new TypeError('no'))).toMatchObject({
      2: { result: { error: { name: 'TypeError', message: 'no' } } },
    });
    expect(errorOf(undefined)).toMatchObject({ 2: { result: { error: null } } });
  });

  it('takes a result of undefined as null', () => {
    expect(within([call('c'), result('c', { output: undefined })])[1]).toMatchObject({ 2: { result: null } });
  });

  it('turns approvals into their three states', () => {
    const [message] = messages([
      { type: 'start-step' },
      call('a'),
      call('b'),
      call('d'),
      {
        type: 'tool-approval-request',
        approvalId: 'ap-a',
        toolCall: call('a'),
        isAutomatic: true,
        signature: 'sig',
      },
      { type: 'tool-approval-request', approvalId: 'ap-b', toolCall: call('b') },
      { type: 'tool-approval-response', approvalId: 'ap-a', toolCall: call('a'), approved: true },
      {
        type: 'tool-approval-response',
        approvalId: 'ap-b',
        toolCall: call('b'),
        approved: false,
        reason: 'no',
      },
      { type: 'tool-output-denied', toolCallId: 'b', toolName: 'weather' },
      { type: 'tool-output-denied', toolCallId: 'd', toolName: 'weather' },
      result('a'),
      { type: 'finish-step' },
      { type: 'finish' },
    ]);
    expect(message?.pending_tool_call_ids).toEqual(['b', 'd']);
    expect(message?.parts.slice(0, 4)).toMatchObject([
      {
        tool_call_id: 'a',
        approval: {
          approval_id: 'ap-a',
          state: 'granted',
          automatic: true,
          requested_at: START + 4,
          responded_at: START + 6,
        },
      },
      // The denial was the response; that the SDK says it again makes it no later.
      {
        tool_call_id: 'b',
        approval: { approval_id: 'ap-b', state: 'denied', reason: 'no', responded_at: START + 7 },
      },
      { tool_call_id: 'd', approval: { approval_id: 'd', state: 'denied', responded_at: START + 9 } },
      {
        type: 'data',
        name: 'tool-approval-request',
        data_id: 'ap-a',
        data: { signature: 'sig', toolCallId: 'a' },
      },
    ]);
  });

  it('keeps sources', () => {
    expect(
      within([
        {
          type: 'source',
          sourceType: 'url',
          id: 's',
          url: 'https://x.test',
          title: 'X',
          providerMetadata: { a: { b: null } },
        },
        {
          type: 'source',
          sourceType: 'document',
          id: 'd',
          mediaType: 'text/plain',
          title: 'D',
          filename: 'd.txt',
        },
      ]),
    ).toEqual([
      [
        'source',
        1,
        {
          source_type: 'url',
          source_id: 's',
          url: 'https://x.test',
          title: 'X',
          metadata: { a: { b: null } },
        },
      ],
      [
        'source',
        2,
        { source_type: 'document', source_id: 'd', title: 'D', media_type: 'text/plain', filename: 'd.txt' },
      ],
    ]);
  });

  it.each<[string, object, object]>([
    [
      'base64',
      { file: { base64: 'aGk=', mediaType: 'image/png' } },
      { media_type: 'image/png', data: 'aGk=' },
    ],
    [
      'base64 as JSON leaves it',
      { file: { base64Data: 'aGk=', mediaType: 'i/p' } },
      { media_type: 'i/p', data: 'aGk=' },
    ],
    [
      'bytes',
      { file: { uint8Array: Uint8Array.of(104, 105), mediaType: 'i/p' } },
      { media_type: 'i/p', data: 'aGk=' },
    ],
    [
      'bytes as JSON leaves them',
      { file: { uint8ArrayData: { 0: 104, 1: 105 }, mediaType: 'i/p' } },
      { media_type: 'i/p', data: 'aGk=' },
    ],
    [
      'a buffer as JSON leaves it',
      { file: { data: { type: 'Buffer', data: [104, 105] }, mediaType: 'i/p' } },
      { media_type: 'i/p', data: 'aGk=' },
    ],
    ['fields of the part', { mediaType: 'i/p', base64: 'aGk=' }, { media_type: 'i/p', data: 'aGk=' }],
    [
      'tagged data',
      { mediaType: 'i/p', data: { type: 'data', data: 'aGk=' } },
      { media_type: 'i/p', data: 'aGk=' },
    ],
    [
      'a tagged URL',
      { file: { mediaType: 'i/p', data: { type: 'url', url: 'https://x.test/i' } } },
      { media_type: 'i/p', url: 'https://x.test/i' },
    ],
    [
      'a URL',
      { file: { url: 'https://x.test/i' } },
      { media_type: 'application/octet-stream', url: 'https://x.test/i' },
    ],
    [
      'a file with a name and metadata',
      { file: { base64: 'aGk=', mediaType: 'i/p', filename: 'f', providerMetadata: { a: { b: 1 } } } },
      { media_type: 'i/p', data: 'aGk=', name: 'f', metadata: { a: { b: 1 } } },
    ],
  ])('takes a file given as %s', (_name, part, expected) => {
    expect(within([{ type: 'file', ...part }])).toEqual([['file', 1, expected]]);
    expect(within([{ type: 'reasoning-file', ...part }])).toEqual([
      ['file', 1, { ...expected, reasoning: true }],
    ]);
  });

  it('passes over a file without content, and counts it', () => {
    expect(convert([{ type: 'file', file: { mediaType: 'i/p' } }])).toEqual({
      events: [],
      unknown: [['file', 1]],
    });
  });

  it('keeps custom parts and steering messages as data', () => {
    expect(
      within([
        { type: 'custom', kind: 'openai.compaction', providerMetadata: { openai: { itemId: 'c' } } },
        { type: 'steering-message', id: 'm', message: { role: 'user', content: 'wait' }, stepNumber: 1 },
      ]),
    ).toEqual([
      ['data', 1, { name: 'openai.compaction', data: { providerMetadata: { openai: { itemId: 'c' } } } }],
      [
        'data',
        2,
        {
          name: 'steering-message',
          data_id: 'm',
          data: { id: 'm', message: { role: 'user', content: 'wait' }, stepNumber: 1 },
        },
      ],
    ]);
  });

  it('keeps how the SDK measured a step, and makes no stamp of it (case 10)', () => {
    const performance = { stepTimeMs: 3.4, toolExecutionMs: { c: 0.1 } };
    const [message] = messages([
      { type: 'start-step' },
      call('c'),
      result('c'),
      {
        type: 'finish-step',
        finishReason: 'tool-calls',
        performance,
        providerMetadata: { openai: { id: 1 } },
      },
    ]);
    expect(message?.metadata).toEqual({ openai: { id: 1 }, 'ai-sdk': { performance } });
    expect(JSON.stringify(message)).not.toContain('execution_started_at');
  });

  it('passes over unknown parts, counts them by name, and says nothing of ping and raw', () => {
    const { events, unknown } = convert([
      { type: 'ping' },
      { type: 'raw', rawValue: {} },
      { type: 'hologram' },
      { type: 'hologram' },
      { type: 7 },
      'text',
      null,
      [],
    ]);
    expect(events).toEqual([]);
    expect(unknown).toEqual([
      ['hologram', 2],
      ['(no type)', 4],
    ]);
  });

  it('counts only so many names', () => {
    const { unknown } = convert(
      Array.from({ length: 200 }, (_, index) => ({ type: 'x'.repeat(200).slice(index) })),
    );
    expect(unknown.length).toBeLessThanOrEqual(101);
    expect(unknown.reduce((sum, [, count]) => sum + count, 0)).toBe(200);
  });
});

describe('the steps of an AI SDK stream', () => {
  const textStep = (text: string) => [
    { type: 'start-step' },
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', text },
    { type: 'text-end', id: '0' },
    { type: 'finish-step', finishReason: 'stop' },
  ];

  it('are numbered in order of start, and two may use the same block id (case 2)', () => {
    const steps = messages([{ type: 'start' }, ...textStep('a'), ...textStep('b'), { type: 'finish' }]);
    expect(steps).toMatchObject([
      { step_id: 'run.0', step_index: 0, run_id: 'run', parts: [{ id: '0', text: 'a' }] },
      { step_id: 'run.1', step_index: 1, run_id: 'run', parts: [{ id: '0', text: 'b' }] },
    ]);
  });

  it('begin a new attempt where a second start-step comes without a finish-step (case 23)', () => {
    const { events } = convert([
      { type: 'start-step' },
      { type: 'text-delta', id: '0', text: 'lost' },
      ...textStep('kept'),
      ...textStep('next'),
    ]);
    expect(events.filter(({ type }) => type === 'step-start')).toMatchObject([
      { step_id: 'run.0' },
      { step_id: 'run.0', attempt: 1, step_index: 0 },
      { step_id: 'run.1', step_index: 1 },
    ]);
    expect(events.find(({ step_id }) => step_id === 'run.1')).not.toHaveProperty('attempt');
    expect(foldAll(events).messages).toMatchObject([
      { attempt: 1, parts: [{ text: 'kept' }] },
      { attempt: 0, parts: [{ text: 'next' }] },
    ]);
  });

  it('are not made up: start, finish, ends and aborts open none', () => {
    expect(convert([{ type: 'start' }, { type: 'finish' }]).events).toEqual([]);
    expect(convert([{ type: 'start' }, { type: 'abort', reason: 'stop' }]).events).toEqual([]);
    expect(convert([{ type: 'finish-step', finishReason: 'stop' }])).toEqual({
      events: [],
      unknown: [['finish-step', 1]],
    });
  });

  it('begin with their first content where the start-step is missing', () => {
    expect(
      messages([{ type: 'start' }, { type: 'text-delta', id: '0', text: 'a' }, { type: 'finish-step' }]),
    ).toMatchObject([{ status: 'complete', started_at: START + 1, parts: [{ text: 'a' }] }]);
  });

  it('end with finish-step, calls of the client pending (case 12)', () => {
    const [message] = messages([
      { type: 'start-step' },
      call('c'),
      { type: 'finish-step' },
      { type: 'finish' },
    ]);
    expect(message).toMatchObject({ status: 'complete', ended_at: START + 2, pending_tool_call_ids: ['c'] });
  });

  it('hold their end back for results that come late, and end with the last (case 13)', () => {
    const { events } = convert(
      [
        { type: 'start-step' },
        call('a'),
        call('b'),
        { type: 'finish-step' },
        result('b', { preliminary: true }),
        result('a'),
        { type: 'ping' },
        result('b'),
      ],
      false,
    );
    expect(events.slice(-5)).toMatchObject([
      { type: 'finish', at: START + 3 },
      { type: 'tool-result', at: START + 4 },
      { type: 'tool-result', at: START + 5 },
      { type: 'tool-result', at: START + 7 },
      { type: 'step-end', at: START + 7 },
    ]);
    expect(new Set(events.map(({ step_id }) => step_id))).toEqual(new Set(['run.0']));
  });

  it('end at finish-step where the next step begins before a result of the provider', () => {
    const steps = messages([
      { type: 'start-step' },
      call('code', { providerExecuted: true }),
      { type: 'finish-step' },
      { type: 'start-step' },
      result('code', { providerExecuted: true }),
      { type: 'finish-step' },
    ]);
    expect(steps).toMatchObject([
      { ended_at: START + 2, pending_tool_call_ids: ['code'], parts: [{ type: 'tool-call' }] },
      { status: 'complete', parts: [{ type: 'tool-result', tool_call_id: 'code', created_at: START + 4 }] },
    ]);
  });

  it('take in what came before them: results of approved tools, denials, messages', () => {
    const steps = messages([
      { type: 'start' },
      result('approved'),
      { type: 'tool-output-denied', toolCallId: 'denied', toolName: 'weather' },
      { type: 'steering-message', id: 'm', message: 'wait' },
      ...textStep('a'),
      { type: 'finish' },
    ]);
    expect(steps).toMatchObject([
      {
        started_at: START + 4,
        parts: [
          { type: 'tool-result', tool_call_id: 'approved', created_at: START + 1 },
          { type: 'tool-approval', tool_call_id: 'denied', state: 'denied', created_at: START + 2 },
          { type: 'data', name: 'steering-message', created_at: START + 3 },
          { type: 'text', text: 'a' },
        ],
      },
    ]);
  });

  it('hold what no further step takes in', () => {
    const orphan = [...textStep('a'), result('earlier'), { type: 'finish', finishReason: 'stop' }];
    expect(messages(orphan)).toMatchObject([
      { step_id: 'run.0' },
      {
        step_id: 'run.1',
        status: 'complete',
        started_at: START + 5,
        ended_at: START + 6,
        parts: [{ type: 'tool-result', tool_call_id: 'earlier' }],
      },
    ]);
    expect(messages(orphan)[1]).not.toHaveProperty('finish_reason');
    expect(messages(orphan.slice(0, -1))[1]).toMatchObject({
      status: 'interrupted',
      interrupt: { reason: 'eof' },
    });
  });
});

describe('an AI SDK stream that is cut short', () => {
  const begun = [
    { type: 'start-step' },
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', text: 'so far' },
  ];

  it('was stopped by the user where it was aborted (case 20)', () => {
    const [message] = messages([...begun, { type: 'abort', reason: 'AbortError: stopped' }]);
    expect(message).toMatchObject({
      status: 'interrupted',
      interrupt: { reason: 'user', message: 'AbortError: stopped', at: START + 3 },
      parts: [{ text: 'so far', completed_at: START + 3, end_reason: 'interrupt' }],
    });
    expect(messages([...begun, { type: 'abort' }])[0]?.interrupt).toEqual({ reason: 'user', at: START + 3 });
  });

  it('ends with its last line where it just ends (case 21)', () => {
    expect(messages(begun)).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'eof', at: START + 2 } },
    ]);
  });

  it('is interrupted where the SDK only makes it look finished (case 21)', () => {
    const [message] = messages([
      ...begun,
      call('c'),
      { type: 'finish-step', finishReason: 'interrupted' },
      { type: 'finish' },
    ]);
    expect(message).toMatchObject({
      status: 'interrupted',
      finish_reason: 'interrupted',
      interrupt: { reason: 'eof', at: START + 4 },
      parts: [{ end_reason: 'implied' }, { tool_call_id: 'c' }, { tool_call_id: 'c', synthetic: true }],
    });
  });

  it('is complete where only the finish-step is missing', () => {
    expect(
      messages([...begun, { type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 9 } }]),
    ).toMatchObject([{ status: 'complete', finish_reason: 'stop', ended_at: START + 3 }]);
    expect(messages([...begun, { type: 'finish', totalUsage: { inputTokens: 9 } }])[0]).not.toHaveProperty(
      'usage',
    );
  });
});

describe('an error in an AI SDK stream', () => {
  const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };

  it('is noted where the step goes on (case 22)', () => {
    const steps = messages([
      { type: 'start-step' },
      overloaded,
      { type: 'error', error: 'second' },
      { type: 'text-delta', id: '0', text: 'a' },
      overloaded,
      { type: 'finish-step', finishReason: 'error' },
      { type: 'finish' },
    ]);
    expect(steps).toMatchObject([
      {
        status: 'complete',
        finish_reason: 'error',
        errors: [
          { message: 'Overloaded', code: 'overloaded_error', at: START + 1 },
          { message: 'second', at: START + 2 },
          { at: START + 4 },
        ],
      },
    ]);
  });

  it.each([
    ['the file ends', []],
    ['the stream finishes without a finish-step', [{ type: 'finish', finishReason: 'error' }]],
  ])('fails the step where %s', (_name, rest) => {
    const steps = messages([
      { type: 'start-step' },
      call('c'),
      { type: 'error', error: 'first' },
      overloaded,
      ...rest,
    ]);
    expect(steps).toMatchObject([
      {
        status: 'failed',
        ended_at: START + 3,
        errors: [{ message: 'first' }, { message: 'Overloaded' }],
        parts: [{ type: 'tool-call' }, { synthetic: true }],
      },
    ]);
  });

  it('is a failed step of its own where the call failed before its stream began', () => {
    expect(messages([{ type: 'start' }, overloaded])).toMatchObject([
      { step_id: 'run.0', status: 'failed', parts: [], errors: [{ message: 'Overloaded', at: START + 1 }] },
    ]);
    const [, second] = messages([
      { type: 'start-step' },
      { type: 'finish-step' },
      overloaded,
      { type: 'finish' },
    ]);
    expect(second).toMatchObject({ step_id: 'run.1', status: 'failed', started_at: START + 2 });
  });

  it('is noted in the step that begins after it, or the attempt that it ends', () => {
    expect(messages([overloaded, { type: 'start-step' }, { type: 'finish-step' }])).toMatchObject([
      { status: 'complete', errors: [{ message: 'Overloaded', at: START }] },
    ]);
    const { events } = convert([
      { type: 'start-step' },
      overloaded,
      { type: 'start-step' },
      { type: 'finish-step' },
    ]);
    expect(events.slice(1, 3)).toMatchObject([
      { type: 'error', at: START + 1, fatal: false },
      { type: 'step-start', step_id: 'run.0', attempt: 1 },
    ]);
  });

  it('is noted where the user stops the step after it', () => {
    expect(messages([{ type: 'start-step' }, overloaded, { type: 'abort' }])).toMatchObject([
      { status: 'interrupted', errors: [{ message: 'Overloaded' }], interrupt: { reason: 'user' } },
    ]);
  });
});
