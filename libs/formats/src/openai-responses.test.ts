import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';
import { foldAll } from '../../../test/support/fold-all.js';
import { convertRecording } from './convert-recording.js';
import { openaiResponses } from './openai-responses.js';

const START = 1_767_225_600_000_000;
const codec = createEventCodec();

/** Converts parts that happen a microsecond apart, the first at `START`; the stream ends with the last. */
function convert(parts: readonly unknown[]): { events: Event[]; unknown: [string, number][] } {
  const converter = openaiResponses.createConverter({ chatId: 'chat', runId: 'run' });
  const events = parts.flatMap((part, index) => converter.convert(part, START + index));
  events.push(...converter.end(START + parts.length - 1));
  for (const event of events) {
    expect(codec.check(JSON.parse(JSON.stringify(event)))).toMatchObject({ ok: true });
  }
  return { events, unknown: [...converter.unknownParts] };
}

function messages(parts: readonly unknown[]): Message[] {
  const { outcomes, messages } = foldAll(convert(parts).events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

function message(parts: readonly unknown[]): Message {
  const all = messages(parts);
  expect(all).toHaveLength(1);
  return all[0]!;
}

/** The parts of a response with these events, each without the fields that all have. */
function partsOf(parts: readonly unknown[], response: object = {}): unknown[] {
  const { status, parts: made, anomalies } = message([created(), ...parts, completed(response)]);
  expect(status).toBe('complete');
  expect(anomalies).toBeUndefined();
  return made.map(shown);
}

function shown(part: Part): object {
  const { first_event: _first, last_event: _last, ...own } = part;
  return Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, name.endsWith('_at') ? Number(value) - START : value]),
  );
}

/** Event type, time since the start, and the fields of its own, of each event between start and end. */
function within(parts: readonly unknown[]): unknown[] {
  return convert([created(), ...parts, completed()])
    .events.slice(1, -2)
    .map(({ v: _v, chat_id: _chat, step_id: _step, at, type, ...own }) => [type, at - START, own]);
}

const created = (response: object = {}) => ({
  type: 'response.created',
  response: { id: 'resp_1', model: 'gpt-9', status: 'in_progress', output: [], ...response },
});
const completed = (response: object = {}) => ({
  type: 'response.completed',
  response: { id: 'resp_1', model: 'gpt-9', status: 'completed', output: [], ...response },
});
const added = (output_index: number, item: object) => ({
  type: 'response.output_item.added',
  output_index,
  item,
});
const done = (output_index: number, item: object) => ({
  type: 'response.output_item.done',
  output_index,
  item,
});
/** An event about an item: `of('output_text.delta', 0, {…})`. */
const of = (name: string, output_index: number, fields: object = {}) => ({
  type: `response.${name}`,
  output_index,
  ...fields,
});
const text = (value: string, more: object = {}) => ({
  type: 'output_text',
  text: value,
  annotations: [],
  ...more,
});
const openai = (entries: object) => ({ metadata: { openai: entries } });

