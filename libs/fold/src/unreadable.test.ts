import { describe, expect, it } from '@jest/globals';
import { at, given } from './testing/given.js';

/** Fields that the schema has not looked at, because they are encrypted or unknown, never reach a message. */

const start = { type: 'step-start' };
const stepEnd = { type: 'step-end' };
const interrupt = { type: 'interrupt', reason: 'user' };
const call = { type: 'tool-call', tool_call_id: 'c', tool_name: 'f', args: { n: 1 } };

describe('an encrypted event', () => {
  const enc = { key_id: 'k', iv: 'i', data: 'd' };
  /** Fields that are encrypted have no business in the clear; whatever stands there is not looked at. */
  const junk = {
    text: 7,
    message: { not: 'a string' },
    detected_at: 'yesterday',
    until: 'tomorrow',
    metadata: 'none',
    role: 'robot',
    parts: 'many',
    args: 1,
    result: 1,
    redacted: 1,
    merged: 'x',
    usage: [],
    state: 3,
  };

  it.each([
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0' },
    { type: 'text-end', id: '0' },
    { type: 'reasoning-delta', id: '0' },
    { type: 'tool-input-delta', tool_call_id: 'c' },
    { type: 'tool-input-end', tool_call_id: 'c' },
    { type: 'tool-call', tool_call_id: 'c' },
    { type: 'tool-execution-start', tool_call_id: 'c' },
    { type: 'tool-approval', tool_call_id: 'c', approval_id: 'a' },
    { type: 'tool-result', tool_call_id: 'c', preliminary: false },
    { type: 'source' },
    { type: 'file' },
    { type: 'data', data_id: 'd' },
    { type: 'finish' },
  ])('leaves the anomaly unreadable and no part: $type', (draft) => {
    expect(given(start).when({ ...junk, ...draft, enc })).toEqual({
      chat_id: 'chat',
      step_id: 'step',
      attempt: 0,
      role: 'assistant',
      status: 'open',
      rev: 2,
      events: 2,
      parts: [],
      started_at: at(1),
      first_output_at: at(2),
      last_event_at: at(2),
      anomalies: [{ code: 'unreadable', event: 2 }],
      fold_version: 1,
    });
  });

  it('touches no open part', () => {
    const { parts } = given(start, { type: 'text-start', id: '0' }, call).when(
      { type: 'text-end', id: '0', enc },
      { type: 'tool-result', tool_call_id: 'c', enc },
      { type: 'finish', enc },
    );
    expect(parts).toHaveLength(2);
    expect(parts[0]).toMatchObject({ last_event: 2 });
    expect(parts[0]).not.toHaveProperty('completed_at');
  });

  it('opens its step', () => {
    expect(given().when({ ...junk, ...start, enc, attempt: 1 })).toMatchObject({
      attempt: 1,
      role: 'assistant',
      status: 'open',
      anomalies: [{ code: 'unreadable', event: 1 }],
    });
    expect(given().when({ ...junk, type: 'message', enc })).toMatchObject({
      status: 'complete',
      parts: [],
      started_at: at(1),
      ended_at: at(1),
    });
  });

  it('ends its step by what is in the clear', () => {
    const open = [start, { type: 'text-start', id: '0' }, call];
    expect(given(...open).when({ ...junk, ...stepEnd, enc })).toMatchObject({
      status: 'complete',
      pending_tool_call_ids: ['c'],
      parts: [{ end_reason: 'implied' }, {}],
    });
    const interrupted = given(...open).when({ ...junk, ...interrupt, enc });
    expect(interrupted).toMatchObject({
      status: 'interrupted',
      parts: [{ end_reason: 'interrupt' }, {}, { synthetic: true }],
      last_event_at: at(4),
    });
    expect(interrupted.interrupt).toEqual({ reason: 'user', at: at(4) });
    const failed = given(...open).when({ ...junk, type: 'error', fatal: true, enc });
    expect(failed).toMatchObject({
      status: 'failed',
      parts: [{ end_reason: 'error' }, {}, { synthetic: true }],
    });
    expect(failed).not.toHaveProperty('errors');
    expect(given(...open).when({ ...junk, type: 'error', fatal: false, enc })).toMatchObject({
      status: 'open',
    });
  });
});

describe('unknown fields', () => {
  it('never become part of a message, even where another type has a field of that name', () => {
    expect(given(start).when({ type: 'heartbeat', until: 'x', metadata: 1, text: 2 })).toMatchObject({
      last_event_at: at(2),
      parts: [],
    });
    expect(given({ ...start, until: at(9) }).when({ type: 'step-end', until: at(9) }).last_event_at).toBe(
      at(2),
    );
    const { parts } = given(start, { type: 'data', name: 'n', data: 1, metadata: { p: { k: 1 } } }).when({
      type: 'tool-input-delta',
      tool_call_id: 'c',
      text: '',
      tool_name: 'f',
      title: {},
      metadata: { p: { k: 1 } },
    });
    for (const part of parts) {
      expect(part).not.toHaveProperty('metadata');
      expect(part).not.toHaveProperty('title');
      expect(part).not.toHaveProperty('tool_name');
    }
  });
});
