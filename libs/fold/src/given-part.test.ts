import { describe, expect, it } from '@jest/globals';
import type { Message } from './message.js';
import { at, given, type Draft } from './testing/given.js';

/** Whole messages: `message` in section 2 of `contract/fold.md`. */

describe('a whole message', () => {
  const message = (...parts: readonly Draft[]): Message =>
    given().when({ type: 'message', role: 'user', parts });
  const common = { created_at: at(1), first_event: 1, last_event: 1 };

  it('has its parts as given, with the moment of the event where they have none', () => {
    const given = [
      { type: 'text', text: 'a' },
      {
        type: 'text',
        id: 'b',
        text: '',
        created_at: at(7),
        last_delta_at: at(8),
        completed_at: at(9),
        end_reason: 'implied',
      },
      { type: 'reasoning', text: 'c', redacted: true, metadata: { p: { k: 1 } } },
      {
        type: 'tool-call',
        tool_call_id: 'c',
        tool_name: 'f',
        args: false,
        dynamic: true,
        title: 't',
        parent_tool_call_id: 'p',
      },
      {
        type: 'tool-result',
        tool_call_id: 'c',
        tool_name: 'f',
        result: false,
        is_error: true,
        synthetic: true,
        execution_started_at: at(3),
      },
      {
        type: 'tool-approval',
        tool_call_id: 'c',
        approval_id: 'a',
        state: 'denied',
        reason: 'no',
        automatic: true,
      },
      {
        type: 'source',
        source_type: 'url',
        source_id: 's',
        url: 'u',
        title: 't',
        media_type: 'm',
        filename: 'f',
      },
      { type: 'file', media_type: 'm', url: 'u', name: 'n', reasoning: true },
      { type: 'file', media_type: 'm', file_id: 'f' },
      { type: 'data', name: 'n', data_id: 'd', data: null, updated_at: at(4) },
    ];
    const { parts, ...rest } = message(...given);
    expect(parts).toEqual(given.map((part) => ({ ...common, ...part })));
    expect(rest).toEqual({
      chat_id: 'chat',
      step_id: 'step',
      attempt: 0,
      role: 'user',
      status: 'complete',
      rev: 2 ** 32 - 1,
      events: 1,
      started_at: at(1),
      ended_at: at(1),
      last_event_at: at(1),
      fold_version: 1,
    });
  });

  it('stores booleans only when true, and metadata only when there is some', () => {
    const { parts } = message(
      { type: 'reasoning', text: '', redacted: false, metadata: { p: {} } },
      {
        type: 'tool-call',
        tool_call_id: 'c',
        args: 1,
        partial: false,
        invalid: false,
        provider_executed: false,
        dynamic: false,
        metadata: {},
        approval: { approval_id: 'a', state: 'granted', automatic: false, requested_at: at(5) },
      },
      {
        type: 'tool-result',
        tool_call_id: 'c',
        result: 1,
        is_error: false,
        preliminary: false,
        metadata: { q: {}, p: { a: 1 } },
      },
    );
    expect(parts).toEqual([
      { type: 'reasoning', text: '', ...common },
      {
        type: 'tool-call',
        tool_call_id: 'c',
        args: 1,
        approval: { approval_id: 'a', state: 'granted', requested_at: at(5) },
        ...common,
      },
      { type: 'tool-result', tool_call_id: 'c', result: 1, metadata: { p: { a: 1 } }, ...common },
    ]);
  });

  it('gives a call that was never made no moment at which it was', () => {
    const { parts, ...rest } = message(
      { type: 'tool-call', tool_call_id: 'c', args_text: '{', partial: true, input_started_at: at(3) },
      { type: 'tool-call', tool_call_id: 'd', args_text: '{' },
    );
    expect(parts[0]).not.toHaveProperty('created_at');
    expect(parts[1]).toHaveProperty('created_at', at(1));
    expect(rest).not.toHaveProperty('pending_tool_call_ids');
  });

  it('ignores what a part cannot be given, numbers of events included', () => {
    const unknown = {
      first_event: 9,
      last_event: 'x',
      input_open: true,
      synthetic: 'x',
      more: {},
      order: -1,
    };
    const { parts } = message(
      { type: 'text', text: '', ...unknown },
      {
        type: 'tool-call',
        tool_call_id: 'c',
        args: 1,
        ...unknown,
        approval: { approval_id: 'a', state: 'denied', ...unknown },
      },
      { type: 'source', source_type: 'url', ...unknown },
    );
    expect(parts).toEqual([
      { type: 'text', text: '', ...common },
      {
        type: 'tool-call',
        tool_call_id: 'c',
        args: 1,
        approval: { approval_id: 'a', state: 'denied' },
        ...common,
      },
      { type: 'source', source_type: 'url', ...common },
    ]);
  });
});
