import { describe, expect, it } from '@jest/globals';
import { brief, convertParts, messagesOfParts, partsOfType } from '../../../test/support/convert-parts.js';
import { convertRecording } from './convert-recording.js';
import { uiMessage } from './ui-message.js';

const convert = (parts: readonly unknown[]) => convertParts(uiMessage, parts);
const messages = (parts: readonly unknown[]) => messagesOfParts(uiMessage, parts);

/** The events of a step's own chunks: without the `step-start` before them and the end behind them. */
function within(parts: readonly unknown[]): unknown[] {
  const own = brief(convert([{ type: 'start-step' }, ...parts, { type: 'finish-step' }]).events);
  expect(own[0]?.[0]).toBe('step-start');
  expect(own.slice(-2).map(([type]) => type)).toEqual(['finish', 'step-end']);
  return own.slice(1, -2).map(([type, , at, fields]) => [type, at, fields]);
}

const text = (id: string, delta: string) => [
  { type: 'text-start', id },
  { type: 'text-delta', id, delta },
  { type: 'text-end', id },
];
const step = (...parts: readonly unknown[]) => [{ type: 'start-step' }, ...parts, { type: 'finish-step' }];
const call = (toolCallId: string, more: object = {}) => ({
  type: 'tool-input-available',
  toolCallId,
  toolName: 'look',
  input: { at: 'sea' },
  ...more,
});
const output = (toolCallId: string, more: object = {}) => ({
  type: 'tool-output-available',
  toolCallId,
  output: { seen: 2 },
  ...more,
});