describe('a response', () => {
  it('is a step with its model, its id, its texts and a finish', () => {
    const { events, unknown } = convert([
      created(),
      { type: 'response.in_progress', response: {} },
      added(0, { id: 'msg_1', type: 'message', phase: 'final_answer', content: [] }),
      of('content_part.added', 0, { item_id: 'msg_1', content_index: 0, part: text('') }),
      of('output_text.delta', 0, { item_id: 'msg_1', content_index: 0, delta: 'Good ' }),
      of('output_text.delta', 0, { item_id: 'msg_1', content_index: 0, delta: 'day' }),
      of('output_text.done', 0, { item_id: 'msg_1', content_index: 0, text: 'Good day' }),
      of('content_part.done', 0, { item_id: 'msg_1', content_index: 0, part: text('Good day') }),
      done(0, { id: 'msg_1', type: 'message', phase: 'final_answer', content: [text('Good day')] }),
      completed({
        output: [{ id: 'msg_1', type: 'message', content: [text('Good day')] }],
        service_tier: 'default',
        reasoning: { context: 'current_turn' },
        usage: {
          input_tokens: 10,
          input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
          output_tokens: 5,
          output_tokens_details: { reasoning_tokens: 2 },
          total_tokens: 15,
        },
      }),
    ]);
    const own = events.map(({ v: _v, chat_id: _chat, step_id, at, type, ...fields }) => {
      expect(step_id).toBe('run.0');
      return [type, at - START, fields];
    });
    const item = openai({ itemId: 'msg_1', phase: 'final_answer' });
    expect(own).toEqual([
      [
        'step-start',
        0,
        { model: 'gpt-9', step_index: 0, run_id: 'run', ...openai({ responseId: 'resp_1' }) },
      ],
      ['text-start', 3, { id: '0.0', ...item }],
      ['text-delta', 4, { id: '0.0', text: 'Good ' }],
      ['text-delta', 5, { id: '0.0', text: 'day' }],
      ['text-end', 7, { id: '0.0', ...item }],
      [
        'finish',
        9,
        {
          finish_reason: 'stop',
          usage: {
            input_tokens: 10,
            output_tokens: 5,
            total_tokens: 15,
            reasoning_tokens: 2,
            cache_creation_tokens: 3,
            cache_read_tokens: 4,
          },
          response_id: 'resp_1',
          model: 'gpt-9',
          ...openai({
            responseId: 'resp_1',
            serviceTier: 'default',
            reasoningContext: 'current_turn',
            usage: {
              input_tokens: 10,
              input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
              output_tokens: 5,
              output_tokens_details: { reasoning_tokens: 2 },
              total_tokens: 15,
            },
          }),
        },
      ],
      ['step-end', 9, {}],
    ]);
    expect(unknown).toEqual([]);
  });

  it('may be recorded as it came over HTTP', () => {
    const parts = [created(), of('output_text.delta', 0, { delta: 'Hi' }), completed()];
    const lines = parts.flatMap((part) => [`event: ${part.type}`, `data: ${JSON.stringify(part)}`, '']);
    const recording = convertRecording({
      format: 'openai-responses',
      lines: [...lines, 'data: [DONE]'],
      chatId: 'chat',
      runId: 'run',
      startMicros: START,
      tickMicros: 1,
    });
    if (!recording.ok) throw new Error(recording.problem);
    const { messages } = foldAll(recording.events.map(({ event }) => event));
    expect(messages).toMatchObject([{ status: 'complete', parts: [{ text: 'Hi' }], ended_at: START + 7 }]);
    expect(recording.summary).toEqual({ parts: 3, unreadableLines: 0, unknownParts: new Map() });
  });

  it('counts events that it does not know, and says nothing of those that say nothing', () => {
    const { unknown } = convert([
      created(),
      { type: 'response.queued' },
      { type: 'keepalive' },
      { type: 'response.mcp_list_tools.in_progress', output_index: 0 },
      { type: 'response.compaction.compacting', output_index: 0 },
      { type: 'response.web_search_call.in_progress', output_index: 0 },
      { type: 'response.audio.delta', delta: 'UklGRg==' },
      { type: 'response.hologram.delta' },
      { type: 'response.hologram.delta' },
      { nothing: true },
      null,
      completed(),
    ]);
    expect(unknown).toEqual([
      ['response.audio.delta', 1],
      ['response.hologram.delta', 2],
      ['(no type)', 2],
    ]);
  });

  it('is the next step after one that has ended, and the next attempt of one that has not', () => {
    const all = messages([
      created(),
      of('output_text.delta', 0, { delta: 'lost' }),
      created({ id: 'resp_2' }),
      of('output_text.delta', 0, { delta: 'kept' }),
      completed({ id: 'resp_2' }),
      created({ id: 'resp_3' }),
      completed({ id: 'resp_3' }),
    ]);
    expect(
      all.map(({ step_id, attempt, status, response_id }) => [step_id, attempt, status, response_id]),
    ).toEqual([
      ['run.0', 1, 'complete', 'resp_2'],
      ['run.1', 0, 'complete', 'resp_3'],
    ]);
    expect(all[0]?.parts).toMatchObject([{ type: 'text', text: 'kept' }]);
  });

  it('that is cut off is interrupted, with what had come of it', () => {
    const cut = message([
      created(),
      added(0, { id: 'rs_1', type: 'reasoning', encrypted_content: 'early', summary: [] }),
      of('reasoning_summary_part.added', 0, { summary_index: 0 }),
      of('reasoning_summary_text.delta', 0, { summary_index: 0, delta: 'Hm' }),
      added(1, { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '' }),
      of('function_call_arguments.delta', 1, { item_id: 'fc_1', delta: '{"a":' }),
    ]);
    expect(cut).toMatchObject({ status: 'interrupted', interrupt: { reason: 'eof', at: START + 5 } });
    expect(cut.parts.map(shown)).toMatchObject([
      {
        type: 'reasoning',
        text: 'Hm',
        end_reason: 'interrupt',
        ...openai({ itemId: 'rs_1', reasoningEncryptedContent: 'early' }),
      },
      { type: 'tool-call', tool_name: 'f', partial: true, args_text: '{"a":', input_started_at: 4 },
      { type: 'tool-result', tool_call_id: 'call_1', synthetic: true },
    ]);
  });

  it('that is cancelled is interrupted by the user', () => {
    const cancelled = message([
      created(),
      { type: 'response.cancelled', response: { status: 'cancelled', usage: { output_tokens: 3 } } },
    ]);
    expect(cancelled).toMatchObject({
      status: 'interrupted',
      interrupt: { reason: 'user' },
      usage: { output_tokens: 3 },
    });
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content-filter'],
    ['moon_phase', 'other'],
  ])('that is incomplete for %s has finished with %s', (reason, finish_reason) => {
    const response = { status: 'incomplete', incomplete_details: { reason } };
    expect(message([created(), { type: 'response.incomplete', response }])).toMatchObject({
      status: 'complete',
      finish_reason,
      raw_finish_reason: reason,
    });
  });

  it('with a call that the client runs has finished for it; one that the provider ran is no reason', () => {
    const reasonOf = (item: object, ...more: object[]) =>
      message([created(), done(0, item), ...more, completed()]).finish_reason;
    expect(reasonOf({ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' })).toBe('tool-calls');
    expect(reasonOf({ type: 'web_search_call', id: 'ws_1', status: 'completed' })).toBe('stop');
    expect(reasonOf({ type: 'mcp_approval_request', id: 'mcpr_1', name: 'f', arguments: '{}' })).toBe('stop');
    const shell = { type: 'shell_call', id: 'sh_1', call_id: 'c', action: { commands: ['ls'] } };
    expect(reasonOf(shell)).toBe('tool-calls');
    expect(reasonOf(shell, done(1, { type: 'shell_call_output', call_id: 'c', output: [] }))).toBe('stop');
  });

  it('that ends twice ends once, and an end without a beginning begins nothing (case 23)', () => {
    const { events, unknown } = convert([
      completed({ id: 'resp_0' }),
      created(),
      completed(),
      completed({ output: [{}] }),
    ]);
    expect(events.map(({ type }) => type)).toEqual(['step-start', 'finish', 'step-end']);
    expect(unknown).toEqual([['response.completed', 2]]);
  });
});

describe('errors of a response', () => {
  const error = { type: 'error', error: { type: 'quota', code: 'quota', message: 'no more' } };
  const failed = {
    type: 'response.failed',
    response: { id: 'resp_1', status: 'failed', error: { code: 'quota', message: 'no more' } },
  };

  it('are one where the response says that it has failed too (case 22)', () => {
    const both = message([created(), error, failed]);
    expect(both).toMatchObject({
      status: 'failed',
      finish_reason: 'error',
      raw_finish_reason: 'failed',
      ended_at: START + 2,
    });
    expect(both.errors).toEqual([{ message: 'no more', code: 'quota', at: START + 2 }]);
    // Its own words count, and where it has none those of the event before it.
    const silent = { type: 'response.failed', response: { status: 'failed', error: null } };
    expect(message([created(), error, silent]).errors).toMatchObject([{ message: 'no more' }]);
    expect(message([created(), silent]).errors).toMatchObject([{ message: 'the response failed' }]);
    expect(message([error, failed]).errors).toHaveLength(1);
  });

  it('are noted where the response goes on, and end it where the stream does (case 22)', () => {
    const flat = { type: 'error', code: 'odd', message: 'odd annotation', param: null };
    const goesOn = message([
      created(),
      flat,
      { type: 'ping' },
      of('output_text.delta', 0, { delta: 'x' }),
      completed(),
    ]);
    expect(goesOn).toMatchObject({
      status: 'complete',
      errors: [{ message: 'odd annotation', code: 'odd', at: START + 1 }],
    });
    expect(message([created(), flat, { type: 'ping' }])).toMatchObject({
      status: 'failed',
      ended_at: START + 1,
    });
  });

  it('that come before everything are a failed step, of which nothing else is known', () => {
    expect(message([{ error: { message: 'bad request', type: 'invalid_request_error' } }])).toMatchObject({
      status: 'failed',
      errors: [{ message: 'bad request', code: 'invalid_request_error' }],
    });
    expect(message([error, created(), completed()])).toMatchObject({
      status: 'complete',
      errors: [{ at: START }],
    });
  });

  it('leave the usage and the output of a failed response', () => {
    const response = {
      ...failed.response,
      usage: { input_tokens: 3 },
      output: [{ id: 'msg_1', type: 'message', content: [text('half')] }],
    };
    const both = message([created(), { ...failed, response }]);
    expect(both).toMatchObject({ status: 'failed', usage: { input_tokens: 3 }, parts: [{ text: 'half' }] });
  });
});

describe('items of a response', () => {
  it('are found by their index where their ids change in every event (case 3)', () => {
    const parts = partsOf(
      [
        added(0, { id: 'a1', type: 'reasoning', summary: [] }),
        of('reasoning_summary_part.added', 0, { item_id: 'a2', summary_index: 0 }),
        added(1, { id: 'b1', type: 'message', content: [] }),
        of('content_part.added', 1, { item_id: 'b2', content_index: 0, part: text('') }),
        of('reasoning_summary_text.delta', 0, { item_id: 'a3', summary_index: 0, delta: 'think' }),
        of('output_text.delta', 1, { item_id: 'b3', content_index: 0, delta: 'say' }),
        of('reasoning_summary_text.delta', 0, { item_id: 'a4', summary_index: 0, delta: 'ing' }),
        done(0, { id: 'a5', type: 'reasoning', summary: [{ text: 'thinking' }] }),
        done(1, { id: 'b4', type: 'message', content: [text('say')] }),
      ],
      {
        output: [
          { id: 'a6', type: 'reasoning', summary: [{ text: 'thinking' }] },
          { id: 'b5', type: 'message', content: [text('say')] },
        ],
      },
    );
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'thinking', ...openai({ itemId: 'a1' }) },
      { type: 'text', text: 'say', ...openai({ itemId: 'b1' }) },
    ]);
  });

  it('are found by their ids where every index is the same, or none is given (case 4)', () => {
    for (const index of [0, undefined]) {
      const parts = partsOf(
        [
          added(index as number, { id: 'a', type: 'message', content: [] }),
          added(index as number, { id: 'b', type: 'message', content: [] }),
          of('output_text.delta', index as number, { item_id: 'a', delta: 'A1' }),
          of('output_text.delta', index as number, { item_id: 'b', delta: 'B1' }),
          of('output_text.delta', index as number, { item_id: 'a', delta: 'A2' }),
          done(index as number, { id: 'a', type: 'message', content: [text('A1A2')] }),
          done(index as number, { id: 'b', type: 'message', content: [text('B1')] }),
        ],
        {
          output: [
            { id: 'b', type: 'message', content: [text('B1')] },
            { id: 'a', type: 'message', content: [text('A1A2')] },
          ],
        },
      );
      expect(parts).toMatchObject([{ text: 'A1A2' }, { text: 'B1' }]);
    }
  });

  it('that stand in the whole response alone are not lost, and none comes twice', () => {
    const parts = partsOf(
      [
        done(0, { id: 'msg_1', type: 'message', content: [text('once')] }),
        added(1, { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '' }),
        of('function_call_arguments.delta', 1, { delta: '{"a":1}' }),
      ],
      {
        output: [
          { id: 'rs_0', type: 'reasoning', summary: [], encrypted_content: 'secret' },
          { id: 'msg_1', type: 'message', content: [text('once')] },
          {
            id: 'fc_1',
            call_id: 'call_1',
            type: 'function_call',
            name: 'f',
            arguments: '{"a":1}',
            status: 'completed',
          },
          {
            id: 'ws_1',
            type: 'web_search_call',
            status: 'completed',
            action: { type: 'search', query: 'q' },
          },
        ],
      },
    );
    expect(parts).toMatchObject([
      { type: 'text', text: 'once', created_at: 1 },
      { type: 'tool-call', tool_call_id: 'call_1', args: { a: 1 }, input_started_at: 2, created_at: 4 },
      {
        type: 'reasoning',
        text: '',
        redacted: true,
        created_at: 4,
        ...openai({ itemId: 'rs_0', reasoningEncryptedContent: 'secret' }),
      },
      { type: 'tool-call', tool_call_id: 'ws_1', tool_name: 'web_search' },
      { type: 'tool-result', tool_call_id: 'ws_1' },
    ]);
  });

  it('that other ids and other places in the whole response have are told by their call, or by their type', () => {
    const call = { call_id: 'call_1', type: 'function_call', name: 'f', arguments: '{}' };
    const search = { type: 'web_search_call', status: 'completed' };
    const parts = partsOf([done(0, { id: 'a1', ...call }), done(1, { id: 'b1', type: 'compaction' })], {
      output: [
        { id: 'c2', ...search },
        { id: 'd2', type: 'mcp_list_tools' },
        { id: 'a2', ...call },
      ],
    });
    expect(parts.map((part) => (part as Part).type)).toEqual([
      'tool-call',
      'data',
      'tool-call',
      'tool-result',
      'data',
    ]);
  });

  it('keep reasoning that is encrypted in the whole response only', () => {
    const parts = partsOf(
      [done(0, { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm' }] })],
      { output: [{ id: 'rs_1', type: 'reasoning', summary: [{ text: 'Hm' }], encrypted_content: 'late' }] },
    );
    expect(parts).toMatchObject([
      { text: 'Hm' },
      { text: '', ...openai({ itemId: 'rs_1', reasoningEncryptedContent: 'late' }) },
    ]);
  });

  it('that are doubled come once', () => {
    const item = { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '{}' };
    const begins = added(0, { ...item, arguments: '' });
    const says = { id: 'msg_1', type: 'message', content: [text('hi')] };
    const delta = of('function_call_arguments.delta', 0, { delta: '{}' });
    expect(partsOf([begins, begins, delta, done(0, item)])).toMatchObject([{ input_started_at: 1 }]);
    expect(
      partsOf([begins, begins, done(0, item), done(0, item), begins, done(1, says), done(1, says)]),
    ).toHaveLength(2);
  });

  it('open their response if its beginning is missing, though nothing is said of them yet', () => {
    const item = { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '' };
    expect(message([{ type: 'response.queued' }, added(0, item)])).toMatchObject({
      started_at: START + 1,
      status: 'interrupted',
      parts: [],
    });
  });

  it('keep from their beginning what they do not repeat at their end', () => {
    const parts = partsOf([
      added(0, { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '' }),
      done(0, { id: 'fc_1', call_id: null, type: 'function_call', name: '', arguments: '{}' }),
      added(1, { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'early' }),
      done(1, { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: null }),
    ]);
    expect(parts).toMatchObject([
      { tool_call_id: 'call_1', tool_name: 'f' },
      { type: 'reasoning', ...openai({ reasoningEncryptedContent: 'early' }) },
    ]);
  });

  it('that are not known are kept as data, compactions as the AI SDK has them', () => {
    expect(
      partsOf([
        added(0, { id: 'mcpl_1', type: 'mcp_list_tools', server_label: 's', tools: [] }),
        done(0, { id: 'mcpl_1', type: 'mcp_list_tools', server_label: 's', tools: [{ name: 't' }] }),
        added(1, { id: 'cmp_1', type: 'compaction', encrypted_content: 'early' }),
        done(1, { id: 'cmp_1', type: 'compaction', encrypted_content: 'late' }),
        done(2, { type: 'hologram', light: 1 }),
      ]),
    ).toMatchObject([
      { type: 'data', name: 'openai.mcp_list_tools', data: { server_label: 's', tools: [{ name: 't' }] } },
      {
        type: 'data',
        name: 'openai.compaction',
        data: {
          providerMetadata: { openai: { type: 'compaction', itemId: 'cmp_1', encryptedContent: 'late' } },
        },
      },
      { type: 'data', name: 'openai.hologram', data: { light: 1 } },
    ]);
  });
});

describe('texts of a response', () => {
  it('of which only the whole came are there once, whichever event has it (case 9)', () => {
    const whole = text('whole');
    const item = { id: 'msg_1', type: 'message', content: [whole] };
    const wholes = [
      of('output_text.done', 0, { content_index: 0, text: 'whole' }),
      of('content_part.done', 0, { content_index: 0, part: whole }),
      done(0, item),
    ];
    for (let from = 0; from < wholes.length; from++) {
      const parts = partsOf(wholes.slice(from), { output: [item] });
      expect(parts).toMatchObject([{ type: 'text', text: 'whole', created_at: 1, last_delta_at: 1 }]);
    }
  });

  it('come once though events and item number the parts in different ways', () => {
    const parts = partsOf([
      added(0, { id: 'msg_1', type: 'message', content: [] }),
      of('output_text.delta', 0, { content_index: 1, delta: 'one' }),
      of('output_text.delta', 0, { content_index: 2, delta: 'two' }),
      done(0, { id: 'msg_1', type: 'message', content: [text('one'), text('two')] }),
      of('reasoning_text.delta', 1, { content_index: 0, delta: 'Hm' }),
      done(1, {
        id: 'rs_1',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'Hm' }],
        encrypted_content: '',
      }),
    ]);
    expect(parts).toMatchObject([{ text: 'one' }, { text: 'two' }, { text: 'Hm' }]);
    expect(parts).toHaveLength(3);
    expect(parts[2]).toMatchObject({ metadata: { openai: { itemId: 'rs_1' } } });
    expect(JSON.stringify(parts[2])).not.toContain('reasoningEncryptedContent');
  });

  it('that are empty are there (case 24)', () => {
    const item = { id: 'msg_1', type: 'message', content: [] };
    expect(partsOf([added(0, item), done(0, item)])).toMatchObject([
      { type: 'text', text: '', created_at: 1, completed_at: 2, ...openai({ itemId: 'msg_1' }) },
    ]);
    expect(
      partsOf([
        added(0, item),
        of('content_part.added', 0, { content_index: 0, part: text('') }),
        of('content_part.done', 0, { content_index: 0, part: text('') }),
        done(0, { ...item, content: [text('')] }),
      ]),
    ).toMatchObject([{ text: '', created_at: 2, completed_at: 3 }]);
  });

  it('are one part for each content part; refusals are texts too', () => {
    const refusal = { type: 'refusal', refusal: 'I will not' };
    const parts = partsOf([
      added(0, { id: 'msg_1', type: 'message', content: [] }),
      of('content_part.added', 0, { content_index: 0, part: text('') }),
      of('output_text.delta', 0, { content_index: 0, delta: 'First' }),
      of('content_part.done', 0, { content_index: 0, part: text('First') }),
      of('content_part.added', 0, { content_index: 1, part: { type: 'refusal', refusal: '' } }),
      of('refusal.delta', 0, { content_index: 1, delta: 'I will' }),
      of('refusal.delta', 0, { content_index: 1, delta: ' not' }),
      of('refusal.done', 0, { content_index: 1, refusal: 'I will not' }),
      of('content_part.done', 0, { content_index: 1, part: refusal }),
      done(0, { id: 'msg_1', type: 'message', phase: 'commentary', content: [text('First'), refusal] }),
    ]);
    expect(parts).toMatchObject([
      { type: 'text', text: 'First', created_at: 2, completed_at: 4 },
      {
        type: 'text',
        text: 'I will not',
        created_at: 5,
        completed_at: 9,
        // What the item says only when it is done reaches its last block.
        ...openai({ itemId: 'msg_1', refusal: true, phase: 'commentary' }),
      },
    ]);
    expect(
      partsOf([
        added(0, { id: 'msg_1', type: 'message', content: [] }),
        added(1, { id: 'ws_1', type: 'web_search_call' }),
        of('refusal.delta', 0, { content_index: 0, delta: 'No' }),
        done(0, { id: 'msg_1', type: 'message', content: [{ type: 'refusal', refusal: 'No' }] }),
      ])[0],
    ).toMatchObject({ text: 'No', created_at: 1, ...openai({ refusal: true }) });
    expect(partsOf([done(0, { type: 'message', content: [refusal] })])).toMatchObject([
      { text: 'I will not' },
    ]);
  });

  it('have their citations as sources, each once, and keep where they stand', () => {
    const page = { type: 'url_citation', url: 'https://a.example', title: 'A', start_index: 0, end_index: 2 };
    const file = { type: 'file_citation', file_id: 'file_1', filename: 'a.pdf', index: 3 };
    const inContainer = {
      type: 'container_file_citation',
      file_id: 'cf_1',
      container_id: 'cntr_1',
      filename: 'b.csv',
    };
    const path = { type: 'file_path', file_id: 'file_2', index: 9 };
    const annotations = [page, file, inContainer, path];
    const parts = partsOf([
      added(0, { id: 'msg_1', type: 'message', content: [] }),
      of('content_part.added', 0, { content_index: 0, part: text('') }),
      of('output_text.delta', 0, { content_index: 0, delta: 'Aa' }),
      of('output_text.annotation.added', 0, { content_index: 0, annotation_index: 0, annotation: page }),
      of('output_text.annotation.added', 0, {
        content_index: 0,
        annotation_index: 2,
        annotation: inContainer,
      }),
      of('output_text.annotation.added', 0, { content_index: 0, annotation_index: 7, annotation: null }),
      of('content_part.done', 0, { content_index: 0, part: text('Aa', { annotations }) }),
      done(0, { id: 'msg_1', type: 'message', content: [text('Aa', { annotations })] }),
    ]);
    expect(parts).toMatchObject([
      { type: 'text', text: 'Aa', ...openai({ annotations }) },
      { type: 'source', source_type: 'url', url: 'https://a.example', title: 'A', created_at: 4 },
      {
        type: 'source',
        source_type: 'document',
        media_type: 'text/plain',
        filename: 'b.csv',
        ...openai({ type: 'container_file_citation', fileId: 'cf_1', containerId: 'cntr_1' }),
        created_at: 5,
      },
      {
        type: 'source',
        title: 'a.pdf',
        ...openai({ type: 'file_citation', fileId: 'file_1', index: 3 }),
        created_at: 7,
      },
      { type: 'source', filename: 'file_2', media_type: 'application/octet-stream', created_at: 7 },
    ]);
    expect(parts).toHaveLength(5);
  });

  it('have other content beside them as data', () => {
    const image = { type: 'output_image', image_url: 'https://a.example/i.png' };
    expect(partsOf([done(0, { id: 'msg_1', type: 'message', content: [image, text('x')] })])).toMatchObject([
      { type: 'data', name: 'openai.output_image', data: image },
      { type: 'text', text: 'x' },
    ]);
  });
});

describe('reasoning of a response', () => {
  it('is one part for each summary; what is encrypted belongs to the last, as it was said last (case 6, case 8)', () => {
    const summary = [
      { type: 'summary_text', text: 'One' },
      { type: 'summary_text', text: 'Two' },
    ];
    const part = (index: number, value: string) => ({
      summary_index: index,
      part: { type: 'summary_text', text: value },
    });
    const parts = partsOf(
      [
        added(0, { id: 'rs_1', type: 'reasoning', encrypted_content: 'early', summary: [] }),
        of('reasoning_summary_part.added', 0, part(0, '')),
        of('reasoning_summary_text.delta', 0, { summary_index: 0, delta: 'One' }),
        of('reasoning_summary_text.done', 0, { summary_index: 0, text: 'One' }),
        of('reasoning_summary_part.done', 0, part(0, 'One')),
        of('reasoning_summary_part.added', 0, part(1, '')),
        of('reasoning_summary_text.delta', 0, { summary_index: 1, delta: 'Two' }),
        of('reasoning_summary_part.done', 0, part(1, 'Two')),
        done(0, { id: 'rs_1', type: 'reasoning', encrypted_content: 'late', summary }),
      ],
      { output: [{ id: 'rs_1', type: 'reasoning', encrypted_content: 'again', summary }] },
    );
    expect(parts).toEqual([
      {
        type: 'reasoning',
        id: '0.0',
        text: 'One',
        created_at: 2,
        last_delta_at: 3,
        completed_at: 5,
        ...openai({ itemId: 'rs_1' }),
      },
      {
        type: 'reasoning',
        id: '0.1',
        text: 'Two',
        created_at: 6,
        last_delta_at: 7,
        completed_at: 9,
        ...openai({ itemId: 'rs_1', reasoningEncryptedContent: 'late' }),
      },
    ]);
  });

  it('that is all hidden is one redacted part from the start of its item to the end (case 7)', () => {
    const item = { id: 'rs_1', type: 'reasoning', summary: [] };
    expect(
      partsOf([added(0, item), { type: 'ping' }, done(0, { ...item, encrypted_content: 'secret' })]),
    ).toEqual([
      {
        type: 'reasoning',
        id: '0.0',
        text: '',
        redacted: true,
        created_at: 1,
        completed_at: 3,
        ...openai({ itemId: 'rs_1', reasoningEncryptedContent: 'secret' }),
      },
    ]);
  });

  it('begins with its item where no part of it is said to begin', () => {
    const item = { id: 'rs_1', type: 'reasoning', summary: [] };
    const delta = of('reasoning_summary_text.delta', 0, { summary_index: 0, delta: 'Hm' });
    expect(partsOf([added(0, item), delta, done(0, item)])).toMatchObject([
      { text: 'Hm', created_at: 1, last_delta_at: 2 },
    ]);
  });

  it('ends, with a summary, as the next summary begins', () => {
    const summary = (summary_index: number) => ({ summary_index, part: { type: 'summary_text', text: '' } });
    const events = within([
      of('reasoning_summary_part.added', 0, summary(0)),
      of('reasoning_summary_part.done', 0, summary(0)),
      of('reasoning_summary_part.added', 0, summary(1)),
    ]);
    expect(events.slice(0, 3)).toMatchObject([
      ['reasoning-start', 1, { id: '0.0' }],
      ['reasoning-end', 2, { id: '0.0' }],
      ['reasoning-start', 3, { id: '0.1' }],
    ]);
  });

  it('begins before anything else that happens next is told', () => {
    const events = within([
      added(0, { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '' }),
      of('function_call_arguments.delta', 0, { delta: '{' }),
      added(1, { id: 'rs_1', type: 'reasoning', summary: [] }),
      of('function_call_arguments.delta', 0, { delta: '}' }),
    ]);
    expect(events.map((event) => (event as unknown[]).slice(0, 2)).slice(2, 4)).toEqual([
      ['reasoning-start', 3],
      ['tool-input-delta', 4],
    ]);
  });

  it('begins before whatever begins after it, even if nothing was said yet (case 5)', () => {
    expect(
      within([
        added(0, { id: 'rs_1', type: 'reasoning', summary: [] }),
        added(1, { id: 'ws_1', type: 'web_search_call' }),
        of('reasoning_summary_text.delta', 0, { summary_index: 0, delta: 'Hm' }),
      ]).slice(0, 3),
    ).toMatchObject([
      ['reasoning-start', 1, { id: '0.0' }],
      ['tool-input-start', 2, { tool_call_id: 'ws_1' }],
      ['reasoning-delta', 3, { id: '0.0', text: 'Hm' }],
    ]);
  });

  it('of open models is kept in full, beside summaries (case 8)', () => {
    const content = [{ type: 'reasoning_text', text: 'aloud' }];
    const parts = partsOf([
      added(0, { id: 'rs_1', type: 'reasoning', summary: [], content: [] }),
      // vLLM has a name of its own for it.
      of('reasoning_part.added', 0, { content_index: 0, part: { type: 'reasoning_text', text: '' } }),
      of('reasoning_text.delta', 0, { content_index: 0, delta: 'alo' }),
      of('reasoning_text.delta', 0, { content_index: 0, delta: 'ud' }),
      of('reasoning_text.done', 0, { content_index: 0, text: 'aloud' }),
      of('content_part.done', 0, { content_index: 0, part: content[0] }),
      done(0, { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'short' }], content }),
    ]);
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'aloud', created_at: 2, completed_at: 6 },
      { type: 'reasoning', text: 'short', created_at: 7, completed_at: 7 },
    ]);
    expect(parts[0]).not.toHaveProperty('redacted');
  });
});

