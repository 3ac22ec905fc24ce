import { describe, expect, it } from '@jest/globals';
import { messageFromJson, messageToJson, type Message, type MessageJson } from '@stepfold/fold';
import { given } from '../../fold/src/testing/given.js';
import { decodedEvents, readVectors } from '../../../test/support/vectors.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { coderMessages } from './coder.js';

/** What Coder promises of its chat messages, promise by promise. Event n of a test happens at microsecond n. */

const stamp = (n: number): string => `2026-04-10T12:00:00.${String(n).padStart(6, '0')}Z`;
const start = { type: 'step-start' };
const end = { type: 'step-end' };
const stop = { type: 'interrupt', reason: 'user' };
const cutOff = { error: 'tool call was interrupted before it produced a result' };

const call = (id: string, more = {}) => ({
  type: 'tool-call',
  tool_call_id: id,
  tool_name: 'look',
  args: { id },
  ...more,
});
const result = (id: string, more = {}) => ({
  type: 'tool-result',
  tool_call_id: id,
  result: `of ${id}`,
  ...more,
});
const shownCall = (id: string, n: number, more = {}) => ({
  type: 'tool-call',
  tool_call_id: id,
  tool_name: 'look',
  args: { id },
  ...more,
  created_at: stamp(n),
});
const shownResult = (id: string, n: number, more = {}) => ({
  type: 'tool-result',
  tool_call_id: id,
  tool_name: 'look',
  result: `of ${id}`,
  ...more,
  created_at: stamp(n),
});

/** Contents only: who speaks, and what. */
function spoken(message: Message): (readonly [string, unknown])[] {
  return coderMessages(message).map(({ role, content }) => [role, content]);
}

