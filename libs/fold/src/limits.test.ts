import { describe, expect, it } from '@jest/globals';
import { PARTS_MAX } from '@stepfold/events';
import { evolve } from './evolve.js';
import type { Message } from './message.js';
import { initialState } from './state.js';
import { toMessage } from './to-message.js';
import { at, eventOf, given, type Draft } from './testing/given.js';

/** What a message has at most: `contract/fold.md`, sections 2 and 6. */

const start = { type: 'step-start' };
const interrupt = { type: 'interrupt', reason: 'user' };
const call = { type: 'tool-call', tool_call_id: 'c', tool_name: 'f', args: { n: 1 } };

describe('limits', () => {
  it('list 20 errors and count the others, fatal ones too', () => {
    const error = (n: number): Draft => ({ type: 'error', message: `e${n}`, fatal: false, retryable: false });
    const twenty = Array.from({ length: 20 }, (_, n) => error(n));
    const full = given(start, ...twenty).when({ type: 'heartbeat' });
    expect(full.errors).toHaveLength(20);
    expect(full.errors?.[0]).toEqual({ message: 'e0', at: at(2) });
    expect(full).not.toHaveProperty('error_count');
    const over = given(start, ...twenty).when({ type: 'error', message: 'last', fatal: true });
    expect(over.errors?.at(-1)).toMatchObject({ message: 'e19' });
    expect(over).toMatchObject({ error_count: 21, status: 'failed' });
  });

  it('list 20 anomalies and count the others', () => {
    const end = { type: 'text-end', id: '0' };
    const twenty = Array.from({ length: 20 }, () => end);
    expect(given(start, ...twenty).when({ type: 'heartbeat' })).not.toHaveProperty('anomaly_count');
    const over = given(start, ...twenty).when(end);
    expect(over.anomalies).toHaveLength(20);
    expect(over.anomaly_count).toBe(21);
  });

  /** A state whose message is full, made of sources, but for `free` places. */
  function fullState(free: number, ...drafts: readonly Draft[]) {
    const state = initialState();
    evolve(state, eventOf(start, 0));
    for (const draft of drafts) evolve(state, eventOf(draft, 1));
    const source = eventOf({ type: 'source', source_type: 'url' }, 1);
    while (state.parts.length < PARTS_MAX - free) evolve(state, source);
    return {
      when: (...more: readonly Draft[]): Message => {
        for (const draft of more) expect(evolve(state, eventOf(draft, 2))).toBe('accepted');
        return toMessage(state);
      },
    };
  }

  it('take 10,000 parts, and only count events that would append one more', () => {
    const message = fullState(1).when(call);
    expect(message.parts).toHaveLength(PARTS_MAX);
    expect(message).not.toHaveProperty('omitted_events');

    const omitted: readonly Draft[] = [
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', text: 'x' },
      { type: 'reasoning-start', id: '0' },
      { type: 'tool-input-start', tool_call_id: 'd' },
      { type: 'tool-input-delta', tool_call_id: 'd', text: '{' },
      { type: 'tool-call', tool_call_id: 'd', tool_name: 'f', args: 1 },
      { type: 'tool-call', tool_call_id: 'd', tool_name: 'f', args: 1 },
      { type: 'tool-result', tool_call_id: 'd', result: 1 },
      { type: 'tool-approval', tool_call_id: 'd', approval_id: 'a', state: 'granted' },
      { type: 'source', source_type: 'url' },
      { type: 'file', media_type: 'm', url: 'u' },
      { type: 'data', name: 'n', data: 1 },
      { type: 'data', name: 'n', data_id: 'd', data: 1 },
      { type: 'data', name: 'n', data_id: 'd', data: 2 },
    ];
    const full = fullState(0).when(...omitted);
    expect(full.parts).toHaveLength(PARTS_MAX);
    expect(full.omitted_events).toBe(omitted.length);
    expect(full.events).toBe(1 + PARTS_MAX + omitted.length);
    expect(full).not.toHaveProperty('anomalies');
  });

  it('leave ends of what was omitted as anomalies, and transient data as it is', () => {
    const full = fullState(0).when(
      { type: 'text-start', id: '0' },
      { type: 'text-end', id: '0' },
      { type: 'data', name: 'n', data: 1, transient: true },
    );
    expect(full.omitted_events).toBe(1);
    expect(full.anomalies).toMatchObject([{ code: 'unknown-end' }]);
  });

  it('let parts that are there go on', () => {
    const open = [
      { type: 'text-start', id: '0' },
      call,
      { type: 'data', name: 'n', data_id: 'd', data: 1 },
      { type: 'tool-result', tool_call_id: 'c', result: 1, preliminary: true },
    ];
    const full = fullState(0, ...open).when(
      { type: 'text-delta', id: '0', text: 'more' },
      // Would be a new part: nothing happens, so the open block of this id goes on.
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', text: ' and more' },
      { type: 'data', name: 'n', data_id: 'd', data: 2 },
      { type: 'tool-result', tool_call_id: 'c', result: 2 },
    );
    expect(full.parts.slice(0, 4)).toMatchObject([
      { text: 'more and more' },
      { args: { n: 1 } },
      { data: 2 },
      { result: 2 },
    ]);
    expect(full.parts[0]).not.toHaveProperty('completed_at');
    expect(full.omitted_events).toBe(1);
  });

  it('put synthetic results on top', () => {
    const full = fullState(0, call, { ...call, tool_call_id: 'd' }).when(interrupt);
    expect(full.parts).toHaveLength(PARTS_MAX + 2);
    expect(full.parts.slice(-2)).toMatchObject([
      { tool_call_id: 'c', synthetic: true },
      { tool_call_id: 'd', synthetic: true },
    ]);
    expect(full).not.toHaveProperty('omitted_events');
  });
});
