import { describe, expect, it } from '@jest/globals';
import { brief, convertParts, messagesOfParts, START } from '../../../test/support/convert-parts.js';
import { languageModel } from './language-model.js';

const start = { type: 'stream-start', warnings: [] };
const finish = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'end_turn' },
  usage: {
    inputTokens: { total: 10, noCache: 4, cacheRead: 5, cacheWrite: 1 },
    outputTokens: { total: 7, text: 4, reasoning: 3 },
    raw: { prompt: 10 },
  },
};
const call = (toolCallId: string, input: unknown, more: object = {}) => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'weather',
  input,
  ...more,
});
const result = (toolCallId: string, given: unknown, more: object = {}) => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'search',
  result: given,
  ...more,
});

const convert = (parts: readonly unknown[]) => convertParts(languageModel, parts);
const messages = (parts: readonly unknown[]) => messagesOfParts(languageModel, parts);
/** The one message of the parts of a whole call. */
const messageOf = (...parts: readonly unknown[]) => {
  const all = messages([start, ...parts, finish]);
  expect(all).toHaveLength(1);
  expect(all[0]?.status).toBe('complete');
  return all[0]!;
};
/** The events of parts, without the start before them and the end behind them. */
const within = (...parts: readonly unknown[]) =>
  brief(convert([start, ...parts, finish]).events)
    .slice(1, -2)
    .map(([type, , at, own]) => [type, at, own]);

