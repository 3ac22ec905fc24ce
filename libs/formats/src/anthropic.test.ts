import { describe, expect, it } from '@jest/globals';
import {
  brief,
  convertParts,
  messagesOfParts,
  partsOfType,
  START,
} from '../../../test/support/convert-parts.js';
import { anthropic } from './anthropic.js';

const start = (id: string, more: object = {}) => ({
  type: 'message_start',
  message: {
    id,
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
    ...more,
  },
});
const open = (index: unknown, content_block: unknown) => ({
  type: 'content_block_start',
  index,
  content_block,
});
const delta = (index: unknown, given: unknown) => ({ type: 'content_block_delta', index, delta: given });
const text = (index: unknown, given: unknown) => delta(index, { type: 'text_delta', text: given });
const json = (index: unknown, partial_json: unknown) =>
  delta(index, { type: 'input_json_delta', partial_json });
const stop = (index: unknown) => ({ type: 'content_block_stop', index });
const said = (stop_reason: string | null, usage: object = { output_tokens: 5 }, more: object = {}) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage,
  ...more,
});
const over = { type: 'message_stop' };
const toolUse = (id: string, more: object = {}) => ({
  type: 'tool_use',
  id,
  name: 'weather',
  input: {},
  ...more,
});

const convert = (parts: readonly unknown[]) => convertParts(anthropic, parts);
const messages = (parts: readonly unknown[]) => messagesOfParts(anthropic, parts);
/** The one message of blocks that a whole stream has. */
const messageOf = (...parts: readonly unknown[]) => {
  const all = messages([start('msg_1'), ...parts, said('end_turn'), over]);
  expect(all).toHaveLength(1);
  expect(all[0]?.status).toBe('complete');
  return all[0]!;
};
/** The events of blocks, without the start before them and the end behind them. */
const within = (...parts: readonly unknown[]) =>
  brief(convert([start('msg_1'), ...parts, said('end_turn'), over]).events)
    .slice(1, -2)
    .map(([type, , at, own]) => [type, at, own]);