describe('the coder view of a step', () => {
  it('is an assistant message with its own id, chat, time and usage', () => {
    const message = given(
      { ...start, chat_id: 'c', step_id: 's' },
      { type: 'text-delta', id: 't', text: 'hi', chat_id: 'c', step_id: 's' },
      { type: 'finish', usage: { input_tokens: 3, cache_read_tokens: 0 }, chat_id: 'c', step_id: 's' },
    ).when({ ...end, chat_id: 'c', step_id: 's' });
    expect(coderMessages(message)).toEqual([
      {
        id: 's',
        chat_id: 'c',
        created_at: stamp(1),
        role: 'assistant',
        content: [{ type: 'text', text: 'hi' }],
        usage: { input_tokens: 3, cache_read_tokens: 0 },
      },
    ]);
  });

  it('gives two reasoning blocks each its own begin and end, and text no time', () => {
    const message = given(
      start,
      { type: 'reasoning-start', id: 'r1' },
      { type: 'reasoning-delta', id: 'r1', text: 'one' },
      { type: 'reasoning-end', id: 'r1' },
      { type: 'reasoning-start', id: 'r2' },
      { type: 'reasoning-delta', id: 'r2', text: 'two' },
      { type: 'reasoning-end', id: 'r2' },
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', text: 'three' },
      { type: 'text-end', id: 't' },
    ).when(end);
    expect(spoken(message)).toEqual([
      [
        'assistant',
        [
          { type: 'reasoning', text: 'one', created_at: stamp(2), completed_at: stamp(4) },
          { type: 'reasoning', text: 'two', created_at: stamp(5), completed_at: stamp(7) },
          { type: 'text', text: 'three' },
        ],
      ],
    ]);
  });

  it('closes reasoning that an interrupt flushed at the moment of the interrupt', () => {
    const message = given(
      start,
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', text: 'hm' },
    ).when(stop);
    expect(spoken(message)).toEqual([
      ['assistant', [{ type: 'reasoning', text: 'hm', created_at: stamp(2), completed_at: stamp(4) }]],
    ]);
  });

  it('keeps the partial input of an interrupted call, without a time, and answers it', () => {
    const message = given(
      start,
      { type: 'tool-input-start', tool_call_id: 'k', tool_name: 'look' },
      { type: 'tool-input-delta', tool_call_id: 'k', text: '{"path":"ma' },
      { type: 'text-delta', id: 't', text: 'so far' },
    ).when(stop);
    expect(spoken(message)).toEqual([
      [
        'assistant',
        [
          { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: '{"path":"ma' },
          { type: 'text', text: 'so far' },
        ],
      ],
      ['tool', [shownResult('k', 5, { result: cutOff, is_error: true })]],
    ]);
  });

  it('shows a partial input that is JSON as JSON, and one of which nothing came without arguments', () => {
    const message = given(
      start,
      { type: 'tool-input-start', tool_call_id: 'whole', tool_name: 'look' },
      { type: 'tool-input-delta', tool_call_id: 'whole', text: '{"a":[1]}' },
      { type: 'tool-input-start', tool_call_id: 'none' },
    ).when(end);
    expect(spoken(message)).toEqual([
      [
        'assistant',
        [
          { type: 'tool-call', tool_call_id: 'whole', tool_name: 'look', args: { a: [1] } },
          { type: 'tool-call', tool_call_id: 'none' },
        ],
      ],
    ]);
  });

  it('answers a call whose tool was interrupted while it ran', () => {
    const message = given(start, call('k'), { type: 'tool-execution-start', tool_call_id: 'k' }).when(stop);
    expect(coderMessages(message)).toMatchObject([
      { id: 'step', role: 'assistant', content: [shownCall('k', 2)] },
      {
        id: 'step:1',
        role: 'tool',
        created_at: stamp(4),
        content: [shownResult('k', 4, { result: cutOff, is_error: true })],
      },
    ]);
  });

  it('gives each of several parallel tools a message, in the order in which they answered', () => {
    const message = given(
      start,
      call('slow'),
      call('fast'),
      { type: 'tool-execution-start', tool_call_id: 'slow' },
      { type: 'tool-execution-start', tool_call_id: 'fast' },
      result('fast', { is_media: true }),
      result('slow', { is_error: true }),
    ).when(end);
    expect(spoken(message)).toEqual([
      ['assistant', [shownCall('slow', 2), shownCall('fast', 3)]],
      ['tool', [shownResult('fast', 6, { is_media: true })]],
      ['tool', [shownResult('slow', 7, { is_error: true })]],
    ]);
  });

  it('keeps what the provider executed inside the assistant message', () => {
    const byProvider = { provider_executed: true };
    const message = given(start, call('p', byProvider), call('own'), result('p', byProvider), result('own'), {
      type: 'text-delta',
      id: 't',
      text: 'done',
    }).when(end);
    expect(spoken(message)).toEqual([
      [
        'assistant',
        [
          shownCall('p', 2, byProvider),
          shownCall('own', 3),
          shownResult('p', 4, byProvider),
          { type: 'text', text: 'done' },
        ],
      ],
      ['tool', [shownResult('own', 5)]],
    ]);
  });

  it('knows a result of the provider by its call, where the result does not say so', () => {
    const byProvider = { provider_executed: true };
    const message = given(start, call('p', byProvider), result('p')).when(end);
    expect(spoken(message)).toEqual([
      ['assistant', [shownCall('p', 2, byProvider), shownResult('p', 3, byProvider)]],
    ]);
  });

  it('puts parts in the order in which they ended, not in that in which they began', () => {
    const message = given(
      start,
      { type: 'text-start', id: 't' },
      { type: 'reasoning-start', id: 'r' },
      { type: 'text-delta', id: 't', text: 'text' },
      { type: 'reasoning-end', id: 'r' },
      call('k'),
      { type: 'text-end', id: 't' },
      { type: 'tool-approval', tool_call_id: 'k', approval_id: 'a', state: 'granted' },
      { type: 'tool-execution-start', tool_call_id: 'k' },
    ).when(end);
    const [assistant] = coderMessages(message);
    expect(assistant!.content.map(({ type }) => type)).toEqual(['reasoning', 'tool-call', 'text']);
  });

  it('keeps a call that was touched later before its result, even one that was made after it', () => {
    const byProvider = { provider_executed: true };
    const message = given(
      start,
      { type: 'tool-input-start', tool_call_id: 'p', tool_name: 'look' },
      result('p', byProvider),
      call('p', byProvider),
      { type: 'tool-execution-start', tool_call_id: 'p' },
    ).when(end);
    expect(spoken(message)).toEqual([
      ['assistant', [shownCall('p', 4, byProvider), shownResult('p', 3, byProvider)]],
    ]);
  });

  it('leaves out blocks that an interrupt closed empty, unless they carry metadata', () => {
    const message = given(
      start,
      { type: 'text-start', id: 'empty' },
      { type: 'reasoning-start', id: 'signed', metadata: { p: { signature: 's' } } },
      { type: 'text-start', id: 'ended' },
      { type: 'text-end', id: 'ended' },
    ).when(stop);
    expect(spoken(message)).toEqual([
      [
        'assistant',
        [
          { type: 'text', text: '' },
          { type: 'reasoning', text: '', created_at: stamp(3), completed_at: stamp(6) },
        ],
      ],
    ]);
  });

  it('has no message if it failed, and none if nothing was in it', () => {
    const failed = given(start, { type: 'text-delta', id: 't', text: 'half' }, call('k'));
    expect(coderMessages(failed.when({ type: 'error', message: 'no', fatal: true }))).toEqual([]);
    expect(coderMessages(given(start).when(end))).toEqual([]);
    expect(coderMessages(given(start).when())).toEqual([]);
  });

  it('gives the result of a call of an earlier step a tool message, and no empty message before it', () => {
    const message = given(start, result('earlier', { tool_name: 'ask' })).when(end);
    expect(spoken(message)).toEqual([['tool', [shownResult('earlier', 2, { tool_name: 'ask' })]]]);
  });

  it('shows no result before it is final', () => {
    const open = given(start, call('k'), result('k', { preliminary: true }));
    expect(spoken(open.when())).toEqual([['assistant', [shownCall('k', 2)]]]);
    expect(spoken(open.when(result('k')))).toEqual([
      ['assistant', [shownCall('k', 2)]],
      ['tool', [shownResult('k', 4)]],
    ]);
  });

  it('shows sources and files with the names that Coder has for them', () => {
    const message = given(
      start,
      { type: 'source', source_type: 'url', source_id: 's', url: 'https://a.example', title: 'A' },
      { type: 'source', source_type: 'document', title: 'B', filename: 'b.pdf' },
      { type: 'file', media_type: 'image/png', file_id: 'f', name: 'n.png' },
      { type: 'file', media_type: 'image/gif', data: 'R0lGODlh' },
    ).when(end);
    expect(spoken(message)).toEqual([
      [
        'assistant',
        [
          { type: 'source', source_id: 's', url: 'https://a.example', title: 'A' },
          { type: 'source', url: '', title: 'B' },
          { type: 'file', media_type: 'image/png', name: 'n.png', file_id: 'f' },
          { type: 'file', url: 'data:image/gif;base64,R0lGODlh', media_type: 'image/gif' },
        ],
      ],
    ]);
  });

  it.each(['user', 'system'])('has the role of a whole message: %s', (role) => {
    const parts = [
      { type: 'text', text: 'first' },
      { type: 'file', media_type: 'text/plain', url: 'https://b.example' },
      { type: 'text', text: 'last' },
    ];
    expect(spoken(given({ type: 'message', role, parts }).when())).toEqual([
      [
        role,
        [
          { type: 'text', text: 'first' },
          { type: 'file', url: 'https://b.example', media_type: 'text/plain' },
          { type: 'text', text: 'last' },
        ],
      ],
    ]);
  });
});

