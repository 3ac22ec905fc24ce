import { describe, expect, it } from '@jest/globals';
import { evolve } from './evolve.js';
import { initialState } from './state.js';
import { toMessage } from './to-message.js';
import { at, eventOf, given, type Draft } from './testing/given.js';

/** Sections 2 and 7 of `contract/fold.md`, tools apart, where the vectors leave something open. */

const start = { type: 'step-start' };
const call = { type: 'tool-call', tool_call_id: 'c', tool_name: 'f', args: { n: 1 } };
const input = (text: string): Draft => ({ type: 'tool-input-delta', tool_call_id: 'c', text });

describe('step-start', () => {
  it('makes an assistant’s message with what it says, and nothing that it does not', () => {
    expect(given().when(start)).toEqual({
      chat_id: 'chat',
      step_id: 'step',
      attempt: 0,
      role: 'assistant',
      status: 'open',
      rev: 1,
      events: 1,
      parts: [],
      started_at: at(1),
      last_event_at: at(1),
      fold_version: 1,
    });
  });

  it('may name another role', () => {
    expect(given().when({ ...start, role: 'tool', step_index: 0 })).toMatchObject({
      role: 'tool',
      step_index: 0,
    });
  });
});

describe('blocks', () => {
  it('of one id but another kind are two, open at once', () => {
    const { parts } = given(
      start,
      { type: 'text-start', id: 'a' },
      { type: 'reasoning-start', id: 'a' },
      { type: 'text-delta', id: 'a', text: 'said' },
    ).when({ type: 'reasoning-delta', id: 'a', text: 'thought' });
    expect(parts).toMatchObject([
      { type: 'text', text: 'said' },
      { type: 'reasoning', text: 'thought' },
    ]);
  });

  it('merge metadata key by key from start, deltas and end; empty objects change nothing', () => {
    const { parts } = given(
      start,
      { type: 'text-start', id: '0', metadata: { p: { a: 1, b: { deep: 1 } }, q: {} } },
      { type: 'text-delta', id: '0', text: '', metadata: { p: { b: { other: 2 } }, r: { x: null } } },
      { type: 'text-delta', id: '0', text: '', metadata: {} },
      { type: 'text-delta', id: '0', text: '', metadata: { p: {}, s: {} } },
    ).when({ type: 'text-end', id: '0', metadata: { r: { y: [] } } });
    expect(parts[0]?.metadata).toEqual({ p: { a: 1, b: { other: 2 } }, r: { x: null, y: [] } });
  });

  it('have no metadata where there were only empty objects', () => {
    const { parts, metadata } = given({ ...start, metadata: { p: {} } }).when({
      type: 'text-start',
      id: '0',
      metadata: {},
    });
    expect(parts[0]).not.toHaveProperty('metadata');
    expect(metadata).toBeUndefined();
  });

  it('keep what later messages say apart from what a former message said', () => {
    const state = initialState();
    const fold = (draft: Draft, index: number): void => void evolve(state, eventOf(draft, index));
    fold({ ...start, metadata: { p: { a: 1 } } }, 0);
    fold({ type: 'text-start', id: '0', metadata: { p: { a: 1 } } }, 1);
    const former = toMessage(state);
    fold({ type: 'text-delta', id: '0', text: '', metadata: { p: { a: 2, b: 3 }, q: { c: 4 } } }, 2);
    fold({ type: 'finish', metadata: { p: { a: 2 } } }, 3);
    expect(former.metadata).toEqual({ p: { a: 1 } });
    expect(former.parts[0]?.metadata).toEqual({ p: { a: 1 } });
    expect(toMessage(state).parts[0]?.metadata).toEqual({ p: { a: 2, b: 3 }, q: { c: 4 } });
  });

  it('take a stream of metadata with ever new keys without copying what is there each time', () => {
    const state = initialState();
    evolve(state, eventOf(start, 0));
    const many = 20_000;
    for (let i = 0; i < many; i++) {
      evolve(state, eventOf({ type: 'text-delta', id: '0', text: '', metadata: { p: { [`k${i}`]: i } } }, 1));
    }
    expect(Object.keys(toMessage(state).parts[0]?.metadata?.['p'] ?? {})).toHaveLength(many);
  });

  it('are redacted if their start or their end says so, and a delta cannot say it', () => {
    const redactedOf = (...drafts: readonly Draft[]) =>
      given(start, ...drafts).when({ type: 'heartbeat' }).parts[0];
    const id = 'r';
    expect(redactedOf({ type: 'reasoning-start', id, redacted: true })).toHaveProperty('redacted', true);
    expect(
      redactedOf({ type: 'reasoning-start', id }, { type: 'reasoning-end', id, redacted: true }),
    ).toHaveProperty('redacted', true);
    expect(
      redactedOf(
        { type: 'reasoning-start', id, redacted: true },
        { type: 'reasoning-end', id, redacted: false },
      ),
    ).toHaveProperty('redacted', true);
    expect(redactedOf({ type: 'reasoning-start', id, redacted: false })).not.toHaveProperty('redacted');
    expect(redactedOf({ type: 'reasoning-delta', id, text: '', redacted: true })).not.toHaveProperty(
      'redacted',
    );
    expect(redactedOf({ type: 'text-start', id, redacted: true })).not.toHaveProperty('redacted');
  });

  it('open again after their end as new parts', () => {
    const { parts, anomalies } = given(
      start,
      { type: 'text-start', id: '0' },
      { type: 'text-end', id: '0' },
      { type: 'text-start', id: '0' },
    ).when({ type: 'text-end', id: '0' });
    expect(parts).toHaveLength(2);
    expect(anomalies).toBeUndefined();
  });

  it('show the last of merged deltas as their last, and as the last moment of the step', () => {
    const message = given(start).when({
      type: 'reasoning-delta',
      id: '0',
      text: 'ab',
      until: at(500),
      merged: 2,
    });
    expect(message.parts[0]).toMatchObject({ created_at: at(2), last_delta_at: at(500) });
    expect(message.last_event_at).toBe(at(500));
    expect(given(start).when({ ...input('x'), until: at(500) }).last_event_at).toBe(at(500));
  });
});