describe('a stream of the Messages API', () => {
  it('becomes a step with its model, its blocks and a finish', () => {
    const { events, unknown } = convert([
      start('msg_1', { container: { id: 'c1', expires_at: 'later' } }),
      open(0, { type: 'text', text: '' }),
      { type: 'ping' },
      text(0, 'Hi'),
      stop(0),
      {
        type: 'message_delta',
        delta: { stop_reason: 'stop_sequence', stop_sequence: '###', stop_details: null },
        usage: { input_tokens: 12, output_tokens: 3 },
        context_management: { applied_edits: [{ type: 'clear', cleared_input_tokens: 9 }] },
      },
      over,
    ]);
    expect(brief(events)).toEqual([
      [
        'step-start',
        'run.0',
        0,
        {
          provider: 'anthropic',
          model: 'claude-x',
          step_index: 0,
          run_id: 'run',
          metadata: {
            anthropic: {
              container: { id: 'c1', expiresAt: 'later' },
              usage: { input_tokens: 10, output_tokens: 1 },
            },
          },
        },
      ],
      ['text-start', 'run.0', 1, { id: '0' }],
      ['text-delta', 'run.0', 3, { id: '0', text: 'Hi' }],
      ['text-end', 'run.0', 4, { id: '0' }],
      [
        'finish',
        'run.0',
        5,
        {
          finish_reason: 'stop',
          raw_finish_reason: 'stop_sequence',
          usage: { input_tokens: 12, output_tokens: 3 },
          response_id: 'msg_1',
          model: 'claude-x',
          metadata: {
            anthropic: {
              stopSequence: '###',
              contextManagement: { appliedEdits: [{ type: 'clear', clearedInputTokens: 9 }] },
              usage: { input_tokens: 12, output_tokens: 3 },
            },
          },
        },
      ],
      ['step-end', 'run.0', 6, {}],
    ]);
    expect(unknown).toEqual({});
  });

  it('keeps thinking with its signature, which an empty delta carries (case 6)', () => {
    expect(
      within(
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'Hm', estimated_tokens: null }),
        delta(0, { type: 'signature_delta', signature: 'sig' }),
        stop(0),
      ),
    ).toEqual([
      ['reasoning-start', 1, { id: '0' }],
      ['reasoning-delta', 2, { id: '0', text: 'Hm' }],
      ['reasoning-delta', 3, { id: '0', text: '', metadata: { anthropic: { signature: 'sig' } } }],
      ['reasoning-end', 4, { id: '0' }],
    ]);
  });

  it('keeps redacted thinking, which has no delta (case 6)', () => {
    expect(
      partsOfType(messageOf(open(0, { type: 'redacted_thinking', data: 'xx' }), stop(0)), 'reasoning'),
    ).toMatchObject([
      { text: '', redacted: true, metadata: { anthropic: { redactedData: 'xx' } }, completed_at: START + 2 },
    ]);
  });

  it('keeps a block that is whole in its start, and one without any text (case 24)', () => {
    const message = messageOf(
      open(0, { type: 'thinking', thinking: 'Hm', signature: 's' }),
      stop(0),
      open(1, { type: 'text', text: 'Hi' }),
      stop(1),
      open(2, { type: 'text', text: '' }),
      stop(2),
    );
    expect(message.parts).toMatchObject([
      { type: 'reasoning', text: 'Hm', metadata: { anthropic: { signature: 's' } } },
      { type: 'text', text: 'Hi' },
      { type: 'text', text: '' },
    ]);
    expect(message.parts[2]).not.toHaveProperty('last_delta_at');
  });

  it('joins arguments and makes the call when its block stops, a call without arguments too', () => {
    expect(
      within(
        open(0, toolUse('t1')),
        json(0, ''),
        json(0, '{"city":'),
        json(0, '"Bern"}'),
        stop(0),
        open(1, toolUse('t2')),
        json(1, ''),
        stop(1),
      ),
    ).toEqual([
      ['tool-input-start', 1, { tool_call_id: 't1', tool_name: 'weather' }],
      ['tool-input-delta', 2, { tool_call_id: 't1', text: '' }],
      ['tool-input-delta', 3, { tool_call_id: 't1', text: '{"city":' }],
      ['tool-input-delta', 4, { tool_call_id: 't1', text: '"Bern"}' }],
      ['tool-input-end', 5, { tool_call_id: 't1' }],
      ['tool-call', 5, { tool_call_id: 't1', tool_name: 'weather', args: { city: 'Bern' } }],
      ['tool-input-start', 6, { tool_call_id: 't2', tool_name: 'weather' }],
      ['tool-input-delta', 7, { tool_call_id: 't2', text: '' }],
      ['tool-input-end', 8, { tool_call_id: 't2' }],
      ['tool-call', 8, { tool_call_id: 't2', tool_name: 'weather', args: {} }],
    ]);
  });

  it('takes the input of the start where no delta comes, and the deltas where both are (case 9)', () => {
    const message = messageOf(
      open(0, toolUse('t1', { input: { city: 'Bern' } })),
      stop(0),
      open(1, toolUse('t2', { input: { city: 'Bern' } })),
      json(1, '{"city":"Basel"}'),
      stop(1),
      open(2, toolUse('t3', { input: null })),
      stop(2),
    );
    expect(partsOfType(message, 'tool-call').map(({ args }) => args)).toEqual([
      { city: 'Bern' },
      { city: 'Basel' },
      {},
    ]);
  });

  it('keeps arguments that are not JSON as text of an invalid call (case 11)', () => {
    const [call] = partsOfType(messageOf(open(0, toolUse('t1')), json(0, '{"city":'), stop(0)), 'tool-call');
    expect(call).toMatchObject({
      args_text: '{"city":',
      invalid: true,
      error: 'the arguments are not JSON',
      created_at: START + 3,
    });
    expect(call).not.toHaveProperty('args');
  });

  it('keeps blocks apart that are open at once, in order of their start (case 5)', () => {
    const message = messageOf(
      open(0, { type: 'text', text: '' }),
      open(1, toolUse('t1')),
      open(2, { type: 'text', text: '' }),
      text(2, 'c'),
      json(1, '{"a":'),
      text(0, 'a'),
      stop(2),
      json(1, '1}'),
      text(0, 'b'),
      stop(0),
      stop(1),
    );
    expect(message.parts).toMatchObject([
      { type: 'text', text: 'ab', completed_at: START + 10 },
      { type: 'tool-call', args: { a: 1 }, created_at: START + 11 },
      { type: 'text', text: 'c', completed_at: START + 7 },
    ]);
  });

  it('leaves the calls of the client pending (cases 9 and 12)', () => {
    const [message] = messages([
      start('msg_1'),
      open(0, toolUse('t1')),
      stop(0),
      open(1, toolUse('t2')),
      stop(1),
      said('tool_use'),
      over,
    ]);
    expect(message).toMatchObject({
      status: 'complete',
      finish_reason: 'tool-calls',
      pending_tool_call_ids: ['t1', 't2'],
    });
  });
});