describe('a UI message stream', () => {
  it('becomes a step with its blocks, its finish without a reason, and its end, each at its own time', () => {
    const { events, unknown } = convert([
      { type: 'start' },
      ...step(...text('0', 'Hi')),
      { type: 'finish', finishReason: 'stop' },
    ]);
    expect(brief(events)).toEqual([
      ['step-start', 'run.0', 1, { step_index: 0, run_id: 'run' }],
      ['text-start', 'run.0', 2, { id: '0' }],
      ['text-delta', 'run.0', 3, { id: '0', text: 'Hi' }],
      ['text-end', 'run.0', 4, { id: '0' }],
      ['finish', 'run.0', 5, { metadata: { 'ai-sdk': { finishReason: 'stop' } } }],
      ['step-end', 'run.0', 5, {}],
    ]);
    expect(unknown).toEqual({});
  });

  it('is read from server-sent events too', () => {
    const lines = [
      'data: {"type":"start","messageId":"m"}',
      '',
      'data: {"type":"text-start","id":"0"}',
      '',
      'data: {"type":"text-delta","id":"0","delta":"Hi"}',
      '',
      'data: {"type":"finish"}',
      '',
      'data: [DONE]',
      '',
    ];
    const options = { chatId: 'c', runId: 'r', startMicros: 1_767_225_600_000_000, tickMicros: 1 };
    const recording = convertRecording({ ...options, format: 'ui-message', lines });
    expect(recording).toMatchObject({ ok: true, summary: { parts: 4, unreadableLines: 0 } });
  });

  it('keeps metadata of every chunk of a block, of empty deltas too, and citations (case 6)', () => {
    const providerMetadata = { anthropic: { signature: 's' } };
    expect(
      within([
        { type: 'reasoning-start', id: 'r', providerMetadata: { anthropic: { redactedData: 'x' } } },
        { type: 'reasoning-delta', id: 'r', delta: '', providerMetadata },
        { type: 'reasoning-end', id: 'r', providerMetadata },
        { type: 'text-end', id: 't', providerMetadata, citations: [{ citedText: 'q' }] },
      ]),
    ).toEqual([
      ['reasoning-start', 1, { id: 'r', redacted: true, metadata: { anthropic: { redactedData: 'x' } } }],
      ['reasoning-delta', 2, { id: 'r', text: '', metadata: providerMetadata }],
      ['reasoning-end', 3, { id: 'r', metadata: providerMetadata }],
      [
        'text-end',
        4,
        {
          id: 't',
          metadata: { anthropic: { signature: 's' }, 'ai-sdk': { citations: [{ citedText: 'q' }] } },
        },
      ],
    ]);
  });

  it('carries a call through input, call, preliminary and final result (case 15)', () => {
    const caller = { anthropic: { caller: { toolId: 'outer' } } };
    expect(
      within([
        { type: 'tool-input-start', toolCallId: 'c', toolName: 'look', title: 'Look', dynamic: true },
        { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"at":"sea"}' },
        call('c', { providerExecuted: true, toolMetadata: { server: 'x' }, providerMetadata: caller }),
        output('c', { preliminary: true, providerExecuted: true }),
        output('c', { providerMetadata: { a: { b: 1 } } }),
      ]),
    ).toEqual([
      ['tool-input-start', 1, { tool_call_id: 'c', tool_name: 'look', title: 'Look', dynamic: true }],
      ['tool-input-delta', 2, { tool_call_id: 'c', text: '{"at":"sea"}' }],
      [
        'tool-call',
        3,
        {
          tool_call_id: 'c',
          tool_name: 'look',
          args: { at: 'sea' },
          provider_executed: true,
          parent_tool_call_id: 'outer',
          metadata: { ...caller, 'ai-sdk': { toolMetadata: { server: 'x' } } },
        },
      ],
      [
        'tool-result',
        4,
        { tool_call_id: 'c', result: { seen: 2 }, preliminary: true, provider_executed: true },
      ],
      ['tool-result', 5, { tool_call_id: 'c', result: { seen: 2 }, metadata: { a: { b: 1 } } }],
    ]);
  });

  it('makes an invalid call of tool-input-error, with the text that was no JSON, and keeps its error (case 11)', () => {
    const [message] = messages([
      ...step(
        { type: 'tool-input-error', toolCallId: 'a', toolName: 'look', input: '{"at', errorText: 'no JSON' },
        { type: 'tool-output-error', toolCallId: 'a', errorText: 'no JSON' },
        { type: 'tool-input-error', toolCallId: 'b', toolName: 'look', input: { to: 1 }, errorText: 'bad' },
      ),
    ]);
    expect(message?.parts).toMatchObject([
      { type: 'tool-call', tool_call_id: 'a', args_text: '{"at', invalid: true, error: 'no JSON' },
      { type: 'tool-result', tool_call_id: 'a', result: { error: 'no JSON' }, is_error: true },
      { type: 'tool-call', tool_call_id: 'b', args: { to: 1 }, invalid: true, error: 'bad' },
    ]);
  });

  it('finds the call of an approval by its id, and keeps what must be sent back', () => {
    const [message] = messages(
      step(
        call('c'),
        {
          type: 'tool-approval-request',
          approvalId: 'p',
          toolCallId: 'c',
          signature: 's',
          isAutomatic: true,
        },
        { type: 'tool-approval-response', approvalId: 'p', approved: false, reason: 'no' },
        { type: 'tool-output-denied', toolCallId: 'c' },
      ),
    );
    expect(message?.parts).toMatchObject([
      {
        type: 'tool-call',
        approval: { approval_id: 'p', state: 'denied', automatic: true, reason: 'no' },
      },
      {
        type: 'data',
        name: 'tool-approval-request',
        data_id: 'p',
        data: { approvalId: 'p', toolCallId: 'c', signature: 's' },
      },
    ]);
    expect(message?.parts).toHaveLength(2);
  });

  it('has no data part of an approval that says nothing more', () => {
    const request = { type: 'tool-approval-request', approvalId: 'p', toolCallId: 'c', reason: 'why' };
    expect(messages(step(call('c'), request))[0]?.parts).toMatchObject([
      { type: 'tool-call', approval: { approval_id: 'p', state: 'requested', reason: 'why' } },
    ]);
  });

  it('denies by the request that is on record, and names an unknown approval as its call', () => {
    const approvals = partsOfType(
      messages(
        step(
          { type: 'tool-output-denied', toolCallId: 'of another step' },
          { type: 'tool-approval-response', approvalId: 'asked elsewhere', approved: true },
        ),
      )[0],
      'tool-approval',
    );
    expect(approvals).toMatchObject([
      { tool_call_id: 'of another step', approval_id: 'of another step', state: 'denied' },
      { tool_call_id: 'asked elsewhere', approval_id: 'asked elsewhere', state: 'granted' },
    ]);
  });

  it('takes sources, files, custom and data parts, and lets data with an id replace', () => {
    const [message] = messages(
      step(
        { type: 'source-url', sourceId: 's1', url: 'https://a', title: 'A' },
        { type: 'source-document', sourceId: 's2', mediaType: 'text/plain', title: 'B', filename: 'b.txt' },
        { type: 'file', url: 'data:image/png;base64,AAEC', mediaType: 'image/png' },
        { type: 'reasoning-file', url: 'https://b/c.png', mediaType: 'image/png' },
        { type: 'custom', kind: 'openai.compaction', providerMetadata: { openai: { itemId: 'i' } } },
        { type: 'data-weather', id: 'w', data: { city: 'Bern' } },
        { type: 'data-weather', id: 'w', data: { city: 'Bern', degrees: 7 } },
        { type: 'data-note', data: 'x', transient: true },
        { type: 'steering-message', id: 'q', parts: [{ type: 'text', text: 'stop' }] },
      ),
    );
    expect(message?.parts).toMatchObject([
      { type: 'source', source_type: 'url', source_id: 's1', url: 'https://a', title: 'A' },
      { type: 'source', source_type: 'document', source_id: 's2', media_type: 'text/plain', title: 'B' },
      { type: 'file', media_type: 'image/png', data: 'AAEC' },
      { type: 'file', media_type: 'image/png', url: 'https://b/c.png', reasoning: true },
      { type: 'data', name: 'openai.compaction', data: { providerMetadata: { openai: { itemId: 'i' } } } },
      { type: 'data', name: 'weather', data_id: 'w', data: { city: 'Bern', degrees: 7 } },
      { type: 'data', name: 'steering-message', data_id: 'q' },
    ]);
    expect(message?.parts).toHaveLength(7);
  });

  it('passes unknown chunks over and counts them, and a file without a URL', () => {
    const { unknown } = convert(
      step(
        { type: 'hologram' },
        { type: 'hologram' },
        'no object',
        { type: 'file', url: 7 },
        { type: 'constructor' },
      ),
    );
    expect(unknown).toEqual({ hologram: 2, '(no type)': 1, file: 1, constructor: 1 });
  });
});

