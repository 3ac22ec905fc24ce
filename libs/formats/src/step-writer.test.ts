import { describe, expect, it } from '@jest/globals';
import { ATTEMPT_MAX, type Event } from '@stepfold/events';
import { createStepWriter } from './step-writer.js';

const AT = 1_767_225_600_000_000;
const newWriter = () => createStepWriter({ chatId: 'chat', runId: 'run' });
const types = (events: readonly Event[]) => events.map(({ type }) => type);

describe('a step writer', () => {
  it('opens a step for content, and for nothing else', () => {
    const writer = newWriter();
    writer.finish(AT, {});
    writer.end(AT);
    writer.interrupt(AT, 'eof');
    writer.fail(AT, 'no');
    expect(writer.take()).toEqual([]);
    writer.source(AT, { sourceType: 'url', url: 'https://x.test' });
    writer.end(AT);
    writer.error(AT, 'no');
    expect(writer.take()).toMatchObject([
      { type: 'step-start', step_id: 'run.0' },
      { type: 'source', step_id: 'run.0' },
      { type: 'step-end', step_id: 'run.0' },
      { type: 'step-start', step_id: 'run.1' },
      { type: 'error', step_id: 'run.1', fatal: false },
    ]);
  });

  it('writes nothing behind the end of a step', () => {
    const writer = newWriter();
    writer.start(AT);
    writer.fail(AT, 'no');
    writer.finish(AT, {});
    writer.end(AT);
    expect([writer.isOpen, types(writer.take())]).toEqual([false, ['step-start', 'error']]);
  });

  it('says that a tool starts, of the latest call where none is named', () => {
    const writer = newWriter();
    writer.call(AT, { toolCallId: undefined, toolName: 'search' });
    writer.executionStart(AT + 1, undefined);
    writer.executionStart(AT + 2, 'other');
    expect(writer.take().slice(2)).toMatchObject([
      { type: 'tool-execution-start', tool_call_id: 'call#0', at: AT + 1 },
      { type: 'tool-execution-start', tool_call_id: 'other', at: AT + 2 },
    ]);
  });

  it('hands events out once', () => {
    const writer = newWriter();
    writer.start(AT);
    expect(writer.take()).toHaveLength(1);
    expect(writer.take()).toEqual([]);
  });

  it('ends a step that was retried as often as can be, and goes on with the next', () => {
    const writer = newWriter();
    for (let count = 0; count <= ATTEMPT_MAX; count++) {
      writer.start(AT);
      if (count < ATTEMPT_MAX) writer.take();
    }
    writer.start(AT);
    expect(writer.take()).toMatchObject([
      { type: 'step-start', step_id: 'run.0', attempt: ATTEMPT_MAX },
      { type: 'interrupt', step_id: 'run.0', attempt: ATTEMPT_MAX },
      { type: 'step-start', step_id: 'run.1' },
    ]);
  });

  it('numbers calls without an id through the run, and gives later parts to the latest', () => {
    const writer = newWriter();
    writer.inputStart(AT, { toolCallId: undefined, toolName: 'a' });
    writer.inputDelta(AT, { toolCallId: '', text: '{' });
    writer.call(AT, { toolCallId: null, toolName: 'a', args: {} });
    writer.result(AT, { toolCallId: undefined, result: 1 });
    writer.call(AT, { toolCallId: undefined, toolName: 'b', args: {} });
    writer.end(AT);
    writer.result(AT, { toolCallId: undefined, result: 1 });
    const ids = writer.take().flatMap((event) => ('tool_call_id' in event ? [event.tool_call_id] : []));
    expect(ids).toEqual(['call#0', 'call#0', 'call#0', 'call#0', 'call#1', 'call#2']);
  });

  it('names a call without a name by its input, else unknown', () => {
    const writer = newWriter();
    writer.inputStart(AT, { toolCallId: 'a', toolName: 'weather' });
    writer.call(AT, { toolCallId: 'a', toolName: '', args: {} });
    writer.call(AT, { toolCallId: 'b', args: {} });
    expect(writer.take().filter(({ type }) => type === 'tool-call')).toMatchObject([
      { tool_name: 'weather' },
      { tool_name: 'unknown' },
    ]);
  });

  it('knows whether calls of the open step wait for results', () => {
    const writer = newWriter();
    const seen: boolean[] = [];
    const look = () => seen.push(writer.isWaitingForResults);
    writer.inputStart(AT, { toolCallId: 'a' });
    look();
    writer.call(AT, { toolCallId: 'a', args: {} });
    writer.call(AT, { toolCallId: 'a', args: {} });
    writer.result(AT, { toolCallId: 'early', result: 1 });
    writer.call(AT, { toolCallId: 'early', args: {} });
    look();
    writer.result(AT, { toolCallId: 'a', result: 1, isPreliminary: true });
    look();
    writer.result(AT, { toolCallId: 'a', result: 1 });
    writer.result(AT, { toolCallId: 'a', result: 2 });
    look();
    writer.call(AT, { toolCallId: 'b', args: {} });
    look();
    writer.end(AT);
    look();
    expect(seen).toEqual([false, true, true, false, true, false]);
    expect([writer.hasCall('b'), newWriter().hasCall('b')]).toEqual([false, false]);
  });

  it('gives an id that no event may have the same substitute in every step', () => {
    const writer = newWriter();
    writer.call(AT, { toolCallId: 'a\0', args: {} });
    writer.end(AT);
    writer.result(AT, { toolCallId: 'a\0', result: 1 });
    const ids = writer.take().flatMap((event) => ('tool_call_id' in event ? [event.tool_call_id] : []));
    expect(ids).toEqual(['a\uFFFD~0', 'a\uFFFD~0']);
  });
});
