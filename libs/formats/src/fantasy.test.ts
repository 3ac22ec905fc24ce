import { describe, expect, it } from '@jest/globals';
import { brief, convertParts, messagesOfParts } from '../../../test/support/convert-parts.js';
import { fantasy } from './fantasy.js';

/** A part as Go writes it: all fields, empty where they say nothing. */
const part = (type: string, more: object = {}) => ({
  type,
  id: '',
  tool_call_name: '',
  tool_call_input: '',
  delta: '',
  provider_executed: false,
  usage: {
    input_tokens: 0,
    output_tokens: 0,
    total_tokens: 0,
    reasoning_tokens: 0,
    cache_creation_tokens: 0,
    cache_read_tokens: 0,
  },
  finish_reason: '',
  warnings: null,
  source_type: '',
  url: '',
  title: '',
  provider_metadata: null,
  ...more,
});
const text = (id: string, delta: string) => [
  part('text_start', { id }),
  part('text_delta', { id, delta }),
  part('text_end', { id }),
];
const finish = (more: object = {}) => part('finish', { finish_reason: 'stop', ...more });
const messages = (parts: readonly unknown[]) => messagesOfParts(fantasy, parts);
const anthropic = (data: object) => ({ anthropic: { type: 'anthropic.reasoning_metadata', data } });