describe('tools that Anthropic runs', () => {
  it.each([
    ['web_search', 'web_search_tool_result', [{ type: 'web_search_result', url: 'https://a.example/' }]],
    ['web_fetch', 'web_fetch_tool_result', { type: 'web_fetch_result', url: 'https://a.example/' }],
    ['code_execution', 'code_execution_tool_result', { type: 'code_execution_result', stdout: 'x' }],
    [
      'bash_code_execution',
      'bash_code_execution_tool_result',
      { type: 'bash_code_execution_result', content: [{ file_id: 'f1' }] },
    ],
    [
      'text_editor_code_execution',
      'text_editor_code_execution_tool_result',
      { type: 'text_editor_code_execution_view_result' },
    ],
    [
      'tool_search_tool_bm25',
      'tool_search_tool_result',
      { type: 'tool_search_tool_search_result', tool_references: [] },
    ],
    ['advisor', 'advisor_tool_result', { type: 'advisor_redacted_result', encrypted_content: 'xx' }],
    ['of_tomorrow', 'of_tomorrow_tool_result', { type: 'of_tomorrow_result' }],
  ])('keep the result of %s as it came', (name, type, content) => {
    const message = messageOf(
      open(0, { type: 'server_tool_use', id: 's1', name, input: {} }),
      json(0, '{"q":1}'),
      stop(0),
      open(1, { type, tool_use_id: 's1', content }),
      stop(1),
    );
    expect(message.parts.slice(0, 2)).toMatchObject([
      { type: 'tool-call', tool_call_id: 's1', tool_name: name, args: { q: 1 }, provider_executed: true },
      {
        type: 'tool-result',
        tool_call_id: 's1',
        tool_name: name,
        result: content,
        provider_executed: true,
        created_at: START + 4,
      },
    ]);
    expect(message.parts[1]).not.toHaveProperty('is_error');
    expect(message).not.toHaveProperty('pending_tool_call_ids');
  });

  it.each([
    ['web_search_tool_result', { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' }],
    ['web_fetch_tool_result', { type: 'web_fetch_tool_result_error', error_code: 'url_not_allowed' }],
    ['bash_code_execution_tool_result', { type: 'bash_code_execution_tool_result_error', error_code: 'x' }],
    ['tool_search_tool_result', { type: 'tool_search_tool_result_error', error_code: 'unavailable' }],
    ['advisor_tool_result', { type: 'advisor_tool_result_error', error_code: 'overloaded' }],
  ])('flag an error of %s, in its own shape', (type, content) => {
    const message = messageOf(open(0, { type, tool_use_id: 's1', content }), stop(0));
    expect(message.parts).toMatchObject([{ type: 'tool-result', result: content, is_error: true }]);
    expect(message.parts).toHaveLength(1);
  });

  it('are MCP servers too, whose name and error flag are kept (case 17)', () => {
    const message = messageOf(
      open(0, { type: 'mcp_tool_use', id: 'm1', name: 'echo', server_name: 'srv', input: {} }),
      json(0, '{"a":1}'),
      stop(0),
      open(1, { type: 'mcp_tool_result', tool_use_id: 'm1', is_error: false, content: [{ type: 'text' }] }),
      stop(1),
      open(2, { type: 'mcp_tool_result', tool_use_id: 'm2', is_error: true, content: 'no' }),
      stop(2),
    );
    expect(message.parts).toMatchObject([
      {
        tool_name: 'echo',
        args: { a: 1 },
        dynamic: true,
        provider_executed: true,
        metadata: { anthropic: { type: 'mcp-tool-use', serverName: 'srv' } },
      },
      { tool_call_id: 'm1', tool_name: 'echo', result: [{ type: 'text' }] },
      { tool_call_id: 'm2', result: 'no', is_error: true },
    ]);
    expect(message.parts[1]).not.toHaveProperty('is_error');
    // Nothing says what the call of an earlier request was named.
    expect(message.parts[2]).not.toHaveProperty('tool_name');
  });

  it('call tools from code, which are calls below the one that runs the code (case 18)', () => {
    const caller = { type: 'code_execution_20260120', tool_id: 's1' };
    const message = messageOf(
      open(0, { type: 'server_tool_use', id: 's1', name: 'code_execution', caller: { type: 'direct' } }),
      stop(0),
      open(1, toolUse('t1', { caller, toolset_name: 'kit' })),
      stop(1),
      open(2, { type: 'web_fetch_tool_result', tool_use_id: 's2', content: {}, caller }),
      stop(2),
    );
    const metadata = { anthropic: { caller: { type: 'code_execution_20260120', toolId: 's1' } } };
    expect(message.parts).toMatchObject([
      { tool_call_id: 's1', metadata: { anthropic: { caller: { type: 'direct' } } } },
      {
        tool_call_id: 't1',
        parent_tool_call_id: 's1',
        metadata: { anthropic: { ...metadata.anthropic, toolsetName: 'kit' } },
      },
      { tool_call_id: 's2', metadata },
    ]);
    expect(message.parts[0]).not.toHaveProperty('parent_tool_call_id');
  });

  it('may give the result some messages after the call, under its name (cases 13 and 14)', () => {
    const [first, second, third] = messages([
      start('msg_1'),
      open(0, { type: 'server_tool_use', id: 's1', name: 'tool_search_tool_regex', input: {} }),
      stop(0),
      said('pause_turn'),
      over,
      start('msg_2'),
      said('end_turn'),
      over,
      start('msg_3'),
      open(0, { type: 'tool_search_tool_result', tool_use_id: 's1', content: {} }),
      stop(0),
      said('end_turn'),
      over,
    ]);
    expect(first).toMatchObject({ step_id: 'run.0', pending_tool_call_ids: ['s1'] });
    expect(second).toMatchObject({ step_id: 'run.1', status: 'complete', parts: [] });
    expect(third?.parts).toMatchObject([{ tool_call_id: 's1', tool_name: 'tool_search_tool_regex' }]);
  });
});

describe('citations', () => {
  it('become sources, and stay with their text for the next request', () => {
    const web = {
      type: 'web_search_result_location',
      url: 'https://a.example/',
      title: 'A',
      cited_text: 'q',
      encrypted_index: 'xx',
    };
    const page = {
      type: 'page_location',
      document_index: 0,
      document_title: 'Report',
      file_id: 'file_1',
      start_page_number: 1,
      end_page_number: 2,
      cited_text: 'q',
    };
    const found = {
      type: 'search_result_location',
      source: 'kb://1',
      title: null,
      search_result_index: 0,
      cited_text: 'q',
    };
    const message = messageOf(
      open(0, { type: 'text', text: '', citations: null }),
      delta(0, { type: 'citations_delta', citation: web }),
      text(0, 'a'),
      delta(0, { type: 'citations_delta', citation: page }),
      delta(0, { type: 'citations_delta', citation: found }),
      stop(0),
      open(1, { type: 'text', text: 'b', citations: [page] }),
      stop(1),
    );
    expect(partsOfType(message, 'text')).toMatchObject([
      { text: 'a', last_delta_at: START + 3, metadata: { anthropic: { citations: [web, page, found] } } },
      { text: 'b', metadata: { anthropic: { citations: [page] } } },
    ]);
    const document = {
      source_type: 'document',
      source_id: 'file_1',
      title: 'Report',
      metadata: {
        anthropic: {
          type: 'page_location',
          documentIndex: 0,
          startPageNumber: 1,
          endPageNumber: 2,
          citedText: 'q',
        },
      },
    };
    expect(partsOfType(message, 'source')).toMatchObject([
      {
        source_type: 'url',
        url: 'https://a.example/',
        title: 'A',
        created_at: START + 2,
        metadata: { anthropic: { citedText: 'q', encryptedIndex: 'xx' } },
      },
      document,
      { source_type: 'url', url: 'kb://1', metadata: { anthropic: { searchResultIndex: 0 } } },
      document,
    ]);
  });

  it('become sources without a text block too', () => {
    const citation = { type: 'char_location', document_title: 'D', cited_text: 'q' };
    const { unknown } = convert([start('msg_1'), delta(4, { type: 'citations_delta', citation: null })]);
    expect(unknown).toEqual({ citations_delta: 1 });
    expect(messageOf(delta(4, { type: 'citations_delta', citation })).parts).toMatchObject([
      { type: 'source', source_type: 'document', title: 'D' },
    ]);
  });

  it('are told apart from the pages that a search found, which are sources as well', () => {
    const content = [
      {
        type: 'web_search_result',
        url: 'https://a.example/',
        title: 'A',
        page_age: '2 days',
        encrypted_content: 'xx',
      },
      { type: 'web_search_result', url: 'https://b.example/', title: 'B', page_age: null },
      { type: 'web_search_result' },
    ];
    const message = messageOf(
      open(0, { type: 'web_search_tool_result', tool_use_id: 's1', content }),
      stop(0),
    );
    const sources = partsOfType(message, 'source');
    expect(sources.map(({ url, title, metadata }) => ({ url, title, metadata }))).toEqual([
      { url: 'https://a.example/', title: 'A', metadata: { anthropic: { pageAge: '2 days' } } },
      { url: 'https://b.example/', title: 'B', metadata: undefined },
    ]);
  });
});

describe('other content', () => {
  it('is data, named by its type: a fallback, an upload, a tool listing (case 23)', () => {
    const fallback = { from: { model: 'a' }, to: { model: 'b' } };
    const { unknown } = convert([start('msg_1'), open(0, { type: 'fallback', ...fallback })]);
    expect(unknown).toEqual({});
    expect(
      messageOf(
        open(0, { type: 'fallback', ...fallback }),
        stop(0),
        open(1, { type: 'container_upload', file_id: 'f1' }),
        stop(1),
        open(2, { type: 'mcp_tool_listing', mcp_server_name: 'srv', tools: [] }),
        stop(2),
      ).parts,
    ).toMatchObject([
      { type: 'data', name: 'fallback', data: fallback, created_at: START + 1 },
      { type: 'data', name: 'container_upload', data: { file_id: 'f1' } },
      { type: 'data', name: 'mcp_tool_listing', data: { mcp_server_name: 'srv', tools: [] } },
    ]);
  });

  it('is a compaction with the whole of its deltas', () => {
    const parts = [
      open(0, { type: 'compaction', content: null, encrypted_content: null }),
      delta(0, { type: 'compaction_delta', content: 'Sum', encrypted_content: null }),
      delta(0, { type: 'compaction_delta', content: 'mary', encrypted_content: 'xx' }),
      delta(0, { type: 'signature_delta', signature: 'sig' }),
    ];
    const data = { content: 'Summary', encrypted_content: 'xx', signature: 'sig' };
    const name = 'compaction';
    expect(messageOf(...parts, stop(0)).parts).toMatchObject([
      { type: 'data', name, data, created_at: START + 1, updated_at: START + 5 },
    ]);
    // Neither a missing stop nor the end of the stream loses it.
    expect(messageOf(...parts).parts).toMatchObject([{ name, data, updated_at: START + 5 }]);
    expect(messages([start('msg_1'), ...parts])[0]?.parts).toMatchObject([{ name, data }]);
    expect(messageOf(parts[1]).parts).toMatchObject([{ name, data: { content: 'Sum' } }]);
  });

  it('is kept and counted if its type is unknown, with its deltas', () => {
    const parts = [
      start('msg_1'),
      open(0, { type: 'hologram', size: 3 }),
      delta(0, { type: 'hologram_delta', ray: 1 }),
      delta(0, { type: 'hologram_delta', ray: 2 }),
      stop(0),
      said('end_turn'),
      over,
    ];
    expect(convert(parts).unknown).toEqual({ hologram: 1, hologram_delta: 2 });
    const deltas = [
      { type: 'hologram_delta', ray: 1 },
      { type: 'hologram_delta', ray: 2 },
    ];
    expect(messages(parts)[0]?.parts).toMatchObject([{ name: 'hologram', data: { size: 3, deltas } }]);
    // What was told first is not changed by what came later.
    expect(convert(parts).events[1]).toHaveProperty('data', { size: 3 });
  });
});

describe('a message', () => {
  it('that starts while another is open is the next attempt (case 23)', () => {
    const { events } = convert([
      start('msg_1'),
      open(0, { type: 'thinking', thinking: 'Hm' }),
      stop(0),
      open(1, toolUse('t1')),
      json(1, '{}'),
      start('msg_2'),
      open(0, toolUse('t2')),
      json(0, '{}'),
      stop(0),
      said('tool_use'),
      over,
    ]);
    expect(brief(events).map(([, step]) => step)).toEqual([
      ...Array<string>(6).fill('run.0'),
      ...Array<string>(7).fill('run.0+1'),
    ]);
  });

  it('that starts twice is one (case 23)', () => {
    const once = [
      start('msg_1'),
      open(0, { type: 'text', text: 'Hi' }),
      stop(0),
      said('end_turn'),
      start('msg_1'),
      over,
    ];
    expect(messages(once)).toMatchObject([{ attempt: 0, status: 'complete', parts: [{ text: 'Hi' }] }]);
    const nameless = { type: 'message_start', message: { id: null, model: 'm' } };
    expect(messages([nameless, nameless, over])).toMatchObject([{ attempt: 0, model: 'm' }]);
    expect(messages([nameless, open(0, { type: 'text' }), nameless, over])).toMatchObject([{ attempt: 1 }]);
  });

  it('that lacks nothing but its stop is complete when the next one starts', () => {
    expect(
      messages([
        start('msg_1'),
        open(0, { type: 'text', text: 'Hi' }),
        stop(0),
        said('end_turn'),
        start('msg_2', { stop_reason: 'tool_use', content: [toolUse('t1')] }),
        start('msg_3'),
        over,
      ]),
    ).toMatchObject([
      {
        step_id: 'run.0',
        attempt: 0,
        status: 'complete',
        finish_reason: 'stop',
        finished_at: START + 3,
        ended_at: START + 3,
      },
      { step_id: 'run.1', status: 'complete', finish_reason: 'tool-calls', ended_at: START + 4 },
      { step_id: 'run.2', status: 'complete' },
    ]);
  });

  it('may have whole blocks in its start (case 9)', () => {
    const content = [toolUse('t1', { input: { a: 1 } }), { type: 'text', text: 'Hi' }, null];
    const [message] = messages([
      start('msg_1', { content, stop_reason: 'tool_use', usage: { input_tokens: 0, output_tokens: 0 } }),
      over,
    ]);
    expect(message).toMatchObject({
      status: 'complete',
      finish_reason: 'tool-calls',
      raw_finish_reason: 'tool_use',
      usage: { input_tokens: 0, output_tokens: 0 },
      response_id: 'msg_1',
      finished_at: START + 1,
      parts: [
        { tool_call_id: 't1', args: { a: 1 }, created_at: START },
        { type: 'text', text: 'Hi', completed_at: START },
      ],
    });
  });

  it('has blocks of its own, although their indexes repeat (case 2)', () => {
    const block = (word: string) => [open(0, { type: 'text' }), text(0, word), stop(0)];
    expect(
      messages([
        start('msg_1'),
        ...block('a'),
        said('end_turn'),
        over,
        start('msg_2'),
        ...block('b'),
        ...block('c'),
      ]).map(({ parts }) => parts),
    ).toMatchObject([
      [{ id: '0', text: 'a' }],
      [
        { id: '0', text: 'b' },
        { id: '0#1', text: 'c' },
      ],
    ]);
  });

  it('begins with its first content where its start is missing', () => {
    expect(messages([text(0, 'Hi'), stop(0), said('end_turn'), over])).toMatchObject([
      { provider: 'anthropic', status: 'complete', parts: [{ text: 'Hi' }] },
    ]);
    expect(convert([stop(0), said('end_turn'), over, { type: 'content_block_start' }])).toEqual({
      events: [],
      unknown: { content_block_stop: 1, message_delta: 1, message_stop: 1, content_block_start: 1 },
    });
  });

  it('keeps deltas whose block did not start, and ends blocks whose stop is missing', () => {
    const message = messageOf(
      delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
      delta(0, { type: 'text_delta', text: 'Hi' }),
      open(1, toolUse('t1')),
      json(1, '{"a":1}'),
      json(2, '{"b":'),
      open(3, { type: 'text', text: 'x' }),
      open(3, { type: 'text', text: 'y' }),
    );
    expect(message.parts).toMatchObject([
      { type: 'reasoning', text: 'Hm', completed_at: START + 2 },
      { type: 'text', text: 'Hi', end_reason: 'implied' },
      { tool_call_id: 't1', args: { a: 1 }, created_at: START + 8 },
      { type: 'tool-call', partial: true, args_text: '{"b":' },
      { type: 'text', text: 'x', completed_at: START + 7 },
      { type: 'text', text: 'y', end_reason: 'implied' },
    ]);
    expect(message.pending_tool_call_ids).toEqual(['t1']);
  });

  it('keeps parts without an index with the block that started last (case 4)', () => {
    const message = messageOf(
      open(undefined, { type: 'text' }),
      text(undefined, 'a'),
      stop(undefined),
      open(undefined, { type: 'text' }),
      text(undefined, 'b'),
      stop(undefined),
    );
    expect(message.parts).toMatchObject([{ text: 'a' }, { text: 'b' }]);
  });
});

describe('the end of a message', () => {
  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['pause_turn', 'stop'],
    ['tool_use', 'tool-calls'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content-filter'],
    ['compaction', 'other'],
    ['boredom', 'other'],
  ])('%s is %s, and stays readable', (raw, reason) => {
    expect(messages([start('msg_1'), said(raw), over])).toMatchObject([
      { status: 'complete', finish_reason: reason, raw_finish_reason: raw, parts: [] },
    ]);
  });

  it('keeps why it refused, although there is no block (case 24)', () => {
    const stop_details = { type: 'refusal', category: 'cyber' };
    const [message] = messages([
      start('msg_1'),
      { type: 'message_delta', delta: { stop_reason: 'refusal', stop_details }, usage: { output_tokens: 0 } },
      over,
    ]);
    expect(message).toMatchObject({
      finish_reason: 'content-filter',
      metadata: { anthropic: { stopDetails: stop_details } },
    });
  });

  it('takes the last word of every count, and adds none up (case 19)', () => {
    const [message] = messages([
      start('msg_1', {
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 100,
          cache_creation_input_tokens: 7,
          output_tokens: 1,
        },
      }),
      said(null, { output_tokens: 5, input_tokens: null }),
      said('end_turn', {
        output_tokens: 8,
        input_tokens: 20,
        output_tokens_details: { thinking_tokens: 3 },
        server_tool_use: { web_search_requests: 1 },
        cache_read_input_tokens: null,
      }),
      over,
    ]);
    expect(message?.usage).toEqual({
      input_tokens: 127,
      output_tokens: 8,
      reasoning_tokens: 3,
      cache_read_tokens: 100,
      cache_creation_tokens: 7,
    });
    expect(message).toMatchObject({
      finished_at: START + 2,
      metadata: { anthropic: { usage: { input_tokens: 20, server_tool_use: { web_search_requests: 1 } } } },
    });
  });

  it('takes no placeholder for the output of a message that never told it', () => {
    expect(messages([start('msg_1'), over])[0]?.usage).toEqual({ input_tokens: 10 });
  });

  it('is later than what was said of it before the last content', () => {
    expect(
      messages([start('msg_1'), open(0, { type: 'text' }), said(null), text(0, 'Hi'), stop(0), over])[0],
    ).toMatchObject({
      finished_at: START + 5,
      parts: [{ text: 'Hi', completed_at: START + 4 }],
      usage: { output_tokens: 5 },
    });
  });
});