describe('calls of a response', () => {
  const functionCall = { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'weather' };

  it('are named by their call id, and have the item in their metadata', () => {
    const caller = { type: 'program', caller_id: 'call_program' };
    expect(
      within([
        added(0, { ...functionCall, arguments: '', namespace: 'ns' }),
        of('function_call_arguments.delta', 0, { item_id: 'fc_1', delta: '{"city":' }),
        of('function_call_arguments.delta', 0, { item_id: 'fc_1', delta: '"Bern"}' }),
        of('function_call_arguments.done', 0, { item_id: 'fc_1', arguments: '{"city":"Bern"}' }),
        done(0, { ...functionCall, namespace: 'ns', arguments: '{"city":"Bern"}', caller }),
      ]),
    ).toEqual([
      [
        'tool-input-start',
        1,
        { tool_call_id: 'call_1', tool_name: 'weather', ...openai({ itemId: 'fc_1', namespace: 'ns' }) },
      ],
      ['tool-input-delta', 2, { tool_call_id: 'call_1', text: '{"city":' }],
      ['tool-input-delta', 3, { tool_call_id: 'call_1', text: '"Bern"}' }],
      ['tool-input-end', 4, { tool_call_id: 'call_1' }],
      [
        'tool-call',
        5,
        {
          tool_call_id: 'call_1',
          tool_name: 'weather',
          args: { city: 'Bern' },
          // Case 18: a program of the provider called it.
          parent_tool_call_id: 'call_program',
          ...openai({
            itemId: 'fc_1',
            namespace: 'ns',
            caller: { type: 'program', callerId: 'call_program' },
          }),
        },
      ],
    ]);
  });

  it('that run side by side stay apart, in order of start (case 9)', () => {
    const second = { id: 'fc_2', call_id: 'call_2', type: 'function_call', name: 'time' };
    const parts = partsOf([
      added(0, { ...functionCall, arguments: '' }),
      added(1, { ...second, arguments: '' }),
      of('function_call_arguments.delta', 0, { delta: '{"a"' }),
      of('function_call_arguments.delta', 1, { delta: '{"b"' }),
      of('function_call_arguments.delta', 0, { delta: ':1}' }),
      of('function_call_arguments.delta', 1, { delta: ':2}' }),
      done(1, { ...second, arguments: '{"b":2}' }),
      done(0, { ...functionCall, arguments: '{"a":1}' }),
    ]);
    expect(parts).toMatchObject([
      { tool_call_id: 'call_1', args: { a: 1 }, input_started_at: 1, created_at: 8 },
      { tool_call_id: 'call_2', args: { b: 2 }, input_started_at: 2, created_at: 7 },
    ]);
  });

  it('have their arguments from wherever they are (case 9)', () => {
    const argsOf = (...parts: object[]) => partsOf(parts).map((part) => (part as { args?: unknown }).args);
    expect(argsOf(done(0, { ...functionCall, arguments: '{"a":1}' }))).toEqual([{ a: 1 }]);
    expect(
      argsOf(of('function_call_arguments.done', 0, { arguments: '{"a":2}' }), done(0, functionCall)),
    ).toEqual([{ a: 2 }]);
    expect(
      argsOf(
        of('function_call_arguments.delta', 0, { delta: '{"a":3}' }),
        done(0, { ...functionCall, arguments: '' }),
      ),
    ).toEqual([{ a: 3 }]);
    // Case 11: no arguments are none.
    expect(argsOf(done(0, { ...functionCall, arguments: '' }))).toEqual([{}]);
  });

  it('whose arguments are no JSON keep them as text (case 11)', () => {
    expect(partsOf([done(0, { ...functionCall, arguments: '{"a":' })])).toMatchObject([
      { args_text: '{"a":', invalid: true, error: 'the arguments are not JSON' },
    ]);
  });

  it('that the model could not write to their end were never made', () => {
    const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
    const made = message([
      created(),
      added(0, { ...functionCall, arguments: '' }),
      done(0, { ...functionCall, arguments: '{"a":', status: 'incomplete' }),
      { type: 'response.incomplete', response: incomplete },
    ]);
    expect(made).toMatchObject({ status: 'complete', finish_reason: 'length' });
    expect(made.parts).toMatchObject([{ type: 'tool-call', partial: true, args_text: '{"a":' }]);
    expect(made).not.toHaveProperty('pending_tool_call_ids');
  });

  it('whose id changes, is empty, or comes last leave no other call behind (case 9)', () => {
    const search = { id: 'tsc_1', type: 'tool_search_call', execution: 'client', arguments: {} };
    const parts = partsOf([
      added(0, { ...search, call_id: 'call_early' }),
      done(0, { ...search, call_id: 'call_late', arguments: { goal: 'x' } }),
      added(1, { ...functionCall, call_id: '', arguments: '' }),
      of('function_call_arguments.delta', 1, { delta: '{}' }),
      of('function_call_arguments.done', 1, { arguments: '{}' }),
      done(1, { ...functionCall, arguments: '{}' }),
      added(2, { id: 'fc_3', call_id: null, type: 'function_call', name: 'f', arguments: '' }),
      of('function_call_arguments.delta', 2, { delta: '{}' }),
      done(2, { id: 'fc_3', call_id: '', type: 'function_call', name: 'f', arguments: '{}' }),
    ]);
    expect(parts).toMatchObject([
      {
        tool_call_id: 'call_late',
        tool_name: 'tool_search',
        args: { arguments: { goal: 'x' }, call_id: 'call_late' },
        input_started_at: 1,
      },
      { tool_call_id: 'call_1', input_started_at: 3, created_at: 6 },
      { tool_call_id: 'fc_3', input_started_at: 7, created_at: 9 },
    ]);
  });

  it('whose beginning is missing wait for their name (case 27)', () => {
    const parts = [
      of('function_call_arguments.delta', 0, { item_id: 'fc_1', delta: '{"a":1}' }),
      of('function_call_arguments.done', 0, { item_id: 'fc_1', arguments: '{"a":1}' }),
      done(0, { ...functionCall, arguments: '{"a":1}' }),
    ];
    expect(message(parts)).toMatchObject({
      started_at: START,
      status: 'interrupted',
      parts: [
        { tool_call_id: 'call_1', args: { a: 1 }, input_started_at: START, created_at: START + 2 },
        { synthetic: true },
      ],
    });
    // Cut off before that, the item's id is the only name.
    expect(message(parts.slice(0, 2)).parts).toMatchObject([
      { tool_call_id: 'fc_1', partial: true, args: { a: 1 } },
      {},
    ]);
  });

  it('that come after they were made mean nothing', () => {
    const late = of('function_call_arguments.delta', 0, { delta: 'x' });
    const { unknown } = convert([
      created(),
      done(0, { ...functionCall, arguments: '{}' }),
      late,
      completed(),
    ]);
    expect(unknown).toEqual([[late.type, 1]]);
  });

  it('with free text as input have it as a string (case 25)', () => {
    const item = { id: 'ctc_1', call_id: 'call_1', type: 'custom_tool_call', name: 'sql', input: '' };
    const parts = [
      created(),
      added(0, item),
      of('custom_tool_call_input.delta', 0, { delta: 'SELECT' }),
      of('custom_tool_call_input.delta', 0, { delta: ' 1' }),
      of('custom_tool_call_input.done', 0, { input: 'SELECT 1' }),
      done(0, { ...item, input: 'SELECT 1' }),
      completed(),
    ];
    expect(message(parts)).toMatchObject({
      finish_reason: 'tool-calls',
      parts: [{ tool_name: 'sql', args: 'SELECT 1' }],
    });
    expect(message(parts.slice(0, 4)).parts).toMatchObject([{ partial: true, args_text: 'SELECT 1' }, {}]);
  });

  it('of xAI in the shape of custom ones are the provider’s (case 16)', () => {
    const item = {
      id: 'ctc_1',
      call_id: 'xs_1',
      type: 'custom_tool_call',
      name: 'x_keyword_search',
      input: '{"query":"q"}',
    };
    const second = { ...item, id: 'ctc_2', call_id: 'xs_2', name: 'some_new_tool', input: '{}' };
    const searched = message([
      created({ model: 'grok-9-fast' }),
      added(0, item),
      added(1, second),
      done(1, second),
      done(0, item),
      completed({ model: 'grok-9-fast' }),
    ]);
    expect(searched.finish_reason).toBe('stop');
    expect(searched.parts).toMatchObject([
      { tool_call_id: 'xs_1', tool_name: 'x_keyword_search', args: { query: 'q' }, provider_executed: true },
      { tool_call_id: 'xs_2', provider_executed: true },
      { type: 'tool-result', tool_call_id: 'xs_2', result: {} },
      { type: 'tool-result', tool_call_id: 'xs_1', result: {} },
    ]);
  });

  it('of commands and patches are the client’s, and say what they are for as they begin', () => {
    const parts = [
      created(),
      added(0, { id: 'sh_1', call_id: 'call_1', type: 'shell_call', action: { commands: [] } }),
      of('shell_call_command.added', 0, { command_index: 0, command: '' }),
      of('shell_call_command.delta', 0, { command_index: 0, delta: 'ls' }),
      of('shell_call_command.done', 0, { command_index: 0, command: 'ls' }),
      of('shell_call_command.added', 0, { command_index: 1, command: '' }),
      of('shell_call_command.delta', 0, { command_index: 1, delta: 'pwd' }),
      added(1, {
        id: 'apc_1',
        call_id: 'call_2',
        type: 'apply_patch_call',
        operation: { type: 'update_file', path: 'a.md', diff: '' },
      }),
      of('apply_patch_call_operation_diff.delta', 1, { delta: '+x' }),
    ];
    expect(message(parts).parts).toMatchObject([
      { tool_call_id: 'call_1', tool_name: 'shell', args_text: 'ls\npwd', partial: true },
      {
        tool_call_id: 'call_2',
        tool_name: 'apply_patch',
        args_text: '+x',
        ...openai({ operation: { type: 'update_file', path: 'a.md' } }),
      },
      {},
      {},
    ]);
    const operation = { type: 'update_file', path: 'a.md', diff: '+x' };
    const whole = message([
      ...parts,
      of('apply_patch_call_operation_diff.done', 1, { diff: '+x' }),
      done(0, {
        id: 'sh_1',
        call_id: 'call_1',
        type: 'shell_call',
        action: { commands: ['ls', 'pwd'], timeout_ms: 9, max_output_length: null },
      }),
      done(1, { id: 'apc_1', call_id: 'call_2', type: 'apply_patch_call', operation, status: 'completed' }),
      done(2, {
        id: 'lsh_1',
        call_id: 'call_3',
        type: 'local_shell_call',
        action: { type: 'exec', command: ['ls'], env: {}, working_directory: '/' },
      }),
      done(3, {
        id: 'cu_1',
        call_id: 'call_4',
        type: 'computer_call',
        status: 'completed',
        action: { type: 'scroll', x: 1, y: 2, scroll_x: 3, scroll_y: 4 },
        pending_safety_checks: [{ id: 'sc_1', code: null }],
      }),
      completed(),
    ]);
    expect(whole.parts).toMatchObject([
      { args: { action: { commands: ['ls', 'pwd'], timeoutMs: 9 } }, input_started_at: START + 1 },
      { args: { callId: 'call_2', operation } },
      {
        tool_name: 'local_shell',
        args: { action: { type: 'exec', command: ['ls'], env: {}, workingDirectory: '/' } },
      },
      {
        tool_name: 'computer',
        args: {
          actions: [{ type: 'scroll', x: 1, y: 2, scrollX: 3, scrollY: 4 }],
          pendingSafetyChecks: [{ id: 'sc_1' }],
          status: 'completed',
        },
      },
    ]);
    expect(whole.pending_tool_call_ids).toEqual(['call_1', 'call_2', 'call_3', 'call_4']);
  });
});

