import { describe, expect, it } from '@jest/globals';
import { messageFromJson, messageToJson, type Message, type MessageJson } from '@stepfold/fold';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { otlpTracesSchema } from '../../../test/support/otlp-schema.js';
import { decodedEvents, readVectors } from '../../../test/support/vectors.js';
import { given } from '../../fold/src/testing/given.js';
import type { OtlpAttribute, OtlpSpan, OtlpValue } from './otlp.js';
import { createSpansView, type SpansOptions } from './spans.js';

/** Event n of a step happens at microsecond n after this second. */
const nanos = (n: number): string => `17758224000${String(n).padStart(5, '0')}000`;

function spansOf(messages: readonly Message[], options?: SpansOptions): OtlpSpan[] {
  const view = createSpansView(options);
  return messages
    .flatMap((message) => view(message) ?? [])
    .flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
    .flatMap(({ spans }) => spans);
}

function plain(value: OtlpValue): unknown {
  if ('intValue' in value) return Number(value.intValue);
  if ('arrayValue' in value) return value.arrayValue.values.map(plain);
  return Object.values(value)[0];
}

const attributes = (given: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(given.map(({ key, value }) => [key, plain(value)]));

const start = { type: 'step-start' };
const end = { type: 'step-end' };
const call = (id: string, more = {}) => ({
  type: 'tool-call',
  tool_call_id: id,
  tool_name: 'look',
  args: { secret: 'argument' },
  ...more,
});
const result = (id: string, more = {}) => ({
  type: 'tool-result',
  tool_call_id: id,
  result: 'secret answer',
  ...more,
});
const inStep = (step_id: string, event: object) => ({ chat_id: 'c', step_id, ...event });

describe('the spans of a step', () => {
  it('are one of the step, one of each reasoning block and one of each tool execution, with their own times', () => {
    const message = given(
      { ...start, provider: 'google.vertex.chat', model: 'm-1', run_id: 'r', step_index: 2 },
      { type: 'reasoning-start', id: 'a' },
      { type: 'reasoning-delta', id: 'a', text: 'secret thought' },
      { type: 'reasoning-end', id: 'a' },
      call('k'),
      { type: 'tool-execution-start', tool_call_id: 'k' },
      {
        type: 'finish',
        finish_reason: 'tool-calls',
        response_id: 'resp',
        usage: { input_tokens: 5, output_tokens: 3, reasoning_tokens: 2, cache_creation_tokens: 1 },
      },
      result('k'),
    ).when(end);
    const spans = spansOf([message]);
    const [step, reasoning, tool] = spans as [OtlpSpan, OtlpSpan, OtlpSpan];
    expect(spans.map((span) => [span.name, span.kind, span.startTimeUnixNano, span.endTimeUnixNano])).toEqual(
      [
        ['chat m-1', 3, nanos(1), nanos(9)],
        ['reasoning', 1, nanos(2), nanos(4)],
        ['execute_tool look', 1, nanos(6), nanos(8)],
      ],
    );
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined, step.spanId, step.spanId]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(attributes(step.attributes)).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'gcp.vertex_ai',
      'gen_ai.request.model': 'm-1',
      'gen_ai.conversation.id': message.chat_id,
      'gen_ai.response.id': 'resp',
      'gen_ai.response.finish_reasons': ['tool-calls'],
      'gen_ai.response.time_to_first_chunk': 1e-6,
      'gen_ai.usage.input_tokens': 5,
      'gen_ai.usage.output_tokens': 3,
      'gen_ai.usage.reasoning.output_tokens': 2,
      'gen_ai.usage.cache_write.input_tokens': 1,
      'stepfold.step.id': message.step_id,
      'stepfold.step.index': 2,
      'stepfold.step.attempt': 0,
      'stepfold.step.status': 'complete',
      'stepfold.run.id': 'r',
    });
    expect(step.events).toEqual([
      expect.objectContaining({ name: 'stepfold.finish', timeUnixNano: nanos(7) }),
    ]);
    expect(reasoning.events).toEqual([
      { name: 'stepfold.reasoning.last_delta', timeUnixNano: nanos(3), attributes: [] },
    ]);
    expect(attributes(tool.attributes)).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'look',
      'gen_ai.tool.call.id': 'k',
      'gen_ai.tool.type': 'function',
      'gen_ai.conversation.id': message.chat_id,
      'stepfold.step.id': message.step_id,
    });
    expect(spans.map(({ status }) => status)).toEqual([undefined, undefined, undefined]);
  });

  it('hold nothing that anybody wrote, unless asked for', () => {
    const message = given(
      start,
      { type: 'text-delta', id: 't', text: 'secret text' },
      { type: 'reasoning-delta', id: 'r', text: 'secret thought' },
      call('k'),
      result('k'),
      { type: 'error', message: 'secret refusal', code: 'E1', fatal: false },
    ).when({ type: 'error', message: 'secret end', code: 'E2', fatal: true });
    expect(JSON.stringify(spansOf([message]))).not.toContain('secret');
    const shown = JSON.stringify(spansOf([message], { content: true }));
    for (const word of ['text', 'thought', 'argument', 'answer', 'refusal', 'end']) {
      expect(shown).toContain(`secret ${word}`.replace('secret argument', 'argument'));
    }
  });

  it('say what went wrong in codes: of errors, interrupts and tools', () => {
    const failed = given(start, call('k')).when({ type: 'error', message: 'm', code: 'E2', fatal: true });
    const timedOut = given(start, call('k')).when({ type: 'interrupt', reason: 'timeout' });
    const stopped = given(start, call('k')).when({ type: 'interrupt', reason: 'user' });
    const toolError = given(start, call('k'), result('k', { is_error: true })).when(end);
    const told = (message: Message) =>
      spansOf([message]).map((span) => [attributes(span.attributes)['error.type'], span.status?.code]);
    expect(told(failed)).toEqual([
      ['E2', 2],
      ['E2', 2],
    ]);
    expect(told(timedOut)).toEqual([
      ['timeout', 2],
      ['timeout', 2],
    ]);
    expect(told(stopped)).toEqual([
      [undefined, undefined],
      ['user', 2],
    ]);
    expect(told(toolError)).toEqual([
      [undefined, undefined],
      ['tool_error', 2],
    ]);
    expect(spansOf([stopped])[0]!.events).toEqual([
      expect.objectContaining({ name: 'stepfold.interrupt', timeUnixNano: nanos(3) }),
    ]);
  });

  it('have who was asked about a call, and when they answered, as events', () => {
    const approval = (state: string) => ({
      type: 'tool-approval',
      tool_call_id: 'k',
      approval_id: 'p',
      state,
    });
    const message = given(start, call('k'), approval('requested'), approval('denied')).when(end);
    const [step] = spansOf([message]);
    expect(
      step!.events!.map(({ name, timeUnixNano, attributes: of }) => [
        name,
        timeUnixNano,
        attributes(of)['stepfold.tool_approval.state'],
      ]),
    ).toEqual([
      ['stepfold.tool_approval', nanos(3), 'requested'],
      ['stepfold.tool_approval', nanos(4), 'denied'],
    ]);
  });

  it('are not there yet while it is open', () => {
    const message = given(start, call('k')).when(result('k'));
    expect(message.status).toBe('open');
    expect(createSpansView()(message)).toBeUndefined();
  });

  it('are none for a call that was never made, a preliminary result, and an end before its start', () => {
    const never = given(start, { type: 'tool-input-delta', tool_call_id: 'k', text: '{' }).when({
      type: 'interrupt',
      reason: 'user',
    });
    expect(spansOf([never]).map(({ name }) => name)).toEqual(['chat']);
    const preliminary = given(start, call('k'), result('k', { preliminary: true })).when(end);
    expect(spansOf([preliminary]).map(({ name }) => name)).toEqual(['chat']);
    const backwards = given(start, call('k', { at: 1_800_000_000_000_000 }), result('k')).when(end);
    expect(spansOf([backwards]).map(({ name }) => name)).toEqual(['chat']);
  });

  it('are one without length of a message that nobody streamed', () => {
    const message = given().when({ type: 'message', role: 'user', parts: [{ type: 'text', text: 'hi' }] });
    const [span] = spansOf([message]);
    expect(span).toMatchObject({ name: 'message user', kind: 1, startTimeUnixNano: nanos(1) });
    expect(span!.endTimeUnixNano).toBe(span!.startTimeUnixNano);
    expect(attributes(span!.attributes)).not.toHaveProperty('gen_ai.operation.name');
  });
});

