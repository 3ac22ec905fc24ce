import { describe, expect, it } from '@jest/globals';
import type { Part } from '@stepfold/fold';
import { callsOf, durationOf } from './durations.js';

const place = { first_event: 1, last_event: 1 };
const block = { type: 'reasoning', text: '', created_at: 100, ...place } as const;
const result = { type: 'tool-result', tool_call_id: 'c', result: 1, created_at: 500, ...place } as const;
const call = { type: 'tool-call', tool_call_id: 'c', args: 1, ...place } as const;

function resultDuration(resultFields: object, callFields?: object): number | undefined {
  const parts: Part[] = [{ ...result, ...resultFields }];
  if (callFields !== undefined) parts.unshift({ ...call, ...callFields });
  return durationOf(parts.at(-1)!, callsOf(parts));
}

describe('durationOf', () => {
  it.each(['text', 'reasoning'] as const)('is the time from start to end of a %s', (type) => {
    expect(durationOf({ ...block, type, completed_at: 130 }, new Map())).toBe(30);
    expect(durationOf({ ...block, type, completed_at: 100 }, new Map())).toBe(0);
  });

  it('does not exist for a block that is open, or that ends before its start', () => {
    expect(durationOf({ ...block, last_delta_at: 150 }, new Map())).toBeUndefined();
    expect(durationOf({ ...block, completed_at: 99 }, new Map())).toBeUndefined();
  });

  it('does not exist where a stranger has written what is no stamp', () => {
    expect(durationOf({ ...block, completed_at: 130.5 }, new Map())).toBeUndefined();
    expect(durationOf({ ...block, completed_at: '130' as never }, new Map())).toBeUndefined();
  });

  it('of a result begins with the execution that it names, else that its call names, else with the call', () => {
    const times = { created_at: 100, execution_started_at: 200 };
    expect(resultDuration({ execution_started_at: 300 }, times)).toBe(200);
    expect(resultDuration({}, times)).toBe(300);
    expect(resultDuration({}, { created_at: 100 })).toBe(400);
    expect(resultDuration({}, { input_started_at: 50 })).toBeUndefined();
  });

  it('of a result does not exist where its call is in an earlier message and it names no start', () => {
    expect(resultDuration({})).toBeUndefined();
    expect(resultDuration({ execution_started_at: 450 })).toBe(50);
    expect(resultDuration({ execution_started_at: 501 }, { created_at: 100 })).toBeUndefined();
  });

  it('neither begins nor ends with a time that nobody knows', () => {
    const untimed = { metadata: { stepfold: { untimed: true } } };
    expect(durationOf({ ...block, ...untimed, completed_at: 130 }, new Map())).toBeUndefined();
    expect(resultDuration(untimed, { created_at: 100 })).toBeUndefined();
    expect(resultDuration({}, { created_at: 100, ...untimed })).toBeUndefined();
    expect(resultDuration({ execution_started_at: 450 }, { created_at: 100, ...untimed })).toBe(50);
  });

  it('exists for no other part', () => {
    expect(durationOf({ ...call, created_at: 1, execution_started_at: 2 }, new Map())).toBeUndefined();
  });
});