describe('steps of a UI message stream', () => {
  it('are numbered through, and several messages may follow each other in one stream', () => {
    const stream = [
      { type: 'start', messageId: 'm1' },
      ...step(...text('0', 'a')),
      ...step(...text('0', 'b')),
      { type: 'finish' },
      { type: 'start', messageId: 'm2' },
      ...step(...text('0', 'c')),
      { type: 'finish' },
    ];
    expect(
      messages(stream).map(({ step_id, status, metadata }) => [
        step_id,
        status,
        metadata?.['ai-sdk']?.['messageId'],
      ]),
    ).toEqual([
      ['run.0', 'complete', 'm1'],
      ['run.1', 'complete', undefined],
      ['run.2', 'complete', 'm2'],
    ]);
  });

  it('are opened by content where the application wrote no steps, and ended by finish with its reason', () => {
    const [message, ...more] = messages([
      { type: 'start' },
      ...text('0', 'a'),
      { type: 'finish', finishReason: 'length' },
    ]);
    expect(message).toMatchObject({ status: 'complete', finish_reason: 'length' });
    expect(more).toEqual([]);
  });

  it('begin again as the next attempt at a second start-step and at reset-step (case 23)', () => {
    const { events } = convert([
      { type: 'start', messageId: 'm', messageMetadata: { a: 1 } },
      { type: 'start-step' },
      ...text('0', 'first'),
      { type: 'start-step' },
      ...text('0', 'second'),
      { type: 'reset-step' },
      { type: 'start-step' },
      ...text('0', 'third'),
      { type: 'finish-step' },
      { type: 'reset-step' },
      ...text('0', 'fourth'),
      { type: 'finish-step' },
    ]);
    const starts = brief(events).filter(([type]) => type === 'step-start');
    expect(starts.map(([, name]) => name)).toEqual(['run.0', 'run.0+1', 'run.0+2', 'run.0+3']);
    for (const [, , , fields] of starts) {
      expect(fields['metadata']).toEqual({ 'ai-sdk': { messageId: 'm', messageMetadata: { a: 1 } } });
    }
    expect(events.filter(({ type }) => type === 'step-end')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'step-end', attempt: 3 });
  });

  it('are no step for a reset or a finish-step where none is open', () => {
    const { events, unknown } = convert([{ type: 'reset-step' }, { type: 'finish-step' }, { type: 'start' }]);
    expect(events).toEqual([]);
    expect(unknown).toEqual({ 'reset-step': 1, 'finish-step': 1 });
  });

  it('are cut off by the start of another message, but not by a start without an id', () => {
    const cut = messages([
      { type: 'start', messageId: 'm1' },
      { type: 'start-step' },
      { type: 'text-start', id: '0' },
      { type: 'start', messageId: 'm2' },
      ...step(...text('0', 'b')),
    ]);
    expect(cut).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'eof' }, parts: [{ end_reason: 'interrupt' }] },
      { status: 'complete', metadata: { 'ai-sdk': { messageId: 'm2' } } },
    ]);
    expect(cut[0]?.ended_at).toBe(cut[0]?.last_event_at);
    expect(cut[0]!.ended_at! - cut[0]!.started_at).toBe(1);
    const merged = messages([
      { type: 'start', messageId: 'm1' },
      { type: 'start-step' },
      { type: 'start' },
      ...text('0', 'b'),
      { type: 'finish-step' },
    ]);
    expect(merged).toMatchObject([{ status: 'complete', parts: [{ text: 'b' }] }]);
  });

  it('take what comes before the first of them, with its own time (case 13)', () => {
    const { events } = convert([
      { type: 'start' },
      { type: 'data-plan', data: 1 },
      output('of an earlier message'),
      ...step(...text('0', 'a')),
    ]);
    expect(brief(events).slice(0, 4)).toMatchObject([
      ['step-start', 'run.0', 3, {}],
      ['data', 'run.0', 1, { name: 'plan' }],
      ['tool-result', 'run.0', 2, {}],
      ['text-start', 'run.0', 4, {}],
    ]);
  });

  it('take what comes before content that opens one', () => {
    const all = messages([
      { type: 'start' },
      { type: 'data-plan', data: 1 },
      ...text('0', 'a'),
      { type: 'finish' },
    ]);
    expect(all).toMatchObject([{ status: 'complete', parts: [{ name: 'plan' }, { text: 'a' }] }]);
    expect(all[0]!.first_output_at).toBe(all[0]!.started_at);
  });

  it('take what comes behind their finish: late results, sources and data', () => {
    const all = messages([
      { type: 'start' },
      ...step(call('c')),
      { type: 'source-url', sourceId: 's', url: 'https://a' },
      output('c'),
      { type: 'data-cost', data: 3 },
      { type: 'finish' },
    ]);
    expect(all).toMatchObject([
      {
        status: 'complete',
        parts: [{ type: 'tool-call' }, { type: 'source' }, { type: 'tool-result' }, { name: 'cost' }],
      },
    ]);
    expect(all[0]).not.toHaveProperty('pending_tool_call_ids');
    expect(all[0]!.finished_at! - all[0]!.started_at).toBe(2);
    expect(all[0]!.ended_at! - all[0]!.started_at).toBe(5);
  });

  it('leave a result of another step to the next step', () => {
    const all = messages([...step(call('c')), ...step(call('d')), output('c'), ...step(...text('0', 'a'))]);
    expect(all.map(({ parts }) => parts.map(({ type }) => type))).toEqual([
      ['tool-call'],
      ['tool-call'],
      ['tool-result', 'text'],
    ]);
  });

  it('are opened for what waited if none begins', () => {
    expect(messages([{ type: 'start' }, { type: 'data-x', data: 1 }, { type: 'finish' }])).toMatchObject([
      { status: 'complete', parts: [{ type: 'data', name: 'x' }] },
    ]);
    expect(messages([{ type: 'data-x', data: 1 }])).toMatchObject([{ status: 'interrupted' }]);
  });

  it('keep calls without a result pending (case 12)', () => {
    expect(messages([...step(call('c')), { type: 'finish' }])[0]).toMatchObject({
      status: 'complete',
      pending_tool_call_ids: ['c'],
    });
  });
});