describe('the spans of a chat', () => {
  it('hang a tool execution under the step that made the call, where the result came in a later one', () => {
    const asked = given(inStep('s1', { ...start, run_id: 'r' }), inStep('s1', call('k'))).when(
      inStep('s1', end),
    );
    const answered = given(inStep('s2', { ...start, run_id: 'r2' }), inStep('s2', result('k'))).when(
      inStep('s2', end),
    );
    const [first, , tool] = spansOf([asked, answered]);
    expect(tool).toMatchObject({
      name: 'execute_tool look',
      traceId: first!.traceId,
      parentSpanId: first!.spanId,
      startTimeUnixNano: nanos(2),
    });
    // Alone the answer does not say when it was asked for.
    expect(spansOf([answered]).map(({ name }) => name)).toEqual(['chat']);
    const timed = {
      ...answered,
      parts: [{ ...answered.parts[0]!, execution_started_at: 1_775_822_400_000_001 }],
    };
    expect(spansOf([timed as Message]).map(({ name }) => name)).toEqual(['chat', 'execute_tool']);
  });

  it('know the WAITING_CALLS_MAX calls that were made last and have no result', () => {
    const waitingCallsMax = 100_000;
    const template = given(inStep('s', start), inStep('s', call('k'))).when(inStep('s', end));
    const [part] = template.parts;
    const makeCalls = (from: number, count: number): Message => ({
      ...template,
      parts: Array.from(
        { length: count },
        (_, index) => ({ ...part!, tool_call_id: `k${from + index}` }) as never,
      ),
    });
    const answer = (id: string): Message =>
      given(inStep('t', start), inStep('t', result(id))).when(inStep('t', end));
    // Without its call a result does not say when its tool began, and has no span.
    const toolSpansAfter = (calls: number): string[] =>
      spansOf([makeCalls(0, calls), answer('k0'), answer('k1')])
        .map(({ name }) => name)
        .filter((name) => name === 'execute_tool look');
    expect(toolSpansAfter(waitingCallsMax)).toHaveLength(2);
    expect(toolSpansAfter(waitingCallsMax + 1)).toHaveLength(1);
  });

  it('hang a call that the code of another made under that one', () => {
    const message = given(
      start,
      call('code', { provider_executed: true }),
      call('k', { parent_tool_call_id: 'code' }),
      result('k'),
      result('code', { provider_executed: true }),
    ).when(end);
    const [step, inner, outer] = spansOf([message]);
    expect(inner!.parentSpanId).toBe(outer!.spanId);
    expect(outer!.parentSpanId).toBe(step!.spanId);
    expect(attributes(outer!.attributes)['gen_ai.tool.type']).toBe('extension');
  });

  it('are the steps of one run in one trace, and of another in another', () => {
    const of = (step: string, run?: string) =>
      given(inStep(step, { ...start, ...(run === undefined ? {} : { run_id: run }) })).when(
        inStep(step, end),
      );
    const traces = spansOf([of('a', 'r1'), of('b', 'r1'), of('c', 'r2'), of('d'), of('e')]).map(
      ({ traceId }) => traceId,
    );
    expect(traces[0]).toBe(traces[1]);
    expect(new Set(traces).size).toBe(4);
  });

  it('have the same ids again, and others for another attempt', () => {
    const message = given(start).when(end);
    expect(spansOf([message])).toEqual(spansOf([message]));
    expect(spansOf([{ ...message, attempt: 1 }])[0]!.spanId).not.toBe(spansOf([message])[0]!.spanId);
  });
});