describe('stamps of the coder view', () => {
  it('are those of a message that brought them, and absent from a partial call', () => {
    const [begun, completed] = [1_700_000_000_000_001, 1_700_000_000_000_002];
    const parts = [
      { type: 'reasoning', text: 'both', created_at: begun, completed_at: completed },
      { type: 'reasoning', text: 'begin only', created_at: begun },
      { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args_text: '{', partial: true },
    ];
    expect(spoken(given({ type: 'message', role: 'assistant', parts }).when())).toEqual([
      [
        'assistant',
        [
          {
            type: 'reasoning',
            text: 'both',
            created_at: '2023-11-14T22:13:20.000001Z',
            completed_at: '2023-11-14T22:13:20.000002Z',
          },
          { type: 'reasoning', text: 'begin only', created_at: '2023-11-14T22:13:20.000001Z' },
          { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: '{' },
        ],
      ],
    ]);
  });

  const ofOldVersion = {
    chat_id: 'c',
    step_id: 's',
    role: 'assistant',
    status: 'complete',
    parts: [
      { type: 'reasoning', text: 'thought' },
      { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: null },
      { type: 'text', text: 'said' },
      { type: 'tool-result', tool_call_id: 'k', tool_name: 'look', result: null },
    ],
  };

  it('are absent, not zero and not now, from a document that has none', () => {
    const message = messageFromJson(ofOldVersion as unknown as MessageJson);
    expect(JSON.parse(JSON.stringify(coderMessages(message)))).toEqual([
      {
        id: 's',
        chat_id: 'c',
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'thought' },
          { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: null },
          { type: 'text', text: 'said' },
        ],
      },
      {
        id: 's:3',
        chat_id: 'c',
        role: 'tool',
        content: [{ type: 'tool-result', tool_call_id: 'k', tool_name: 'look', result: null }],
      },
    ]);
  });

  it('are those that are there, where a document has only some', () => {
    const parts = [
      { type: 'reasoning', text: 'thought', completed_at: stamp(9) },
      { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: 1, created_at: stamp(10) },
      { type: 'tool-result', tool_call_id: 'k', tool_name: 'look', result: 2 },
    ];
    const message = messageFromJson({ ...ofOldVersion, parts } as unknown as MessageJson);
    expect(coderMessages(message).flatMap(({ content }) => content)).toEqual([
      { type: 'reasoning', text: 'thought', completed_at: stamp(9) },
      { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: 1, created_at: stamp(10) },
      { type: 'tool-result', tool_call_id: 'k', tool_name: 'look', result: 2 },
    ]);
  });
});

