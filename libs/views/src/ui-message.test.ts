import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import { foldAll } from '../../../test/support/fold-all.js';
import { uiMessages } from './ui-message.js';

/** Event n of a chat, from 1, happens at microsecond n. */

const codec = createEventCodec();
const START = Date.parse('2026-04-10T12:00:00Z') * 1_000;
const stamp = (n: number): string => `2026-04-10T12:00:00.${String(n).padStart(6, '0')}Z`;

type Given = Readonly<Record<string, unknown>>;

/** Each argument is a step: events whose first opens it. Steps are `s0`, `s1` … of the run `r`, unless they say otherwise. */
function chat(...steps: readonly (readonly Given[])[]) {
  let at = START;
  const events = steps.flatMap((events, index) =>
    events.map((event): Event => {
      at++;
      const runId = event['type'] === 'step-start' ? { run_id: 'r' } : {};
      const whole = { v: 1, chat_id: 'c', step_id: `s${index}`, at, ...runId, ...event };
      const read = codec.check(JSON.parse(JSON.stringify(whole)));
      if (!read.ok) throw new Error(read.detail);
      return read.event;
    }),
  );
  const { outcomes, messages } = foldAll(events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return uiMessages(messages);
}

const start = { type: 'step-start' };
const end = { type: 'step-end' };
const stop = { type: 'interrupt', reason: 'user' };
const call = (id: string, more: Given = {}) => ({
  type: 'tool-call',
  tool_call_id: id,
  tool_name: 'look',
  args: { id },
  ...more,
});
const result = (id: string, more: Given = {}) => ({
  type: 'tool-result',
  tool_call_id: id,
  result: `of ${id}`,
  ...more,
});
const said = (text: string) => [
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', text },
  { type: 'text-end', id: 't' },
];
const user = (...parts: readonly Given[]) => ({ type: 'message', role: 'user', parts });
const hello = user({ type: 'text', text: 'hello' });
const approval = (state: string, more: Given = {}) => ({
  type: 'tool-approval',
  tool_call_id: 'a',
  approval_id: 'p',
  state,
  ...more,
});

/** The parts of the only message of a chat of one step, without its `step-start`. */
function partsOf(...events: readonly Given[]) {
  const [message, ...more] = chat([start, ...events]);
  expect(more).toEqual([]);
  expect(message?.parts[0]).toEqual({ type: 'step-start' });
  return message?.parts.slice(1);
}
const firstTool = (...steps: readonly (readonly Given[])[]) =>
  chat(...steps).flatMap(({ parts }) => parts.filter(({ toolCallId }) => toolCallId === 'a'))[0];

describe('messages of the ui-message view', () => {
  it('are the steps of a run in one, with a step-start each, and one for whoever else spoke', () => {
    expect(
      chat(
        [hello],
        [start, ...said('a'), end],
        [start, ...said('b'), end],
        [user({ type: 'text', text: 'more' })],
        [start, ...said('c'), end],
        [{ ...start, run_id: 'r2' }, ...said('d'), end],
      ).map(({ id, role, parts }) => [id, role, parts.map(({ type, text }) => text ?? type)]),
    ).toEqual([
      ['s0', 'user', ['hello']],
      ['r', 'assistant', ['step-start', 'a', 'step-start', 'b']],
      ['s3', 'user', ['more']],
      ['s4', 'assistant', ['step-start', 'c']],
      ['r2', 'assistant', ['step-start', 'd']],
    ]);
  });

  it('are those of the application, where it named them', () => {
    const named = (messageId: string, more: Given = {}) => ({
      ...start,
      metadata: { 'ai-sdk': { messageId, ...more } },
    });
    expect(
      chat(
        [named('m1', { messageMetadata: { a: { x: 1 }, b: 1 } }), end],
        [start, { type: 'finish', metadata: { 'ai-sdk': { messageMetadata: { a: { y: 2 } } } } }, end],
        [{ ...named('m1'), run_id: 'r2' }, end],
        [{ ...named('m2'), run_id: 'r2' }, { type: 'data', name: 'message-metadata', data: { c: 1 } }, stop],
      ).map(({ id, parts, metadata: { stepfold: _own, ...metadata } }) => [id, parts.length, metadata]),
    ).toEqual([
      ['m1', 3, { a: { x: 1, y: 2 }, b: 1 }],
      ['m2', 1, { c: 1 }],
    ]);
  });

  it('have ids that no other has', () => {
    const named = { ...start, metadata: { 'ai-sdk': { messageId: 's0' } } };
    const ids = chat([{ ...start, run_id: 'x' }, end], [hello], [{ ...named, run_id: 'x' }, end], [hello]);
    expect(ids.map(({ id }) => id)).toEqual(['x', 's1', 's0', 's3']);
    const taken = chat([{ ...start, run_id: 's1' }, end], [hello]);
    expect(taken.map(({ id }) => id)).toEqual(['s1', 's1~']);
  });

  it('are none of a person without a part, and none that only answers calls', () => {
    expect(chat([user()])).toEqual([]);
    expect(
      chat([start, call('a'), end], [{ type: 'message', role: 'tool', parts: [result('a')] }]),
    ).toMatchObject([{ id: 'r', parts: [{}, { state: 'output-available', output: 'of a' }] }]);
  });
});

describe('blocks, sources, files and data of the ui-message view', () => {
  it('keep text and reasoning with what the provider needs back, done or still streaming', () => {
    const metadata = { anthropic: { signature: 's' } };
    expect(
      partsOf(
        { type: 'reasoning-start', id: 'r' },
        { type: 'reasoning-delta', id: 'r', text: 'hm', metadata },
        { type: 'reasoning-end', id: 'r' },
        { type: 'text-start', id: 't' },
        { type: 'text-delta', id: 't', text: 'so', metadata: { 'ai-sdk': { citations: [{ id: 1 }] } } },
      ),
    ).toEqual([
      { type: 'reasoning', id: 'r', text: 'hm', state: 'done', providerMetadata: metadata },
      { type: 'text', text: 'so', citations: [{ id: 1 }], state: 'streaming' },
    ]);
  });

  it('are done in a step that has ended, however it did', () => {
    expect(partsOf({ type: 'text-start', id: 't' }, stop)).toEqual([
      { type: 'text', text: '', state: 'done' },
    ]);
  });

  it('name every field that the SDK demands of a source', () => {
    expect(
      partsOf(
        { type: 'source', source_type: 'url', source_id: 'i', url: 'https://a', title: 'A' },
        { type: 'source', source_type: 'url', url: 'https://b', metadata: { x: { y: 1 } } },
        { type: 'source', source_type: 'document', title: 'C', media_type: 'text/plain', filename: 'c.txt' },
        { type: 'source', source_type: 'document' },
        end,
      ),
    ).toEqual([
      { type: 'source-url', sourceId: 'i', url: 'https://a', title: 'A' },
      { type: 'source-url', sourceId: 'https://b', url: 'https://b', providerMetadata: { x: { y: 1 } } },
      {
        type: 'source-document',
        sourceId: 'c.txt',
        mediaType: 'text/plain',
        title: 'C',
        filename: 'c.txt',
      },
      { type: 'source-document', sourceId: '', mediaType: 'application/octet-stream', title: '' },
    ]);
  });

  it('make a file of what a request can carry, and data of what it cannot', () => {
    const file = { type: 'file', media_type: 'image/png' };
    expect(
      partsOf(
        { ...file, data: 'AAEC', name: 'a.png' },
        { ...file, url: 'https://a/b.png', metadata: { x: { y: 1 } } },
        { ...file, url: 'no url' },
        { ...file, file_id: 'f1' },
        { ...file, data: 'AAEC', reasoning: true },
        end,
      ),
    ).toEqual([
      { type: 'file', mediaType: 'image/png', filename: 'a.png', url: 'data:image/png;base64,AAEC' },
      { type: 'file', mediaType: 'image/png', url: 'https://a/b.png', providerMetadata: { x: { y: 1 } } },
      { type: 'data-file', data: { mediaType: 'image/png', url: 'no url' } },
      { type: 'data-file', data: { mediaType: 'image/png', fileId: 'f1' } },
      {
        type: 'data-reasoning-file',
        data: { mediaType: 'image/png', url: 'data:image/png;base64,AAEC' },
      },
    ]);
  });

  it('keep data under its name and id', () => {
    expect(
      partsOf(
        { type: 'data', name: 'weather', data_id: 'w', data: { degrees: 7 } },
        { type: 'data', name: 'none', data: null },
        end,
      ),
    ).toEqual([
      { type: 'data-weather', id: 'w', data: { degrees: 7 } },
      { type: 'data-none', data: null },
    ]);
  });
});

describe('tools of the ui-message view', () => {
  it('are one part of call and result, of the tool’s type or dynamic', () => {
    const metadata = { openai: { itemId: 'i' }, 'ai-sdk': { toolMetadata: { server: 'x' } } };
    expect(
      partsOf(
        call('a', { title: 'Look', metadata }),
        call('b', { dynamic: true, provider_executed: true }),
        result('a', { metadata: { x: { y: 1 } } }),
        result('b'),
        end,
      ),
    ).toEqual([
      {
        type: 'tool-look',
        toolCallId: 'a',
        state: 'output-available',
        input: { id: 'a' },
        output: 'of a',
        resultProviderMetadata: { x: { y: 1 } },
        title: 'Look',
        toolMetadata: { server: 'x' },
        callProviderMetadata: { openai: { itemId: 'i' } },
      },
      {
        type: 'dynamic-tool',
        toolName: 'look',
        toolCallId: 'b',
        state: 'output-available',
        input: { id: 'b' },
        output: 'of b',
        providerExecuted: true,
      },
    ]);
  });

  it('find their result in a later step, the latest call with its id first', () => {
    const states = (...steps: readonly (readonly Given[])[]) =>
      chat(...steps)
        .flatMap(({ parts }) => parts)
        .filter(({ toolCallId }) => toolCallId !== undefined)
        .map(({ output }) => output);
    const later = [start, result('a', { result: 'late' }), ...said('x'), end];
    expect(states([start, call('a'), end], later)).toEqual(['late']);
    expect(states([start, call('a'), result('a'), end], [start, call('a'), end], later)).toEqual([
      'of a',
      'late',
    ]);
  });

  it('take a real result over the one that an interrupt made, and over a preliminary one', () => {
    const real = { type: 'message', role: 'tool', parts: [result('a')] };
    const early = { type: 'message', role: 'tool', parts: [result('a', { preliminary: true })] };
    expect(firstTool([start, call('a'), stop], [real])).toMatchObject({ output: 'of a' });
    expect(firstTool([start, call('a'), result('a'), end], [early])).not.toHaveProperty('preliminary');
    expect(firstTool([start, call('a'), result('a', { preliminary: true })])).toMatchObject({
      state: 'output-available',
      preliminary: true,
    });
  });

  it('are in the state of the SDK while they wait', () => {
    expect(firstTool([start, { type: 'tool-input-start', tool_call_id: 'a', tool_name: 'look' }])).toEqual({
      type: 'tool-look',
      toolCallId: 'a',
      state: 'input-streaming',
      rawInput: '',
    });
    const input = [
      { type: 'tool-input-start', tool_call_id: 'a', tool_name: 'look' },
      { type: 'tool-input-delta', tool_call_id: 'a', text: '{"id":1}' },
    ];
    expect(firstTool([start, ...input])).toMatchObject({ input: { id: 1 }, rawInput: '{"id":1}' });
    const beyond = { type: 'tool-input-delta', tool_call_id: 'a', text: '1e999' };
    expect(firstTool([start, beyond])).not.toHaveProperty('input');
    expect(firstTool([start, ...input, end])).toMatchObject({ state: 'input-streaming', input: { id: 1 } });
    expect(firstTool([start, call('a'), end])).toEqual({
      type: 'tool-look',
      toolCallId: 'a',
      state: 'input-available',
      input: { id: 'a' },
    });
  });

  it('are closed once the chat has gone on, and where the step was cut off', () => {
    const closed = { state: 'output-error', errorText: 'tool call has no result', input: { id: 'a' } };
    expect(firstTool([start, call('a'), end], [hello])).toMatchObject(closed);
    expect(firstTool([start, call('a'), end], [start, ...said('x'), end])).toMatchObject(closed);
    expect(firstTool([start, call('a'), end], [start])).toMatchObject(closed);
    expect(firstTool([start, call('a'), approval('requested'), end], [hello])).toMatchObject(closed);
    expect(firstTool([start, call('a'), stop])).toMatchObject({
      state: 'output-error',
      errorText: 'tool call was interrupted before it produced a result',
    });
    const other = { type: 'message', role: 'tool', parts: [result('b')] };
    expect(firstTool([start, call('a'), call('b'), end], [other])).toMatchObject({
      state: 'input-available',
    });
  });

  it('have arguments that a request may hold: text that is no JSON is {}', () => {
    const invalid = { args: undefined, args_text: '{"id', invalid: true, error: 'no JSON' };
    const [message] = chat([start, call('a', invalid), end]);
    expect(message?.parts[1]).toMatchObject({ state: 'output-error', input: {}, errorText: 'no JSON' });
    expect(message?.metadata).toMatchObject({ stepfold: { parts: [{}, { args_text: '{"id' }] } });
    const input = { type: 'tool-input-delta', tool_call_id: 'a', text: '{"id' };
    expect(firstTool([start, input, stop])).toMatchObject({ state: 'output-error', input: {} });
    expect(firstTool([start, call('a', { args: 'free text' }), end])).toMatchObject({ input: 'free text' });
  });

  it('say in words why they failed', () => {
    const text = (value: unknown, more: Given = {}) =>
      firstTool([start, call('a', more), result('a', { result: value, is_error: true, ...more }), end])?.[
        'errorText'
      ];
    expect(text({ error: 'no such city' })).toBe('no such city');
    expect(text('plain')).toBe('plain');
    expect(text({ error: { name: 'Error', message: 'no such city' } })).toBe('no such city');
    expect(text({ error: { code: 7 } })).toBe('{"code":7}');
    expect(text({ error: null, why: 1 })).toBe('{"error":null,"why":1}');
    expect(text({ error: { message: 'm', code: 7 } }, { provider_executed: true })).toBe(
      '{"message":"m","code":7}',
    );
  });

  it('carry their approval, with what must go back to whoever asked', () => {
    const data = { approvalId: 'p', toolCallId: 'a', signature: 's', approvalDescriptor: { x: 1 } };
    const request = { type: 'data', name: 'tool-approval-request', data_id: 'p', data };
    const asked = [
      start,
      call('a', { dynamic: true }),
      approval('requested', { automatic: true, reason: 'why' }),
    ];
    expect(firstTool([...asked, request, end])).toEqual({
      type: 'tool-look',
      toolCallId: 'a',
      state: 'approval-requested',
      input: { id: 'a' },
      approval: { id: 'p', requestReason: 'why', isAutomatic: true, signature: 's', descriptor: { x: 1 } },
    });
    expect(chat([...asked, request, end])[0]?.parts).toHaveLength(2);
    const granted = { id: 'p', approved: true, isAutomatic: true };
    expect(firstTool([...asked, approval('granted')])).toMatchObject({
      state: 'approval-responded',
      approval: granted,
    });
    expect(firstTool([...asked, approval('granted'), result('a'), end])).toMatchObject({
      type: 'dynamic-tool',
      state: 'output-available',
      approval: granted,
    });
    expect(firstTool([...asked, result('a'), end])).not.toHaveProperty('approval');
    expect(firstTool([...asked, approval('denied', { reason: 'no' }), result('a'), end])).not.toHaveProperty(
      'approval',
    );
  });

  it('are answered by a later step, also by the approval alone', () => {
    const asked = [start, call('a'), approval('requested'), end];
    const denied = approval('denied', { tool_call_id: 'p', reason: 'no' });
    const answer = [{ type: 'message', role: 'tool', parts: [denied] }];
    expect(firstTool(asked, answer)).toMatchObject({
      state: 'output-denied',
      approval: { id: 'p', approved: false, reason: 'no' },
    });
    expect(firstTool(asked, answer, [hello])).toMatchObject({ state: 'output-denied' });
    expect(chat(asked, answer)).toHaveLength(1);
    expect(chat([start, approval('granted'), end])[0]?.parts[1]).toEqual({
      type: 'data-tool-approval',
      data: { toolCallId: 'a', approvalId: 'p', state: 'granted' },
    });
  });

  it('are made up for a result without a call: a request needs both', () => {
    expect(partsOf(result('z', { tool_name: 'look' }), result('y'), end)).toMatchObject([
      { type: 'dynamic-tool', toolName: 'look', toolCallId: 'z', state: 'output-available', input: {} },
      { type: 'dynamic-tool', toolName: 'unknown', toolCallId: 'y' },
    ]);
  });
});

describe('metadata of the ui-message view', () => {
  it('has what the SDK does not keep: the steps, their usage, and the times of every part', () => {
    const [message] = chat(
      [
        { ...start, provider: 'anthropic', model: 'm' },
        { type: 'reasoning-start', id: 'r' },
        { type: 'reasoning-delta', id: 'r', text: 'hm' },
        { type: 'reasoning-end', id: 'r' },
        call('a'),
        { type: 'tool-execution-start', tool_call_id: 'a' },
        result('a'),
        { type: 'finish', finish_reason: 'tool-calls', usage: { input_tokens: 3, output_tokens: 1 } },
        end,
      ],
      [start, { type: 'finish', usage: { input_tokens: 4 } }, stop],
    );
    expect(message?.metadata).toEqual({
      stepfold: {
        chat_id: 'c',
        run_id: 'r',
        usage: { input_tokens: 7, output_tokens: 1 },
        steps: [
          {
            step_id: 's0',
            status: 'complete',
            provider: 'anthropic',
            model: 'm',
            finish_reason: 'tool-calls',
            usage: { input_tokens: 3, output_tokens: 1 },
            started_at: stamp(1),
            first_output_at: stamp(2),
            finished_at: stamp(8),
            ended_at: stamp(9),
            duration_us: 8,
          },
          {
            step_id: 's1',
            status: 'interrupted',
            usage: { input_tokens: 4 },
            interrupt: { reason: 'user' },
            started_at: stamp(10),
            first_output_at: stamp(11),
            finished_at: stamp(11),
            ended_at: stamp(12),
            duration_us: 2,
          },
        ],
        parts: [
          {},
          { created_at: stamp(2), last_delta_at: stamp(3), completed_at: stamp(4), duration_us: 2 },
          { created_at: stamp(5), execution_started_at: stamp(6), result_at: stamp(7), duration_us: 1 },
          {},
        ],
      },
    });
    expect(message?.parts).toHaveLength(4);
  });

  it('says no duration of a result that an interrupt made, and what failed', () => {
    const [message] = chat([start, call('a'), { type: 'error', message: 'down', code: 'x', fatal: true }]);
    expect(message?.metadata).toMatchObject({
      stepfold: {
        steps: [{ status: 'failed', errors: [{ message: 'down', code: 'x' }] }],
        parts: [{}, { synthetic: true }],
      },
    });
    expect(message?.metadata).not.toHaveProperty('stepfold.parts.1.duration_us');
    expect(message?.metadata).toHaveProperty('stepfold.parts.1.result_at');
  });
});