describe('data', () => {
  const data = { type: 'data', name: 'n', data_id: 'd', data: 1 };

  it('is known by name and id together', () => {
    const { parts } = given(
      start,
      data,
      { ...data, name: 'm' },
      { ...data, data_id: 'e' },
      // Neither of these pairs may be taken for the other.
      { ...data, name: 'yz', data_id: 'x' },
      { ...data, name: 'z', data_id: 'xy' },
    ).when({ ...data, data: 2 });
    expect(parts).toHaveLength(5);
    expect(parts[0]).toMatchObject({ data: 2, created_at: at(2), updated_at: at(7), last_event: 7 });
  });

  it('that is transient is an event and an output, and no part', () => {
    const message = given(start, data).when({ ...data, transient: true, data: 2 });
    expect(message.parts).toMatchObject([{ data: 1, last_event: 2 }]);
    expect(message.parts[0]).not.toHaveProperty('updated_at');
    expect(given(start).when({ ...data, transient: true })).toMatchObject({
      events: 2,
      first_output_at: at(2),
    });
  });
});

describe('sources and files', () => {
  it('keep every field that they have', () => {
    const { parts } = given(
      start,
      {
        type: 'source',
        source_type: 'document',
        source_id: 's',
        url: 'u',
        title: 't',
        media_type: 'm',
        filename: 'f',
        metadata: { p: { a: 1 } },
      },
      { type: 'file', media_type: 'm', data: 'QQ==', name: 'n', reasoning: true, metadata: { p: { a: 1 } } },
    ).when({ type: 'file', media_type: 'm', url: 'u', reasoning: false });
    expect(parts).toEqual([
      {
        type: 'source',
        source_type: 'document',
        source_id: 's',
        url: 'u',
        title: 't',
        media_type: 'm',
        filename: 'f',
        created_at: at(2),
        metadata: { p: { a: 1 } },
        first_event: 2,
        last_event: 2,
      },
      {
        type: 'file',
        media_type: 'm',
        data: 'QQ==',
        name: 'n',
        reasoning: true,
        created_at: at(3),
        metadata: { p: { a: 1 } },
        first_event: 3,
        last_event: 3,
      },
      { type: 'file', media_type: 'm', url: 'u', created_at: at(4), first_event: 4, last_event: 4 },
    ]);
  });
});

