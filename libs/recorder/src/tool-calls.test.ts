import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { createToolCalls } from './tool-calls.js';

/** As in tool-calls.ts. */
const CALLS_MAX = 10_000;
const WAITING_MAX = 1_000;

function event(type: 'tool-call' | 'tool-result', tool_call_id: string): Event {
  return { v: 1, chat_id: 'c', step_id: 's', at: 1e15, type, tool_call_id, tool_name: 'n' } as Event;
}

describe('the calls of a run', () => {
  it('of an open step are at most CALLS_MAX: of the first of more is not known that it was made', () => {
    const calls = createToolCalls();
    for (let call = 0; call <= CALLS_MAX; call++) calls.note(event('tool-call', `c${call}`));
    expect(calls.unansweredCount).toBe(CALLS_MAX);
    expect([calls.start('c0', 1), calls.start('c1', 1)]).toEqual([false, true]);
    // Its result then says when its tool began, which no event of the call has.
    expect(calls.note(event('tool-result', 'c0'))).toBe(1);
  });

  it('that began before their stream told of them are at most CALLS_MAX', () => {
    const calls = createToolCalls();
    for (let call = 0; call <= CALLS_MAX; call++) calls.start(`c${call}`, call);
    expect(calls.note(event('tool-call', 'c0'))).toBeUndefined();
    expect(calls.note(event('tool-call', 'c1'))).toBe(1);
  });

  it('that were answered are at most CALLS_MAX: what a request tells of an earlier one is recorded again', () => {
    const calls = createToolCalls();
    for (let call = 0; call <= CALLS_MAX; call++) calls.answer({ toolCallId: `c${call}`, result: 1 });
    expect([calls.isAnswered('c0'), calls.isAnswered('c1')]).toEqual([false, true]);
  });

  it('have at most WAITING_MAX results that no step has taken', () => {
    const calls = createToolCalls();
    const result = { toolCallId: 'c', result: 1, at: 1 };
    for (let count = 0; count < WAITING_MAX; count++) expect(calls.wait(result)).toBe(true);
    expect(calls.wait(result)).toBe(false);
    expect(calls.takeWaiting()).toHaveLength(WAITING_MAX);
  });
});