describe('message metadata of a UI message stream', () => {
  const metadataOf = (parts: readonly unknown[]) =>
    messages(parts).map(({ metadata }) => metadata?.['ai-sdk']?.['messageMetadata']);

  it('is that of start, laid under what comes later in the step and in finish', () => {
    expect(
      metadataOf([
        { type: 'start', messageMetadata: { a: { x: 1, y: [1] }, b: 1 } },
        { type: 'start-step' },
        ...text('0', 'a'),
        { type: 'message-metadata', messageMetadata: { a: { y: [2], z: 3 }, b: { c: 1 } } },
        { type: 'finish-step' },
        { type: 'finish', messageMetadata: { b: null, tokens: 7 } },
      ]),
    ).toEqual([{ a: { x: 1, y: [2], z: 3 }, b: null, tokens: 7 }]);
  });

  it('goes to the step in which it came, also beside a late result', () => {
    expect(
      metadataOf([
        { type: 'start' },
        { type: 'message-metadata', messageMetadata: { early: 1 } },
        ...step(call('c')),
        { type: 'message-metadata', messageMetadata: { between: 2 } },
        output('c'),
        { type: 'message-metadata', messageMetadata: { late: 3 } },
        ...step(...text('0', 'a')),
        { type: 'finish', messageMetadata: { last: 4 } },
      ]),
    ).toEqual([{ early: 1, between: 2, late: 3 }, { last: 4 }]);
  });

  it('is a data part of a step that is cut off', () => {
    const [message] = messages([
      { type: 'start-step' },
      { type: 'message-metadata', messageMetadata: { a: 1 } },
      { type: 'message-metadata', messageMetadata: { b: 2 } },
      { type: 'abort' },
    ]);
    expect(message?.parts).toMatchObject([{ type: 'data', name: 'message-metadata', data: { a: 1, b: 2 } }]);
  });

  it('is counted where there is no step for it', () => {
    const { events, unknown } = convert([{ type: 'start' }, { type: 'finish', messageMetadata: { a: 1 } }]);
    expect(events).toEqual([]);
    expect(unknown).toEqual({ 'message-metadata': 1 });
  });

  it('is not changed by what is laid over it, and reaches no prototype', () => {
    const given = { a: { x: 1 }, ['__proto__']: { y: 1 } };
    const parts = [
      { type: 'start', messageMetadata: given },
      { type: 'start-step' },
      {
        type: 'message-metadata',
        messageMetadata: JSON.parse('{"a":{"x":2},"__proto__":{"y":2}}') as unknown,
      },
      { type: 'finish-step' },
    ];
    convert(parts);
    expect(given.a).toEqual({ x: 1 });
    expect(({} as Record<string, unknown>)['y']).toBeUndefined();
  });
});