describe('finish', () => {
  it('said again overwrites field by field', () => {
    const message = given(
      { ...start, model: 'asked', metadata: { p: { a: 1 } } },
      {
        type: 'finish',
        finish_reason: 'stop',
        raw_finish_reason: 'end_turn',
        usage: { input_tokens: 1, output_tokens: 2 },
        response_id: 'r',
        model: 'given',
        metadata: { p: { b: 2 } },
      },
    ).when({
      type: 'finish',
      finish_reason: 'length',
      usage: { output_tokens: 3, total_tokens: 4 },
      metadata: {},
    });
    expect(message).toMatchObject({
      finish_reason: 'length',
      raw_finish_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 3, total_tokens: 4 },
      response_id: 'r',
      model: 'given',
      metadata: { p: { a: 1, b: 2 } },
      finished_at: at(3),
    });
  });

  it('has no usage where it says nothing of it, and takes none away', () => {
    expect(given(start).when({ type: 'finish', usage: {} })).not.toHaveProperty('usage');
    expect(given(start).when({ type: 'finish', usage: { unheard_of_tokens: 1 } })).not.toHaveProperty(
      'usage',
    );
    const usage = { reasoning_tokens: 0, cache_creation_tokens: 1, cache_read_tokens: 2 };
    expect(given(start, { type: 'finish', usage }).when({ type: 'finish', usage: {} })).toHaveProperty(
      'usage',
      usage,
    );
    expect(
      given(start, { type: 'finish', finish_reason: 'length', usage }).when({ type: 'finish' }),
    ).toMatchObject({ finish_reason: 'length', usage });
  });
});

describe('the first output', () => {
  it.each([
    ['heartbeat', {}],
    ['error', { message: 'e', fatal: false }],
    ['step-end', {}],
    ['interrupt', { reason: 'eof' }],
  ])('is not one of type %s', (type, fields) => {
    expect(given(start).when({ type, ...fields })).not.toHaveProperty('first_output_at');
  });

  it.each([
    ['text-end', { id: '0' }],
    ['tool-execution-start', { tool_call_id: 'c' }],
    ['tool-approval', { tool_call_id: 'c', approval_id: 'a', state: 'denied' }],
    ['source', { source_type: 'url' }],
    ['finish', {}],
  ])('may be one of type %s, even if it only leaves an anomaly', (type, fields) => {
    expect(given(start, { type: 'heartbeat' }).when({ type, ...fields })).toHaveProperty(
      'first_output_at',
      at(3),
    );
  });

  it('stays the first', () => {
    expect(given(start, { type: 'finish' }).when(call)).toHaveProperty('first_output_at', at(2));
  });
});

describe('text', () => {
  it('is joined as it comes: halves of a character that meet are one', () => {
    const { parts } = given(
      start,
      { type: 'text-delta', id: '0', text: '\ud83c' },
      { type: 'text-delta', id: '0', text: '' },
    ).when({ type: 'text-delta', id: '0', text: '\udf75' });
    expect(parts[0]).toMatchObject({ text: '🍵' });
  });

  it('that ends in half a character shows U+FFFD until the other half comes', () => {
    const state = initialState();
    const open = [start, { type: 'text-delta', id: '0', text: 'a\ud83c' }, input('"\ud83c')];
    open.forEach((draft, index) => evolve(state, eventOf(draft, index)));
    expect(toMessage(state).parts).toMatchObject([{ text: 'a\ufffd' }, { args_text: '"\ufffd' }]);
    evolve(state, eventOf({ type: 'text-delta', id: '0', text: '\udf75' }, 3));
    evolve(state, eventOf(input('\udf75"'), 4));
    expect(toMessage(state).parts).toMatchObject([{ text: 'a🍵' }, { args_text: '"🍵"' }]);
  });

  it('of ids is compared as it came', () => {
    const { parts } = given(
      start,
      { type: 'text-start', id: '\ud800' },
      { type: 'text-start', id: '\ud801' },
    ).when({
      type: 'text-delta',
      id: '\ud800',
      text: 'x',
    });
    expect(parts).toMatchObject([
      { id: '\ufffd', text: 'x' },
      { id: '\ufffd', text: '' },
    ]);
  });
});