describe('what a collector takes', () => {
  const isTaken = (messages: readonly Message[]): void => {
    for (const options of [{}, { content: true }]) {
      const view = createSpansView(options);
      for (const message of messages) {
        const traces: unknown = JSON.parse(JSON.stringify(view(message) ?? { resourceSpans: [] }));
        expect(otlpTracesSchema.safeParse(traces).error).toBeUndefined();
      }
    }
    const ids = spansOf(messages).map(({ spanId }) => spanId);
    expect(new Set(ids).size).toBe(ids.length);
  };

  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: live and read back',
    (_name, vector) => {
      const { messages } = foldAll(decodedEvents(vector));
      isTaken(messages);
      const readBack = messages.map((message) =>
        messageFromJson(JSON.parse(JSON.stringify(messageToJson(message))) as MessageJson),
      );
      expect(spansOf(readBack)).toEqual(spansOf(messages));
    },
  );

  it('is every message that any events give', () => {
    fc.assert(
      fc.property(arbitraryEvents({ eventsMax: 120 }), (events) => {
        const { messages } = foldAll(events);
        isTaken(messages);
        const ended = messages.filter(
          ({ status, started_at, ended_at }) => status !== 'open' && ended_at! >= started_at,
        );
        const steps = spansOf(messages).filter(({ parentSpanId }) => parentSpanId === undefined);
        expect(steps).toHaveLength(ended.length);
      }),
    );
  });

  it('is a document of an older version, as far as it has times', () => {
    const old = {
      chat_id: 'c',
      step_id: 's',
      role: 'assistant',
      status: 'complete',
      parts: [
        { type: 'reasoning', text: 'thought' },
        { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: null },
        { type: 'tool-result', tool_call_id: 'k', result: null },
      ],
    } as unknown as MessageJson;
    expect(createSpansView()(messageFromJson(old))).toBeUndefined();
  });
});
