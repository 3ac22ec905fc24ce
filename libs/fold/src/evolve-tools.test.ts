import { describe, expect, it } from '@jest/globals';
import { at, given, type Draft } from './testing/given.js';

/** Section 2 of `contract/fold.md` for tools, where the vectors leave something open. */

const start = { type: 'step-start' };
const stepEnd = { type: 'step-end' };
const call = { type: 'tool-call', tool_call_id: 'c', tool_name: 'f', args: { n: 1 } };
const input = (text: string): Draft => ({ type: 'tool-input-delta', tool_call_id: 'c', text });

describe('tool inputs', () => {
  it('that start again lose their text and keep what the start does not say', () => {
    const { parts, anomalies } = given(
      start,
      {
        type: 'tool-input-start',
        tool_call_id: 'c',
        tool_name: 'f',
        title: 'T',
        dynamic: true,
        metadata: { p: { a: 1 } },
      },
      input('{"old'),
      { type: 'tool-input-end', tool_call_id: 'c' },
    ).when({
      type: 'tool-input-start',
      tool_call_id: 'c',
      dynamic: false,
      parent_tool_call_id: 'parent',
      metadata: { p: { b: 2 } },
    });
    expect(parts).toEqual([
      {
        type: 'tool-call',
        tool_call_id: 'c',
        tool_name: 'f',
        args_text: '',
        input_open: true,
        input_started_at: at(2),
        title: 'T',
        parent_tool_call_id: 'parent',
        metadata: { p: { a: 1, b: 2 } },
        first_event: 2,
        last_event: 5,
      },
    ]);
    expect(anomalies).toEqual([{ code: 'repeated-start', event: 5 }]);
  });

  it('that ended show their text, and go on with a late delta', () => {
    const ended = [start, input('{"a"'), { type: 'tool-input-end', tool_call_id: 'c' }];
    expect(given(...ended).when({ type: 'heartbeat' }).parts[0]).toEqual({
      type: 'tool-call',
      tool_call_id: 'c',
      args_text: '{"a"',
      input_started_at: at(2),
      first_event: 2,
      last_event: 3,
    });
    expect(given(...ended).when(input(':1}')).parts[0]).toMatchObject({ args_text: '{"a":1}' });
    expect(given(...ended).when(input(':1}'), stepEnd).parts[0]).toMatchObject({
      args: { a: 1 },
      partial: true,
    });
  });

  it('that end twice, or never began, are noted', () => {
    const end = { type: 'tool-input-end', tool_call_id: 'c', metadata: { p: { a: 1 } } };
    expect(given(start, input(''), end).when(end).anomalies).toEqual([
      { code: 'implied-start', event: 2 },
      { code: 'unknown-end', event: 4 },
    ]);
    expect(given(start).when(end)).toMatchObject({
      parts: [],
      anomalies: [{ code: 'unknown-end', event: 2 }],
    });
    expect(given(start, call).when(end).parts[0]).not.toHaveProperty('metadata');
  });

  it('touch nothing once the call was made', () => {
    const { parts, anomalies } = given(start, call, {
      type: 'tool-input-start',
      tool_call_id: 'c',
      tool_name: 'other',
      metadata: { p: { a: 1 } },
    }).when(input('{}'));
    expect(parts).toEqual([
      {
        type: 'tool-call',
        tool_call_id: 'c',
        tool_name: 'f',
        args: { n: 1 },
        created_at: at(2),
        first_event: 2,
        last_event: 2,
      },
    ]);
    expect(anomalies?.map(({ code }) => code)).toEqual(['repeated-start', 'late-delta']);
  });
});

describe('a tool call', () => {
  it('replaces the raw text of its input, whatever that was', () => {
    const { parts, anomalies } = given(
      start,
      { type: 'tool-input-start', tool_call_id: 'c', title: 'T' },
      input('{"x'),
    ).when(call);
    expect(parts[0]).toEqual({
      type: 'tool-call',
      tool_call_id: 'c',
      tool_name: 'f',
      args: { n: 1 },
      input_started_at: at(2),
      created_at: at(4),
      title: 'T',
      first_event: 2,
      last_event: 4,
    });
    expect(anomalies).toBeUndefined();
  });

  it.each([null, false, 0, '', [], {}])('may have %j for its arguments', (args) => {
    expect(given(start).when({ ...call, args }).parts[0]).toHaveProperty('args', args);
  });

  it('made again says anew what it says, arguments and error always', () => {
    const { parts, anomalies } = given(start, {
      ...call,
      args: undefined,
      args_text: '{',
      invalid: true,
      error: 'bad',
      dynamic: true,
      provider_executed: true,
      title: 'T',
    }).when({ ...call, tool_name: 'g', provider_executed: false });
    expect(parts[0]).toEqual({
      type: 'tool-call',
      tool_call_id: 'c',
      tool_name: 'g',
      args: { n: 1 },
      created_at: at(3),
      dynamic: true,
      title: 'T',
      first_event: 2,
      last_event: 3,
    });
    expect(anomalies).toEqual([{ code: 'repeated-call', event: 3 }]);
  });

  it('made again keeps what it does not say again', () => {
    const flags = { provider_executed: true, dynamic: true, title: 'T', parent_tool_call_id: 'p' };
    const { parts } = given(start, { ...call, ...flags, metadata: { p: { a: 1 } } }).when({
      ...call,
      metadata: { p: { b: 2 } },
    });
    expect(parts[0]).toMatchObject({ ...flags, metadata: { p: { a: 1, b: 2 } }, created_at: at(3) });
  });

  it('that executes is known by its input already, and only then', () => {
    const execution = { type: 'tool-execution-start', tool_call_id: 'c' };
    expect(given(start, input('')).when(execution).parts[0]).toMatchObject({
      execution_started_at: at(3),
      last_event: 3,
    });
    expect(given(start).when(execution)).toMatchObject({
      parts: [],
      anomalies: [{ code: 'unknown-call', event: 2 }],
    });
  });
});