describe('a stream of a language model', () => {
  it('becomes a step with its model, its blocks and a finish', () => {
    const providerMetadata = { openai: { itemId: 'i' } };
    const { events, unknown } = convert([
      { type: 'stream-start', warnings: [{ type: 'unsupported', feature: 'topK' }] },
      { type: 'response-metadata', id: 'resp_1', modelId: 'm-1', timestamp: '2026-01-01T00:00:00Z' },
      { type: 'ping' },
      { type: 'raw', rawValue: { any: 1 } },
      { type: 'text-start', id: '0', providerMetadata },
      { type: 'text-delta', id: '0', delta: 'Hi' },
      { type: 'text-end', id: '0', citations: [{ citedText: 'q' }] },
      { ...finish, providerMetadata },
    ]);
    expect(brief(events)).toEqual([
      [
        'step-start',
        'run.0',
        0,
        {
          model: 'm-1',
          step_index: 0,
          run_id: 'run',
          metadata: { 'ai-sdk': { warnings: [{ type: 'unsupported', feature: 'topK' }] } },
        },
      ],
      ['text-start', 'run.0', 4, { id: '0', metadata: providerMetadata }],
      ['text-delta', 'run.0', 5, { id: '0', text: 'Hi' }],
      ['text-end', 'run.0', 6, { id: '0', metadata: { 'ai-sdk': { citations: [{ citedText: 'q' }] } } }],
      [
        'finish',
        'run.0',
        7,
        {
          finish_reason: 'stop',
          raw_finish_reason: 'end_turn',
          usage: {
            input_tokens: 10,
            output_tokens: 7,
            reasoning_tokens: 3,
            cache_read_tokens: 5,
            cache_creation_tokens: 1,
          },
          response_id: 'resp_1',
          model: 'm-1',
          metadata: providerMetadata,
        },
      ],
      ['step-end', 'run.0', 7, {}],
    ]);
    expect(unknown).toEqual({});
  });

  it('has usage and reason of version 2 as well', () => {
    expect(
      messages([
        start,
        {
          type: 'finish',
          finishReason: 'unknown',
          usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12, cachedInputTokens: 4 },
        },
      ]),
    ).toMatchObject([
      {
        finish_reason: 'other',
        raw_finish_reason: 'unknown',
        usage: { input_tokens: 10, output_tokens: 2, total_tokens: 12, cache_read_tokens: 4 },
      },
    ]);
  });

  it('keeps metadata of every part of a block, of empty deltas too (case 6)', () => {
    const signature = { anthropic: { signature: 's' } };
    expect(
      within(
        { type: 'reasoning-start', id: 'r', providerMetadata: { anthropic: { redactedData: 'xx' } } },
        { type: 'reasoning-delta', id: 'r', delta: '', providerMetadata: signature },
        { type: 'reasoning-end', id: 'r', providerMetadata: signature },
      ),
    ).toEqual([
      ['reasoning-start', 1, { id: 'r', redacted: true, metadata: { anthropic: { redactedData: 'xx' } } }],
      ['reasoning-delta', 2, { id: 'r', text: '', metadata: signature }],
      ['reasoning-end', 3, { id: 'r', metadata: signature }],
    ]);
  });

  it('keeps text and reasoning apart that are open at once (cases 1 and 5)', () => {
    const message = messageOf(
      { type: 'reasoning-start', id: '0' },
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'a' },
      { type: 'reasoning-delta', id: '0', delta: 'b' },
      { type: 'reasoning-end', id: '0' },
      { type: 'text-end', id: '0' },
    );
    expect(message.parts).toMatchObject([
      { type: 'reasoning', text: 'b', completed_at: START + 5 },
      { type: 'text', text: 'a', completed_at: START + 6 },
    ]);
  });

  it('reads the input of calls, which is JSON text, and leaves them pending (cases 11 and 12)', () => {
    const caller = { anthropic: { caller: { type: 'code_execution_20250825', toolId: 's1' } } };
    const message = messageOf(
      { type: 'tool-input-start', id: 'a', toolName: 'weather', inputEncoding: 'text' },
      { type: 'tool-input-delta', id: 'a', delta: '{"city":' },
      { type: 'tool-input-delta', id: 'a', delta: '"Bern"}', providerMetadata: { google: { part: 1 } } },
      { type: 'tool-input-end', id: 'a' },
      call('a', '{"city":"Bern"}', { providerMetadata: caller }),
      call('b', ''),
      call('c', '{"city":'),
      call('d', { city: 'Bern' }, { dynamic: true, title: 'Weather' }),
    );
    expect(message.parts).toMatchObject([
      {
        tool_call_id: 'a',
        args: { city: 'Bern' },
        input_started_at: START + 1,
        created_at: START + 5,
        parent_tool_call_id: 's1',
        metadata: { 'ai-sdk': { inputEncoding: 'text' }, google: { part: 1 }, ...caller },
      },
      { tool_call_id: 'b', args: {} },
      { tool_call_id: 'c', args_text: '{"city":', invalid: true },
      { tool_call_id: 'd', args: { city: 'Bern' }, dynamic: true, title: 'Weather' },
    ]);
    expect(message.pending_tool_call_ids).toEqual(['a', 'b', 'c', 'd']);
  });

  it('stores results of tools that the provider ran, the last one, with its error flag (case 15)', () => {
    const message = messageOf(
      call('a', '{}', { providerExecuted: true }),
      result('a', { image: 'half' }, { preliminary: true }),
      result('a', { image: 'whole' }, { providerMetadata: { openai: { itemId: 'i' } } }),
      result('b', { type: 'web_search_tool_result_error' }, { isError: true }),
    );
    expect(message.parts).toMatchObject([
      { type: 'tool-call', provider_executed: true },
      {
        type: 'tool-result',
        result: { image: 'whole' },
        provider_executed: true,
        created_at: START + 3,
        metadata: { openai: { itemId: 'i' } },
      },
      { tool_call_id: 'b', result: { type: 'web_search_tool_result_error' }, is_error: true },
    ]);
    expect(message.parts[1]).not.toHaveProperty('preliminary');
    expect(message).not.toHaveProperty('pending_tool_call_ids');
  });

  it('asks for approval of a call that the provider will run (case 17)', () => {
    const message = messageOf(
      call('a', '{}', { providerExecuted: true }),
      { type: 'tool-approval-request', approvalId: 'ap', toolCallId: 'a' },
      {
        type: 'tool-approval-request',
        approvalId: 'ap2',
        toolCallId: 'b',
        providerMetadata: { openai: { x: 1 } },
      },
    );
    expect(message.parts).toMatchObject([
      { tool_call_id: 'a', approval: { approval_id: 'ap', state: 'requested', requested_at: START + 2 } },
      { type: 'tool-approval', tool_call_id: 'b', approval_id: 'ap2' },
      {
        type: 'data',
        name: 'tool-approval-request',
        data: { providerMetadata: { openai: { x: 1 } }, toolCallId: 'b' },
      },
    ]);
    expect(message.pending_tool_call_ids).toEqual(['a']);
  });

  it('keeps sources, files of every version, and custom content', () => {
    const message = messageOf(
      {
        type: 'source',
        sourceType: 'url',
        id: 's',
        url: 'https://a.example/',
        title: 'A',
        providerMetadata: { anthropic: { pageAge: '1 day' } },
      },
      {
        type: 'source',
        sourceType: 'document',
        id: 'd',
        mediaType: 'text/plain',
        title: 'D',
        filename: 'd.txt',
      },
      { type: 'file', mediaType: 'image/png', data: 'aGk=' },
      { type: 'file', mediaType: 'image/png', data: new Uint8Array([104, 105]) },
      { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'aGk=' } },
      {
        type: 'reasoning-file',
        mediaType: 'image/png',
        data: { type: 'url', url: 'https://a.example/x.png' },
        providerMetadata: { google: { thoughtSignature: 's' } },
      },
      { type: 'custom', kind: 'anthropic.fallback', providerMetadata: { anthropic: { to: 'm' } } },
    );
    expect(message.parts).toMatchObject([
      {
        source_type: 'url',
        source_id: 's',
        url: 'https://a.example/',
        metadata: { anthropic: { pageAge: '1 day' } },
      },
      { source_type: 'document', media_type: 'text/plain', title: 'D', filename: 'd.txt' },
      { type: 'file', media_type: 'image/png', data: 'aGk=' },
      { type: 'file', data: 'aGk=' },
      { type: 'file', data: 'aGk=' },
      {
        type: 'file',
        url: 'https://a.example/x.png',
        reasoning: true,
        metadata: { google: { thoughtSignature: 's' } },
      },
      {
        type: 'data',
        name: 'anthropic.fallback',
        data: { providerMetadata: { anthropic: { to: 'm' } } },
      },
    ]);
  });

  it('may tell about its response more than once: later fields win', () => {
    const message = messageOf(
      { type: 'response-metadata', id: 'r1', modelId: 'm-1' },
      { type: 'text-start', id: '0' },
      { type: 'response-metadata', modelId: 'm-2' },
      { type: 'response-metadata', id: 'r2' },
    );
    expect(message).toMatchObject({ model: 'm-2', response_id: 'r2' });
  });

  it('passes over and counts parts that are not known, or mean nothing where they stand', () => {
    const { events, unknown } = convert([
      finish,
      { type: 'response-metadata', id: 'r' },
      { type: 'hologram' },
      { type: 'file', mediaType: 'image/png' },
      'text',
    ]);
    expect(events).toEqual([]);
    expect(unknown).toEqual({ finish: 1, hologram: 1, file: 1, '(no type)': 1 });
  });
});