describe('a fantasy stream', () => {
  it('becomes a step that its first part begins, with its blocks and a finish, each at its own time', () => {
    const { events, unknown } = convertParts(fantasy, [
      part('warnings', { warnings: [{ type: 'other', message: 'careful' }] }),
      ...text('0', 'Hi'),
      part('keepalive'),
      finish({
        id: 'resp_1',
        usage: {
          input_tokens: 3,
          output_tokens: 1,
          total_tokens: 4,
          reasoning_tokens: 0,
          cache_read_tokens: 0,
        },
      }),
    ]);
    expect(brief(events)).toEqual([
      [
        'step-start',
        'run.0',
        0,
        {
          step_index: 0,
          run_id: 'run',
          metadata: { fantasy: { warnings: [{ type: 'other', message: 'careful' }] } },
        },
      ],
      ['text-start', 'run.0', 1, { id: '0' }],
      ['text-delta', 'run.0', 2, { id: '0', text: 'Hi' }],
      ['text-end', 'run.0', 3, { id: '0' }],
      [
        'finish',
        'run.0',
        5,
        {
          finish_reason: 'stop',
          response_id: 'resp_1',
          usage: {
            input_tokens: 3,
            output_tokens: 1,
            total_tokens: 4,
            reasoning_tokens: 0,
            cache_read_tokens: 0,
          },
        },
      ],
      ['step-end', 'run.0', 5, {}],
    ]);
    expect(unknown).toEqual({});
  });

  it('keeps signatures that come with an empty delta, and no empty ones over them (case 6)', () => {
    const [message] = messages([
      part('reasoning_start', { id: '0', delta: 'I ' }),
      part('reasoning_delta', { id: '0', delta: 'think' }),
      part('reasoning_delta', {
        id: '0',
        provider_metadata: anthropic({ signature: 's', redacted_data: '' }),
      }),
      part('reasoning_end', { id: '0', provider_metadata: anthropic({ signature: '', redacted_data: '' }) }),
      part('reasoning_start', {
        id: '1',
        provider_metadata: anthropic({ signature: '', redacted_data: 'xx' }),
      }),
      part('reasoning_end', { id: '1' }),
      finish(),
    ]);
    expect(message?.parts).toMatchObject([
      { type: 'reasoning', text: 'I think', metadata: { anthropic: { signature: 's' } } },
      { type: 'reasoning', text: '', redacted: true, metadata: { anthropic: { redactedData: 'xx' } } },
    ]);
    expect(message?.parts[0]?.metadata).toEqual({ anthropic: { signature: 's' } });
  });

  it('names what the next request needs as the AI SDK does, wrapped or not', () => {
    const metadata = (given: unknown) =>
      messages([
        part('reasoning_end', { id: '0' }),
        part('text_delta', { id: 't', provider_metadata: given }),
      ])[0]?.parts[0]?.metadata;
    const openai = { item_id: 'rs_1', encrypted_content: 'xx', summary: ['a'] };
    const named = { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'xx', summary: ['a'] } };
    expect(metadata({ openai: { type: 'openai.responses.reasoning_metadata', data: openai } })).toEqual(
      named,
    );
    expect(metadata({ openai })).toEqual(named);
    expect(
      metadata({ google: { type: 'google.reasoning_metadata', data: { signature: 's', tool_id: '' } } }),
    ).toEqual({ google: { thoughtSignature: 's' } });
    expect(metadata({ anthropic: { type: 'x', data: { signature: '' } } })).toBeUndefined();
    expect(metadata({ anthropic: { type: 'x', data: {} }, openai: null })).toBeUndefined();
    expect(metadata('odd')).toEqual({ unknown: { value: 'odd' } });
  });

  it('carries a call through its input, whose text comes in delta or tool_call_input', () => {
    const { events } = convertParts(fantasy, [
      part('tool_input_start', { id: 'c', tool_call_name: 'look' }),
      part('tool_input_delta', { id: 'c', delta: '{"at":' }),
      part('tool_input_delta', { id: 'c', tool_call_input: '"sea"}' }),
      part('tool_input_end', { id: 'c' }),
      part('tool_call', { id: 'c', tool_call_name: 'look', tool_call_input: '{"at":"sea"}' }),
      finish({ finish_reason: 'tool-calls' }),
    ]);
    expect(brief(events).slice(1)).toEqual([
      ['tool-input-start', 'run.0', 0, { tool_call_id: 'c', tool_name: 'look' }],
      ['tool-input-delta', 'run.0', 1, { tool_call_id: 'c', text: '{"at":' }],
      ['tool-input-delta', 'run.0', 2, { tool_call_id: 'c', text: '"sea"}' }],
      ['tool-input-end', 'run.0', 3, { tool_call_id: 'c' }],
      ['tool-call', 'run.0', 4, { tool_call_id: 'c', tool_name: 'look', args: { at: 'sea' } }],
      ['finish', 'run.0', 5, { finish_reason: 'tool-calls' }],
      ['step-end', 'run.0', 5, {}],
    ]);
  });

  it('takes no argument text as {}, and text that is no JSON as that of an invalid call (cases 9 and 11)', () => {
    const [message] = messages([
      part('tool_call', { id: 'a', tool_call_name: 'look' }),
      part('tool_call', { id: 'b', tool_call_name: 'look', tool_call_input: '{"at' }),
      finish({ finish_reason: 'length' }),
    ]);
    expect(message).toMatchObject({
      pending_tool_call_ids: ['a', 'b'],
      finish_reason: 'length',
      parts: [{ args: {} }, { args_text: '{"at', invalid: true }],
    });
  });

  it('makes a result of what a provider’s tool found, and an error of its error', () => {
    const result = (id: string, data: object) =>
      part('tool_result', {
        id,
        tool_call_name: 'web_search',
        provider_executed: true,
        provider_metadata: { anthropic: { type: 'anthropic.web_search_result_metadata', data } },
      });
    const found = { results: [{ url: 'https://a', title: 'A', encrypted_content: 'xx' }] };
    const [message] = messages([
      part('tool_call', { id: 'a', tool_call_name: 'web_search', provider_executed: true }),
      result('a', found),
      result('b', { error_code: 'max_uses_exceeded' }),
      part('tool_result', { id: 'c', provider_executed: true }),
      finish(),
    ]);
    expect(message?.parts).toMatchObject([
      { type: 'tool-call', provider_executed: true },
      { tool_call_id: 'a', result: found, provider_executed: true, metadata: { anthropic: found } },
      { tool_call_id: 'b', result: { error_code: 'max_uses_exceeded' }, is_error: true },
      { tool_call_id: 'c', result: null },
    ]);
    expect(message).not.toHaveProperty('pending_tool_call_ids');
  });

  it('takes sources, and leaves out what is empty', () => {
    const [message] = messages([
      part('source', { id: 'https://a', source_type: 'url', url: 'https://a', title: 'A' }),
      part('source', { source_type: 'document', title: 'B' }),
      part('source', { url: 'https://c' }),
      finish(),
    ]);
    expect(message?.parts.map(({ first_event: _f, last_event: _l, ...own }) => own)).toMatchObject([
      { source_type: 'url', source_id: 'https://a', url: 'https://a', title: 'A' },
      { source_type: 'document', title: 'B' },
      { source_type: 'url', url: 'https://c' },
    ]);
    expect(message?.parts[1]).not.toHaveProperty('url');
    expect(message?.parts[2]).not.toHaveProperty('title');
  });

  it('takes cached tokens back into Anthropic’s input, told by its metadata or by the response', () => {
    const usage = { input_tokens: 5, output_tokens: 2, total_tokens: 7, cache_read_tokens: 3 };
    const input = (parts: readonly unknown[]) => messages(parts)[0]?.usage?.input_tokens;
    expect(input([...text('0', 'a'), finish({ usage })])).toBe(5);
    expect(input([...text('0', 'a'), finish({ usage, id: 'msg_01' })])).toBe(8);
    const thought = part('reasoning_end', { id: '0', provider_metadata: anthropic({ signature: 's' }) });
    expect(input([part('reasoning_start', { id: '0' }), thought, finish({ usage })])).toBe(8);
    // The next response of the run may be another provider's.
    const [, next] = messages([thought, finish({ usage }), ...text('0', 'a'), finish({ usage })]);
    expect(next?.usage?.input_tokens).toBe(5);
  });

  it('names the response as the provider does, and keeps a reason that is not known as the raw one', () => {
    const openai = { type: 'openai.responses.metadata', data: { response_id: 'resp_2' } };
    expect(
      messages([...text('0', 'a'), finish({ finish_reason: 'unknown', provider_metadata: { openai } })])[0],
    ).toMatchObject({
      response_id: 'resp_2',
      finish_reason: 'other',
      raw_finish_reason: 'unknown',
      metadata: { openai: { responseId: 'resp_2' } },
    });
    expect(messages([...text('0', 'a'), finish({ finish_reason: '' })])[0]).not.toHaveProperty(
      'finish_reason',
    );
  });

  it('has one step for each response, also for one that is empty (case 24)', () => {
    expect(messages([...text('0', 'a'), finish(), finish(), ...text('0', 'b'), finish()])).toMatchObject([
      { step_id: 'run.0', status: 'complete', parts: [{ text: 'a' }] },
      { step_id: 'run.1', status: 'complete', parts: [] },
      { step_id: 'run.2', status: 'complete', parts: [{ text: 'b' }] },
    ]);
  });

  it('begins the next attempt at warnings behind other parts (case 23)', () => {
    const warnings = part('warnings', { warnings: [{ type: 'other' }] });
    const all = messages([
      warnings,
      ...text('0', 'a'),
      part('error', { error: 'cut' }),
      warnings,
      ...text('0', 'b'),
      finish(),
    ]);
    expect(all).toMatchObject([{ status: 'complete', attempt: 1, parts: [{ text: 'b' }] }]);
    expect(all[0]).not.toHaveProperty('errors');
    expect(messages([warnings, warnings, ...text('0', 'a'), finish()])).toMatchObject([{ attempt: 0 }]);
  });

  it('fails at an error that nothing follows, and goes on after one that something does (case 22)', () => {
    const error = part('error', { error: 'overloaded' });
    expect(messages([...text('0', 'a'), error])).toMatchObject([
      { status: 'failed', errors: [{ message: 'overloaded' }] },
    ]);
    expect(messages([error])).toMatchObject([{ status: 'failed' }]);
    expect(
      messages([part('text_start', { id: '0' }), error, part('text_end', { id: '0' }), finish()]),
    ).toMatchObject([{ status: 'complete', errors: [{ message: 'overloaded' }] }]);
  });

  it('is interrupted (eof) where it just ends, with a partial call (cases 20 and 21)', () => {
    expect(
      messages([
        ...text('0', 'a'),
        part('tool_input_start', { id: 'c', tool_call_name: 'look' }),
        part('tool_input_delta', { id: 'c', delta: '{"at' }),
      ]),
    ).toMatchObject([
      {
        status: 'interrupted',
        interrupt: { reason: 'eof' },
        parts: [{ text: 'a' }, { partial: true, args_text: '{"at' }, { synthetic: true }],
      },
    ]);
  });

  it('passes unknown parts over and counts them', () => {
    expect(convertParts(fantasy, [part('hologram'), 7, ...text('0', 'a'), finish()]).unknown).toEqual({
      hologram: 1,
      '(no type)': 1,
    });
  });
});