describe('values that were too large for their message', () => {
  const elided = { bytes: 9, sha256: 'ab', event: 2 };
  const common = { first_event: 2, last_event: 2 };

  it('have a stand-in, and an elided text is no empty one', () => {
    const message = given(start).when(stop);
    const parts: Message['parts'] = [
      { type: 'text', text: '', text_elided: elided, created_at: 1e15, end_reason: 'interrupt', ...common },
      { type: 'tool-call', tool_call_id: 'a', args_elided: elided, ...common },
      { type: 'tool-call', tool_call_id: 'b', args_text_elided: elided, ...common },
      { type: 'tool-result', tool_call_id: 'a', result_elided: elided, created_at: 1e15, ...common },
    ];
    const standIn = { $elided: { bytes: 9, sha256: 'ab' } };
    expect(coderMessages({ ...message, parts }).flatMap(({ content }) => content)).toMatchObject([
      { type: 'text', text: '' },
      { tool_call_id: 'a', args: standIn },
      { tool_call_id: 'b', args: standIn },
      { tool_call_id: 'a', result: standIn },
    ]);
  });
});

describe('the vectors of the contract', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: the same message live and read back',
    (_name, vector) => {
      for (const message of foldAll(decodedEvents(vector)).messages) {
        const shown = coderMessages(message);
        const readBack = messageFromJson(JSON.parse(JSON.stringify(messageToJson(message))) as MessageJson);
        expect(JSON.parse(JSON.stringify(shown))).toEqual(
          JSON.parse(JSON.stringify(coderMessages(readBack))),
        );
        expect(shown.length > 0).toBe(message.status !== 'failed' && hasContent(message));
      }
    },
  );
});

function hasContent({ parts, usage }: Message): boolean {
  const silent = new Set(['data', 'tool-approval']);
  return usage !== undefined || parts.some(({ type }) => !silent.has(type));
}