describe('the end of a UI message stream', () => {
  it('is an interrupt by the user at abort, with its reason (case 20)', () => {
    expect(
      messages([
        { type: 'start' },
        { type: 'start-step' },
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: 'so f' },
        { type: 'tool-input-start', toolCallId: 'c', toolName: 'look' },
        { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{"at' },
        { type: 'abort', reason: 'enough' },
      ]),
    ).toMatchObject([
      {
        status: 'interrupted',
        interrupt: { reason: 'user', message: 'enough' },
        parts: [
          { text: 'so f', end_reason: 'interrupt' },
          { partial: true, args_text: '{"at' },
          { type: 'tool-result', synthetic: true },
        ],
      },
    ]);
  });

  it('is an interrupt (eof) where the stream just ends (case 21)', () => {
    expect(messages([{ type: 'start-step' }, { type: 'text-start', id: '0' }])).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'eof' } },
    ]);
  });

  it('is an interrupt (eof) where AI SDK 7 says interrupted, with the finish of the step', () => {
    const broken = { type: 'finish', finishReason: 'interrupted' };
    for (const parts of [
      [...step({ type: 'text-start', id: '0' }), broken],
      [...text('0', 'a'), broken],
    ]) {
      const [message] = messages(parts);
      expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason: 'eof' } });
      expect(message?.finished_at).toBeDefined();
    }
  });

  it('is complete after a finish-step, also without a finish', () => {
    expect(messages(step(...text('0', 'a')))).toMatchObject([{ status: 'complete' }]);
  });

  it('is a failure where an error is the last chunk, and none where the stream goes on (case 22)', () => {
    const error = { type: 'error', errorText: 'overloaded' };
    expect(messages([{ type: 'start-step' }, ...text('0', 'a'), error])).toMatchObject([
      { status: 'failed', errors: [{ message: 'overloaded' }] },
    ]);
    expect(messages([{ type: 'start-step' }, error, error, { type: 'finish' }])).toMatchObject([
      { status: 'failed', errors: [{ message: 'overloaded' }, { message: 'overloaded' }] },
    ]);
    expect(
      messages([{ type: 'start-step' }, error, ...text('0', 'a'), { type: 'finish-step' }]),
    ).toMatchObject([{ status: 'complete', errors: [{ message: 'overloaded' }] }]);
    expect(messages([{ type: 'start' }, error])).toMatchObject([{ status: 'failed' }]);
  });
});
