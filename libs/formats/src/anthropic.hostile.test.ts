import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { convertParts, messagesOfParts, START } from '../../../test/support/convert-parts.js';
import { hostileId, hostileParts, hostileValue, mutated } from '../../../test/support/hostile-parts.js';
import { anthropic } from './anthropic.js';

/**
 * Whatever is fed in: nothing throws, every event is one that the codec takes, the fold accepts them all, and every
 * step has ended when the stream has.
 */

const index = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<unknown>(0, 1, 2, 3) },
  { weight: 1, arbitrary: hostileId },
);
const type = (...names: string[]) =>
  fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: hostileValue });

const block = fc.record(
  {
    type: type(
      'text',
      'thinking',
      'redacted_thinking',
      'tool_use',
      'server_tool_use',
      'mcp_tool_use',
      'web_search_tool_result',
      'mcp_tool_result',
      'tool_result',
      'compaction',
      'fallback',
      'hologram',
    ),
    id: hostileId,
    name: hostileId,
    tool_use_id: hostileId,
    text: hostileValue,
    thinking: hostileValue,
    signature: hostileValue,
    data: hostileValue,
    input: hostileValue,
    content: fc.oneof(
      hostileValue,
      fc.array(fc.oneof(hostileValue, fc.record({ url: hostileValue, title: hostileValue }))),
      fc.record({ type: fc.constantFrom('x_error', 'x') }),
    ),
    citations: fc.oneof(hostileValue, fc.array(hostileValue, { maxLength: 2 })),
    is_error: hostileValue,
    caller: fc.oneof(hostileValue, fc.record({ type: hostileValue, tool_id: hostileId })),
    server_name: hostileValue,
    ['__proto__']: hostileValue,
  },
  { requiredKeys: ['type'] },
);
const delta = fc.record(
  {
    type: type(
      'text_delta',
      'thinking_delta',
      'signature_delta',
      'input_json_delta',
      'citations_delta',
      'compaction_delta',
      'hologram_delta',
    ),
    text: hostileValue,
    thinking: hostileValue,
    signature: hostileValue,
    partial_json: fc.oneof(hostileValue, fc.constantFrom('', '{"a":', '1}', '[[')),
    citation: fc.oneof(
      hostileValue,
      fc.record({ url: hostileValue, file_id: hostileValue, cited_text: hostileValue }),
    ),
    content: hostileValue,
    encrypted_content: hostileValue,
  },
  { requiredKeys: ['type'] },
);
const count = fc.oneof(fc.nat(), hostileValue);
const usage = fc.oneof(
  hostileValue,
  fc.record({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    iterations: fc.oneof(
      hostileValue,
      fc.array(fc.record({ type: fc.constantFrom('message', 'compaction'), input_tokens: count })),
    ),
  }),
);
const part = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('message_start'),
      message: fc.oneof(
        { weight: 5, arbitrary: fc.record({ id: hostileId, model: hostileValue, usage }) },
        {
          weight: 2,
          arbitrary: fc.record({ id: hostileId, content: fc.array(block), stop_reason: hostileValue }),
        },
        { weight: 1, arbitrary: hostileValue },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('content_block_start'), index, content_block: block }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('content_block_delta'), index, delta }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('content_block_stop'), index }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('message_delta'),
      delta: fc.oneof(
        hostileValue,
        fc.record({ stop_reason: hostileValue, container: hostileValue, stop_sequence: hostileValue }),
      ),
      usage,
      context_management: hostileValue,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'message_stop' }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('error'), error: hostileValue }) },
  { weight: 1, arbitrary: fc.record({ type: hostileValue, index, delta, content_block: block }) },
);

const wholeStream = [
  {
    type: 'message_start',
    message: { id: 'm1', model: 'c', content: [], stop_reason: null, usage: { input_tokens: 3 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
  },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"q":' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '"x"}' } },
  { type: 'content_block_stop', index: 1 },
  {
    type: 'content_block_start',
    index: 2,
    content_block: {
      type: 'web_search_tool_result',
      tool_use_id: 's1',
      content: [{ type: 'web_search_result', url: 'https://a.example/' }],
    },
  },
  { type: 'content_block_stop', index: 2 },
  { type: 'content_block_start', index: 3, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 3, delta: { type: 'text_delta', text: 'Hi' } },
  {
    type: 'content_block_delta',
    index: 3,
    delta: { type: 'citations_delta', citation: { type: 'web', url: 'https://a.example/' } },
  },
  { type: 'content_block_stop', index: 3 },
  { type: 'content_block_start', index: 4, content_block: { type: 'compaction', content: null } },
  { type: 'content_block_delta', index: 4, delta: { type: 'compaction_delta', content: 'S' } },
  { type: 'content_block_stop', index: 4 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
  { type: 'message_stop' },
  { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  { type: 'message_start', message: { id: 'm2', content: [{ type: 'tool_use', id: 't1', name: 'n' }] } },
  { type: 'message_stop' },
];

describe('a stream of the Messages API', () => {
  it('of hostile parts ends every step, with events that the codec takes and the fold accepts', () => {
    fc.assert(
      fc.property(hostileParts(part), (stream) => {
        const messages = messagesOfParts(anthropic, stream);
        expect(messages.map(({ status }) => status)).not.toContain('open');
        expect(messages.map(({ step_id }) => step_id)).toEqual(messages.map((_message, n) => `run.${n}`));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('with parts dropped, doubled and moved ends every step', () => {
    fc.assert(
      fc.property(mutated([...wholeStream, ...wholeStream]), (stream) => {
        expect(messagesOfParts(anthropic, stream).map(({ status }) => status)).not.toContain('open');
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('has the same events up to any part that it is cut after, but for its end', () => {
    const whole = convertParts(anthropic, wholeStream).events;
    for (let count = 1; count < wholeStream.length; count++) {
      const converter = anthropic.createConverter({ chatId: 'chat', runId: 'run' });
      const cut = wholeStream.slice(0, count).flatMap((given, n) => converter.convert(given, START + n));
      expect(JSON.parse(JSON.stringify(cut))).toEqual(JSON.parse(JSON.stringify(whole.slice(0, cut.length))));
    }
  });

  it('may have any number of blocks, deltas and fields, each in a bounded number of events', () => {
    const count = 20_000;
    const parts = Array.from({ length: count }, (_item, n) => [
      { type: 'content_block_start', index: n, content_block: { type: 'tool_use', id: `t${n}`, name: 'n' } },
      { type: 'content_block_delta', index: n, delta: { type: 'input_json_delta', partial_json: ' ' } },
      { type: 'content_block_delta', index: -1, delta: { type: 'compaction_delta', [`k${n}`]: 'x' } },
      { type: 'content_block_delta', index: -1, delta: { type: `d${n}` } },
      { type: 'message_delta', delta: { [`k${n}`]: 1 }, usage: { [`u${n}`]: 1 } },
    ]).flat();
    const converter = anthropic.createConverter({ chatId: 'chat', runId: 'run' });
    let events = 0;
    for (const [n, given] of parts.entries()) events += converter.convert(given, START + n).length;
    events += converter.end(START + parts.length).length;
    expect(events).toBeLessThan(5 * count);
    expect(converter.unknownParts.size).toBe(101);
  }, 30_000);
});
