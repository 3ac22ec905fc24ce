import { describe, expect, it } from '@jest/globals';
import { at, given, type Draft } from './testing/given.js';

/** Sections 3 and 4 of `contract/fold.md`: how a step ends, and inputs that never became a call. */

const start = { type: 'step-start' };
const stepEnd = { type: 'step-end' };
const interrupt = { type: 'interrupt', reason: 'user' };
const call = { type: 'tool-call', tool_call_id: 'c', tool_name: 'f', args: { n: 1 } };
const input = (text: string): Draft => ({ type: 'tool-input-delta', tool_call_id: 'c', text });
const CUT_OFF = 'tool call was interrupted before it produced a result';

describe('the end of a step', () => {
  const result = { type: 'tool-result', tool_call_id: 'c', result: 'r' };

  it('lists calls without a final result in the order of the calls, and none that was never made', () => {
    const { pending_tool_call_ids, parts } = given(
      start,
      { type: 'tool-input-start', tool_call_id: 'late' },
      { ...call, tool_call_id: 'early' },
      { ...call, tool_call_id: 'late' },
      { ...call, tool_call_id: 'done' },
      { type: 'tool-result', tool_call_id: 'done', result: 1 },
      { type: 'tool-result', tool_call_id: 'early', result: 1, preliminary: true },
      { type: 'tool-input-delta', tool_call_id: 'never', text: '{}' },
    ).when(stepEnd);
    expect(pending_tool_call_ids).toEqual(['late', 'early']);
    expect(parts.filter(({ type }) => type === 'tool-result')).toHaveLength(2);
  });

  it('by an interrupt gives every call without a final result one, after all other parts', () => {
    const {
      parts,
      pending_tool_call_ids,
      interrupt: noted,
    } = given(
      start,
      { ...call, provider_executed: true },
      input('late'),
      { type: 'tool-input-delta', tool_call_id: 'd', text: '{"x"' },
      { type: 'text-start', id: '0' },
    ).when({ ...interrupt, message: 'enough', detected_at: at(99) });
    expect(pending_tool_call_ids).toBeUndefined();
    expect(noted).toEqual({ reason: 'user', message: 'enough', at: at(6), detected_at: at(99) });
    const common = {
      type: 'tool-result',
      result: { error: CUT_OFF },
      is_error: true,
      synthetic: true,
      created_at: at(6),
      first_event: 6,
      last_event: 6,
    };
    expect(parts.slice(1)).toEqual([
      {
        type: 'tool-call',
        tool_call_id: 'd',
        args_text: '{"x"',
        partial: true,
        input_started_at: at(4),
        first_event: 4,
        last_event: 6,
      },
      {
        type: 'text',
        id: '0',
        text: '',
        created_at: at(5),
        completed_at: at(6),
        end_reason: 'interrupt',
        first_event: 5,
        last_event: 6,
      },
      { ...common, tool_call_id: 'c', tool_name: 'f', provider_executed: true },
      { ...common, tool_call_id: 'd' },
    ]);
  });

  it('turns a preliminary result into the synthetic one, in its place, with its metadata and nothing else of it', () => {
    const { parts } = given(
      start,
      call,
      {
        ...result,
        result: [1],
        tool_name: 'other',
        preliminary: true,
        is_media: true,
        provider_executed: true,
        execution_started_at: at(1),
        metadata: { p: { a: 1 } },
      },
      { type: 'text-start', id: '0' },
    ).when({ type: 'error', message: 'lost', fatal: true });
    expect(parts[1]).toEqual({
      type: 'tool-result',
      tool_call_id: 'c',
      tool_name: 'f',
      result: { error: CUT_OFF, partial: [1] },
      is_error: true,
      synthetic: true,
      created_at: at(5),
      metadata: { p: { a: 1 } },
      first_event: 3,
      last_event: 5,
    });
    expect(parts).toHaveLength(3);
    expect(parts[2]).toMatchObject({ end_reason: 'error' });
  });

  it('leaves results without a call as they are', () => {
    const orphan = { ...result, preliminary: true };
    expect(given(start, orphan).when(interrupt).parts).toMatchObject([{ preliminary: true, last_event: 2 }]);
  });

  it.each([
    ['{"a":1}', { args: { a: 1 } }],
    [' [] ', { args: [] }],
    ['null', { args: null }],
    ['"text"', { args: 'text' }],
    ['{"__proto__":{"x":1}}', { args: JSON.parse('{"__proto__":{"x":1}}') as unknown }],
    ['', { args_text: '' }],
    ['{"a":', { args_text: '{"a":' }],
    ['1e999', { args_text: '1e999' }],
    ['{"a":\ud83c', { args_text: '{"a":\ufffd' }],
    ['{"a":"\ud83c"}', { args: { a: '\ufffd' } }],
    ['['.repeat(64) + ']'.repeat(64), { args: JSON.parse('['.repeat(64) + ']'.repeat(64)) as unknown }],
    ['['.repeat(65) + ']'.repeat(65), { args_text: '['.repeat(65) + ']'.repeat(65) }],
    ['['.repeat(100_000), { args_text: '['.repeat(100_000) }],
  ])('keeps a cut-off input: %.20j', (text, expected) => {
    for (const end of [stepEnd, interrupt, { type: 'error', message: '', fatal: true }]) {
      expect(given(start, input(text)).when(end).parts[0]).toEqual({
        type: 'tool-call',
        tool_call_id: 'c',
        ...expected,
        partial: true,
        input_started_at: at(2),
        first_event: 2,
        last_event: 3,
      });
    }
  });

  it('by a fatal error notes the error', () => {
    expect(
      given(start, { type: 'text-start', id: '0' }).when({
        type: 'error',
        message: 'lost',
        code: 'E1',
        retryable: true,
        fatal: true,
      }),
    ).toMatchObject({
      status: 'failed',
      rev: 2 ** 32 - 1,
      errors: [{ message: 'lost', code: 'E1', retryable: true, at: at(3) }],
      ended_at: at(3),
      parts: [{ end_reason: 'error', completed_at: at(3) }],
    });
  });

  it('raises rev above every open version, below the next attempt', () => {
    expect(given({ ...start, attempt: 2 }).when({ type: 'heartbeat', attempt: 2 }).rev).toBe(2 * 2 ** 32 + 2);
    expect(given({ ...start, attempt: 2 }).when({ ...stepEnd, attempt: 2 }).rev).toBe(3 * 2 ** 32 - 1);
    expect(given({ ...start, attempt: 1_000_000 }).when({ ...stepEnd, attempt: 1_000_000 }).rev).toBe(
      1_000_001 * 2 ** 32 - 1,
    );
  });
});