describe('a stream that breaks off', () => {
  it('is interrupted, with all that had arrived and the input tokens (case 21)', () => {
    const [message] = messages([
      start('msg_1'),
      open(0, { type: 'text', text: '' }),
      text(0, 'Hel'),
      open(1, toolUse('t1')),
      json(1, '{"ci'),
      open(2, toolUse('t2', { input: { a: 1 } })),
    ]);
    expect(message).toMatchObject({
      status: 'interrupted',
      interrupt: { reason: 'eof', at: START + 5 },
      metadata: { anthropic: { usage: { input_tokens: 10, output_tokens: 1 } } },
      parts: [
        { type: 'text', text: 'Hel', end_reason: 'interrupt', completed_at: START + 5 },
        { tool_call_id: 't1', partial: true, args_text: '{"ci' },
        { tool_call_id: 't2', partial: true, args: { a: 1 } },
        { tool_call_id: 't1', synthetic: true },
        { tool_call_id: 't2', synthetic: true },
      ],
    });
    expect(message).not.toHaveProperty('usage');
  });

  it('keeps usage and reason of a message that lacks nothing but its stop', () => {
    expect(messages([start('msg_1'), said('end_turn')])).toMatchObject([
      { status: 'interrupted', finish_reason: 'stop', usage: { input_tokens: 10, output_tokens: 5 } },
    ]);
  });

  it('with an error has failed, with the time of the error', () => {
    const error = { type: 'overloaded_error', message: 'Overloaded' };
    expect(
      messages([
        start('msg_1'),
        open(0, { type: 'text', text: 'Hi' }),
        { type: 'error', error },
        { type: 'ping' },
      ]),
    ).toMatchObject([
      {
        status: 'failed',
        ended_at: START + 2,
        errors: [{ message: 'Overloaded', code: 'overloaded_error', at: START + 2 }],
        parts: [{ text: 'Hi', end_reason: 'error' }],
      },
    ]);
    // One that never began has failed as well.
    expect(messages([{ type: 'error', error }])).toMatchObject([
      { provider: 'anthropic', status: 'failed', started_at: START, errors: [{ code: 'overloaded_error' }] },
    ]);
  });

  it('is not broken by an error that it goes on after (case 22)', () => {
    const error = { type: 'error', error: { type: 'api_error', message: 'hiccup' } };
    expect(
      messages([
        error,
        error,
        text(0, 'a'),
        error,
        text(0, 'b'),
        stop(0),
        said('end_turn'),
        error,
        over,
        error,
        start('msg_2'),
        over,
      ]),
    ).toMatchObject([
      {
        status: 'complete',
        parts: [{ text: 'ab' }],
        errors: [0, 1, 3, 7].map((at) => ({ message: 'hiccup', at: START + at })),
      },
      { status: 'complete', errors: [{ at: START + 9 }] },
    ]);
  });

  it('is retried after an error, which stays with the attempt that it ended', () => {
    const { events } = convert([
      start('msg_1'),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      start('msg_2'),
      over,
    ]);
    expect(brief(events).map(([type, step]) => `${type} ${step}`)).toEqual([
      'step-start run.0',
      'error run.0',
      'step-start run.0+1',
      'finish run.0+1',
      'step-end run.0+1',
    ]);
  });

  it('passes over and counts events that are not known', () => {
    const { events, unknown } = convert([
      start('msg_1'),
      { type: 'message_mood' },
      { type: 'message_mood' },
      { no: 'type' },
      'text',
      null,
      delta(0, { type: 'smell_delta' }),
      stop(7),
      over,
    ]);
    expect(unknown).toEqual({
      message_mood: 2,
      '(no type)': 3,
      smell_delta: 1,
      content_block_stop: 1,
    });
    expect(events.map(({ type }) => type)).toEqual(['step-start', 'finish', 'step-end']);
  });
});