describe('tools that the provider of a response runs', () => {
  it('search the web: from the start of the item, at work from its search on, with the pages as sources', () => {
    const action = {
      type: 'search',
      query: 'q',
      sources: [
        { type: 'url', url: 'https://a.example' },
        { type: 'api', name: 'x' },
      ],
    };
    expect(
      within([
        added(0, { id: 'ws_1', type: 'web_search_call', status: 'in_progress' }),
        of('web_search_call.in_progress', 0),
        of('web_search_call.searching', 0),
        of('web_search_call.searching', 0),
        of('web_search_call.completed', 0),
        done(0, { id: 'ws_1', type: 'web_search_call', status: 'completed', action }),
      ]),
    ).toMatchObject([
      ['tool-input-start', 1, { tool_call_id: 'ws_1', tool_name: 'web_search', provider_executed: true }],
      ['tool-execution-start', 3, { tool_call_id: 'ws_1' }],
      [
        'tool-call',
        6,
        { args: { type: 'search', query: 'q' }, provider_executed: true, ...openai({ itemId: 'ws_1' }) },
      ],
      ['tool-result', 6, { result: { action: { type: 'search', query: 'q' }, sources: action.sources } }],
      ['source', 6, { source_type: 'url', url: 'https://a.example' }],
    ]);
    const resultOf = (item: object) =>
      partsOf([done(0, { id: 'ws_1', type: 'web_search_call', ...item })])[1];
    expect(resultOf({ status: 'failed' })).toMatchObject({ result: { status: 'failed' }, is_error: true });
    expect(resultOf({ action: { type: 'open_page', url: 'u' } })).toMatchObject({
      result: { action: { type: 'openPage', url: 'u' } },
    });
  });

  it('search the web at xAI, where the arguments come at once and the call id is empty', () => {
    const item = {
      id: 'fc_1',
      call_id: '',
      type: 'web_search_call',
      name: 'web_search',
      arguments: '{"query":"q"}',
      status: 'completed',
    };
    expect(partsOf([added(0, item), done(0, item)])).toMatchObject([
      { tool_call_id: 'fc_1', args: { query: 'q' }, input_started_at: 1 },
      { type: 'tool-result', tool_call_id: 'fc_1', result: {} },
    ]);
    expect(message([created(), added(0, item)]).parts).toMatchObject([
      { partial: true, args: { query: 'q' } },
      {},
    ]);
  });

  it('search files', () => {
    const results = [{ file_id: 'file_1', filename: 'a.pdf', score: 0.5, text: 'found', attributes: {} }];
    const item = { id: 'fs_1', type: 'file_search_call', status: 'completed', queries: ['q'], results };
    expect(partsOf([done(0, item)])).toMatchObject([
      { tool_name: 'file_search', args: { queries: ['q'] } },
      {
        result: {
          queries: ['q'],
          results: [{ fileId: 'file_1', filename: 'a.pdf', score: 0.5, text: 'found', attributes: {} }],
        },
      },
    ]);
  });

  it('run code: the call is made when its code is complete', () => {
    const item = {
      id: 'ci_1',
      type: 'code_interpreter_call',
      status: 'in_progress',
      container_id: 'cntr_1',
      code: '',
      outputs: [],
    };
    const outputs = [{ type: 'logs', logs: '2' }];
    const parts = [
      added(0, item),
      of('code_interpreter_call_code.delta', 0, { item_id: 'ci_1', delta: 'print(' }),
      of('code_interpreter_call_code.delta', 0, { item_id: 'ci_1', delta: '2)' }),
      of('code_interpreter_call_code.done', 0, { item_id: 'ci_1', code: 'print(2)' }),
      of('code_interpreter_call.interpreting', 0),
      done(0, { ...item, status: 'completed', code: 'print(2)', outputs }),
    ];
    expect(partsOf(parts)).toMatchObject([
      {
        tool_name: 'code_interpreter',
        args: { code: 'print(2)', containerId: 'cntr_1' },
        input_started_at: 1,
        created_at: 4,
        execution_started_at: 5,
      },
      { result: { outputs }, provider_executed: true, created_at: 6 },
    ]);
    expect(
      partsOf([done(0, { id: 'ci_1', type: 'code_interpreter_call', arguments: '{"code":"1"}' })])[0],
    ).toMatchObject({ args: { code: '1' } });
  });

  it('make images, with previews before them (case 15)', () => {
    const item = { id: 'ig_1', type: 'image_generation_call', status: 'in_progress' };
    const preview = of('image_generation_call.partial_image', 0, {
      item_id: 'ig_1',
      partial_image_index: 0,
      partial_image_b64: 'AAAA',
    });
    const finished = {
      ...item,
      status: 'completed',
      result: 'BBBB',
      output_format: 'webp',
      revised_prompt: 'a cat',
    };
    expect(
      within([
        added(0, item),
        of('image_generation_call.generating', 0),
        preview,
        done(0, finished),
        preview,
      ]),
    ).toMatchObject([
      ['tool-input-start', 1, {}],
      ['tool-call', 1, { tool_name: 'image_generation', args: {} }],
      ['tool-execution-start', 2, {}],
      ['tool-result', 3, { result: { result: 'AAAA' }, preliminary: true }],
      ['tool-result', 4, { result: { result: 'BBBB' } }],
      ['file', 4, { media_type: 'image/webp', data: 'BBBB' }],
    ]);
    // Without the beginning of the item.
    expect(partsOf([preview, done(0, finished)])).toMatchObject([
      { tool_name: 'image_generation' },
      { result: { result: 'BBBB' } },
      { type: 'file' },
    ]);
    const failed = { ...item, status: 'failed', result: null, error: { message: 'no' } };
    expect(partsOf([done(0, failed)])).toMatchObject([{}, { result: {}, is_error: true }]);
  });

  it('call MCP servers, whose errors are errors, after asking whether they may (case 17)', () => {
    const request = {
      id: 'mcpr_1',
      type: 'mcp_approval_request',
      name: 'shorten',
      server_label: 'zip',
      arguments: '{"url":"u"}',
    };
    const asked = message([created(), added(0, request), done(0, request), completed()]);
    expect(asked.parts).toMatchObject([
      {
        tool_call_id: 'mcpr_1',
        tool_name: 'mcp.shorten',
        args: { url: 'u' },
        dynamic: true,
        provider_executed: true,
        approval: { approval_id: 'mcpr_1', state: 'requested' },
        ...openai({ itemId: 'mcpr_1', approvalRequestId: 'mcpr_1' }),
      },
    ]);
    expect(asked.pending_tool_call_ids).toEqual(['mcpr_1']);

    const item = {
      id: 'mcp_1',
      type: 'mcp_call',
      name: 'shorten',
      server_label: 'zip',
      approval_request_id: 'mcpr_1',
    };
    const parts = [
      added(0, { ...item, arguments: '', output: null, error: null }),
      of('mcp_call.in_progress', 0),
      of('mcp_call_arguments.delta', 0, { delta: '{"url":"u"}' }),
      of('mcp_call_arguments.done', 0, { arguments: '{"url":"u"}' }),
    ];
    expect(
      partsOf([
        ...parts,
        done(0, { ...item, arguments: '{"url":"u"}', output: 'done', error: null, status: 'completed' }),
      ]),
    ).toMatchObject([
      { tool_call_id: 'mcp_1', created_at: 4, ...openai({ itemId: 'mcp_1', approvalRequestId: 'mcpr_1' }) },
      {
        result: {
          type: 'call',
          serverLabel: 'zip',
          name: 'shorten',
          arguments: '{"url":"u"}',
          output: 'done',
        },
        created_at: 5,
      },
    ]);
    const failed = partsOf([
      ...parts,
      done(0, { ...item, arguments: '{}', output: null, error: 'refused', status: 'failed' }),
    ]);
    expect(failed[1]).toMatchObject({ result: { error: 'refused' }, is_error: true });
    expect(
      partsOf([
        done(0, {
          type: 'mcp_approval_response',
          approval_request_id: 'mcpr_9',
          approve: false,
          reason: 'no',
        }),
      ]),
    ).toMatchObject([
      { type: 'tool-approval', tool_call_id: 'mcpr_9', approval_id: 'mcpr_9', state: 'denied', reason: 'no' },
    ]);
  });

  it('search tools, whose results do not name their search', () => {
    const search = (id: string) => ({
      id,
      type: 'tool_search_call',
      execution: 'server',
      call_id: null,
      arguments: { paths: [id] },
    });
    const found = (id: string) => ({
      id,
      type: 'tool_search_output',
      execution: 'server',
      call_id: null,
      tools: [{ name: id }],
    });
    const parts = partsOf([
      added(0, search('tsc_1')),
      done(0, search('tsc_1')),
      done(1, search('tsc_2')),
      done(2, found('tso_1')),
      done(3, found('tso_2')),
    ]);
    expect(parts).toMatchObject([
      {
        tool_call_id: 'tsc_1',
        tool_name: 'tool_search',
        args: { arguments: { paths: ['tsc_1'] }, call_id: null },
        provider_executed: true,
      },
      { tool_call_id: 'tsc_2' },
      {
        type: 'tool-result',
        tool_call_id: 'tsc_1',
        result: { tools: [{ name: 'tso_1' }] },
        ...openai({ itemId: 'tso_1' }),
      },
      { type: 'tool-result', tool_call_id: 'tsc_2', result: { tools: [{ name: 'tso_2' }] } },
    ]);
  });

  it('run commands in a container, whose output is an item of its own', () => {
    const call = {
      id: 'sh_1',
      call_id: 'call_1',
      type: 'shell_call',
      action: { commands: ['ls'] },
      environment: { type: 'container_reference', container_id: 'cntr_1' },
    };
    const output = { id: 'sho_1', call_id: 'call_1', type: 'shell_call_output', max_output_length: 9 };
    const delta = (command_index: number, value: object) =>
      of('shell_call_output_content.delta', 1, { command_index, delta: value });
    const parts = [
      created(),
      done(0, call),
      added(1, { ...output, output: [] }),
      delta(0, { stdout: 'a' }),
      delta(0, { stdout: 'b', stderr: '!' }),
      delta(1, { stdout: 'c' }),
    ];
    // Cut off, what was printed is not lost.
    expect(message(parts).parts).toMatchObject([
      { tool_name: 'shell', provider_executed: true },
      {
        synthetic: true,
        result: {
          partial: {
            output: [
              { stdout: 'ab', stderr: '!' },
              { stdout: 'c', stderr: '' },
            ],
          },
        },
      },
    ]);
    const said = [
      { stdout: 'ab', stderr: '!', outcome: { type: 'exit', exit_code: 1 } },
      { stdout: 'c', stderr: '', outcome: { type: 'timeout' } },
    ];
    expect(message([...parts, done(1, { ...output, output: said }), completed()]).parts).toMatchObject([
      {},
      {
        tool_name: 'shell',
        result: {
          maxOutputLength: 9,
          output: [
            { stdout: 'ab', stderr: '!', outcome: { type: 'exit', exitCode: 1 } },
            { stdout: 'c', stderr: '', outcome: { type: 'timeout' } },
          ],
        },
      },
    ]);
  });

  it('run programs that call tools, whose results may be in a later response than the call (case 13, case 18)', () => {
    const program = {
      id: 'prog_1',
      call_id: 'call_1',
      type: 'program',
      code: 'await f()',
      fingerprint: 'fp',
    };
    const output = {
      id: 'po_1',
      call_id: 'call_1',
      type: 'program_output',
      result: '2',
      status: 'completed',
    };
    const all = messages([
      created(),
      added(0, program),
      done(0, program),
      completed(),
      created({ id: 'resp_2' }),
      done(0, output),
      completed({ id: 'resp_2' }),
    ]);
    expect(all[0]).toMatchObject({
      finish_reason: 'stop',
      pending_tool_call_ids: ['call_1'],
      parts: [
        {
          tool_name: 'programmatic_tool_calling',
          args: { code: 'await f()', fingerprint: 'fp' },
          provider_executed: true,
          ...openai({ itemId: 'prog_1' }),
        },
      ],
    });
    expect(all[1]?.parts).toMatchObject([
      {
        type: 'tool-result',
        tool_call_id: 'call_1',
        tool_name: 'programmatic_tool_calling',
        result: { result: '2', status: 'completed' },
      },
    ]);
  });

  it('that are not known are calls too; with a call id they are the client’s', () => {
    const parts = partsOf([
      added(0, { id: 'xs_1', type: 'x_search_call', name: 'x_search', arguments: '', status: 'in_progress' }),
      of('x_search_call.searching', 0),
      done(0, {
        id: 'xs_1',
        type: 'x_search_call',
        name: 'x_search',
        arguments: '{"query":"q"}',
        status: 'completed',
        posts: [1],
      }),
      done(1, { id: 'new_1', call_id: 'call_1', type: 'teleport_call', action: { to: 'Bern' } }),
      done(2, { call_id: 'call_0', type: 'function_call_output', output: 'old' }),
    ]);
    expect(parts).toMatchObject([
      {
        tool_call_id: 'xs_1',
        tool_name: 'x_search',
        args: { query: 'q' },
        execution_started_at: 2,
        provider_executed: true,
      },
      { type: 'tool-result', tool_call_id: 'xs_1', result: { posts: [1] } },
      { tool_call_id: 'call_1', tool_name: 'teleport', args: { to: 'Bern' } },
      { type: 'tool-result', tool_call_id: 'call_0', result: 'old' },
    ]);
  });
});