describe('calls of a language model', () => {
  const text = (delta: string) => ({ type: 'text-delta', id: '0', delta });

  it('are steps if each finished, although their block ids repeat (case 2)', () => {
    expect(
      messages([
        start,
        { type: 'response-metadata', id: 'r1', modelId: 'm-1' },
        { type: 'text-start', id: '0' },
        text('a'),
        finish,
        start,
        { type: 'text-start', id: '0' },
        text('b'),
        finish,
      ]),
    ).toMatchObject([
      { step_id: 'run.0', attempt: 0, response_id: 'r1', parts: [{ text: 'a' }], ended_at: START + 4 },
      { step_id: 'run.1', attempt: 0, parts: [{ text: 'b' }], started_at: START + 5 },
    ]);
  });

  it('know nothing of the response of another', () => {
    const [, second] = messages([start, { type: 'response-metadata', id: 'r1' }, finish, start, finish]);
    expect(second).not.toHaveProperty('response_id');
    const [, startless] = messages([
      start,
      { type: 'response-metadata', id: 'r1' },
      finish,
      text('a'),
      finish,
    ]);
    expect(startless).not.toHaveProperty('response_id');
  });

  it('are attempts of one step if the former did not finish (case 23)', () => {
    const { events } = convert([
      start,
      { type: 'response-metadata', modelId: 'm-1' },
      { type: 'text-start', id: '0' },
      text('a'),
      { type: 'error', error: { message: 'overloaded' } },
      start,
      start,
      { type: 'response-metadata', modelId: 'm-2' },
      finish,
    ]);
    expect(brief(events).map(([type, step, at]) => [type, step, at])).toEqual([
      ['step-start', 'run.0', 0],
      ['text-start', 'run.0', 2],
      ['text-delta', 'run.0', 3],
      ['error', 'run.0', 4],
      ['step-start', 'run.0+1', 5],
      ['step-start', 'run.0+2', 6],
      ['finish', 'run.0+2', 8],
      ['step-end', 'run.0+2', 8],
    ]);
    expect(events[4]).not.toHaveProperty('model');
    expect(events[5]).toMatchObject({ model: 'm-2' });
  });

  it('begin with their first content where their start is missing', () => {
    expect(
      messages([
        { type: 'response-metadata', id: 'r', modelId: 'm-1' },
        { type: 'text-start', id: '0' },
        text('a'),
        finish,
      ]),
    ).toMatchObject([{ model: 'm-1', response_id: 'r', started_at: START + 1, parts: [{ text: 'a' }] }]);
  });
});