describe('approvals', () => {
  const asked = { type: 'tool-approval', tool_call_id: 'c', approval_id: 'a', state: 'requested' };
  const granted = { ...asked, state: 'granted' };

  it('keep what a later event of the same approval lacks', () => {
    const { parts } = given(start, call, { ...asked, reason: 'why', automatic: true }).when(granted);
    expect(parts[0]).toMatchObject({
      approval: {
        approval_id: 'a',
        state: 'granted',
        automatic: true,
        reason: 'why',
        requested_at: at(3),
        responded_at: at(4),
      },
      last_event: 4,
    });
  });

  it('that are asked for again keep the moment of the former answer', () => {
    const { parts } = given(start, call, asked, granted).when(asked);
    expect(parts[0]).toHaveProperty('approval', {
      approval_id: 'a',
      state: 'requested',
      requested_at: at(5),
      responded_at: at(4),
    });
  });

  it('of another id begin anew', () => {
    const { parts } = given(start, call, { ...asked, reason: 'why', automatic: true }).when({
      ...granted,
      approval_id: 'b',
    });
    expect(parts[0]).toHaveProperty('approval', { approval_id: 'b', state: 'granted', responded_at: at(4) });
  });

  it('of a call of an earlier step are parts of their own, every time', () => {
    const { parts, anomalies } = given(start, { ...asked, reason: 'why' }).when({
      ...granted,
      automatic: false,
    });
    const common = { type: 'tool-approval', tool_call_id: 'c', approval_id: 'a' };
    expect(parts).toEqual([
      { ...common, state: 'requested', reason: 'why', created_at: at(2), first_event: 2, last_event: 2 },
      { ...common, state: 'granted', created_at: at(3), first_event: 3, last_event: 3 },
    ]);
    expect(anomalies).toBeUndefined();
  });

  it('of a call whose input is still written belong to it', () => {
    expect(given(start, input('{')).when(asked).parts).toMatchObject([{ approval: { state: 'requested' } }]);
  });
});

describe('tool results', () => {
  const result = { type: 'tool-result', tool_call_id: 'c', result: 'r' };

  it('take their name from the call as it is known by then, and do not look for it later', () => {
    const nameOf = (...drafts: readonly Draft[]) =>
      given(start, ...drafts)
        .when({ type: 'heartbeat' })
        .parts.find(({ type }) => type === 'tool-result');
    expect(nameOf(call, result)).toHaveProperty('tool_name', 'f');
    expect(nameOf(call, { ...result, tool_name: 'own' })).toHaveProperty('tool_name', 'own');
    expect(nameOf(result, call)).not.toHaveProperty('tool_name');
    expect(nameOf({ type: 'tool-input-start', tool_call_id: 'c', tool_name: 'g' }, result)).toHaveProperty(
      'tool_name',
      'g',
    );
    expect(nameOf({ ...result, tool_name: 'own', preliminary: true }, result)).not.toHaveProperty(
      'tool_name',
    );
  });

  it('keep the start of the execution and the metadata that a later one lacks, and nothing else', () => {
    const { parts } = given(start, {
      ...result,
      preliminary: true,
      is_error: true,
      is_media: true,
      provider_executed: true,
      execution_started_at: at(77),
      metadata: { p: { a: 1 } },
    }).when({ ...result, result: null, metadata: { p: { b: 2 } } });
    expect(parts).toEqual([
      {
        type: 'tool-result',
        tool_call_id: 'c',
        result: null,
        execution_started_at: at(77),
        created_at: at(3),
        metadata: { p: { a: 1, b: 2 } },
        first_event: 2,
        last_event: 3,
      },
    ]);
  });

  it('that are preliminary may follow each other without a note, and after the final one leave no trace', () => {
    const preliminary = { ...result, preliminary: true };
    const { parts, anomalies } = given(start, preliminary, preliminary, result).when({
      ...preliminary,
      result: 'late',
      metadata: { p: { a: 1 } },
      execution_started_at: at(5),
    });
    expect(parts[0]).toMatchObject({ result: 'r', last_event: 4 });
    expect(parts[0]).not.toHaveProperty('metadata');
    expect(parts[0]).not.toHaveProperty('execution_started_at');
    expect(anomalies).toEqual([{ code: 'late-preliminary', event: 5 }]);
  });
});