describe('a stream of a language model that breaks off', () => {
  const error = { type: 'error', error: { name: 'AI_APICallError', message: 'down', isRetryable: true } };

  it('is interrupted, with all that had arrived (case 21)', () => {
    expect(
      messages([
        start,
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: 'Hel' },
        { type: 'tool-input-start', id: 'a', toolName: 'weather' },
        { type: 'tool-input-delta', id: 'a', delta: '{"ci' },
      ]),
    ).toMatchObject([
      {
        status: 'interrupted',
        interrupt: { reason: 'eof', at: START + 4 },
        parts: [
          { text: 'Hel', end_reason: 'interrupt' },
          { partial: true, args_text: '{"ci' },
          { synthetic: true },
        ],
      },
    ]);
    expect(messages([start])).toMatchObject([{ status: 'interrupted', started_at: START }]);
  });

  it('is interrupted as well where the SDK finishes it as interrupted (case 21)', () => {
    expect(messages([start, { ...finish, finishReason: { unified: 'interrupted' } }])).toMatchObject([
      {
        status: 'interrupted',
        finish_reason: 'interrupted',
        interrupt: { reason: 'eof' },
        usage: { input_tokens: 10 },
      },
    ]);
  });

  it('with an error has failed, with the time of the error', () => {
    const failed = {
      status: 'failed',
      ended_at: START + 1,
      errors: [{ message: 'down', code: 'AI_APICallError', retryable: true }],
    };
    expect(messages([start, error, { type: 'ping' }])).toMatchObject([failed]);
    expect(messages([error])).toMatchObject([{ ...failed, ended_at: START }]);
  });

  it('is not broken by errors that it goes on after (case 22)', () => {
    expect(
      messages([
        error,
        start,
        error,
        error,
        { type: 'text-start', id: '0' },
        error,
        finish,
        error,
        start,
        finish,
      ]),
    ).toMatchObject([
      { status: 'complete', errors: [0, 2, 3, 5].map((at) => ({ at: START + at })) },
      { status: 'complete', errors: [{ at: START + 7 }] },
    ]);
    expect(
      messages([{ type: 'response-metadata', modelId: 'm-1' }, error, { type: 'text-start', id: '0' }]),
    ).toMatchObject([{ model: 'm-1', started_at: START + 1 }]);
    // An error is a beginning: what finishes behind it is not passed over.
    expect(messages([error, finish])).toMatchObject([{ status: 'complete', errors: [{ at: START }] }]);
  });
});
