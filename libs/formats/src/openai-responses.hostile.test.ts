import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import * as fc from 'fast-check';
import { foldAll } from '../../../test/support/fold-all.js';
import { openaiResponses } from './openai-responses.js';

/**
 * Whatever is fed in: nothing throws, every event is one that the codec takes, the fold accepts them all, and
 * every step that was opened is complete, interrupted or failed when the stream is over.
 */

const START = 1_767_225_600_000_000;
const codec = createEventCodec();

const types = [
  'error',
  ...[
    'created',
    'queued',
    'in_progress',
    'completed',
    'incomplete',
    'failed',
    'cancelled',
    'done',
    'output_item.added',
    'output_item.done',
    'content_part.added',
    'content_part.done',
    'output_text.delta',
    'output_text.done',
    'output_text.annotation.added',
    'refusal.delta',
    'refusal.done',
    'reasoning_summary_part.added',
    'reasoning_summary_part.done',
    'reasoning_summary_text.delta',
    'reasoning_summary_text.done',
    'reasoning_text.delta',
    'reasoning_text.done',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'custom_tool_call_input.delta',
    'custom_tool_call_input.done',
    'mcp_call_arguments.delta',
    'mcp_call_arguments.done',
    'code_interpreter_call_code.delta',
    'code_interpreter_call_code.done',
    'apply_patch_call_operation_diff.delta',
    'apply_patch_call_operation_diff.done',
    'shell_call_command.added',
    'shell_call_command.delta',
    'shell_call_command.done',
    'shell_call_output_content.delta',
    'shell_call_output_content.done',
    'image_generation_call.partial_image',
    'image_generation_call.generating',
    'web_search_call.searching',
    'mcp_call.failed',
    'audio.delta',
  ].map((name) => `response.${name}`),
];
const itemTypes = [
  'message',
  'reasoning',
  'function_call',
  'custom_tool_call',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'mcp_call',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'tool_search_call',
  'tool_search_output',
  'program',
  'program_output',
  'compaction',
  'unheard_of_call',
  'function_call_output',
  'unheard_of',
];

const deep = fc
  .constantFrom(31, 32, 33, 62, 64, 500)
  .map((levels) => JSON.parse('[{"a":'.repeat(levels) + '1' + '}]'.repeat(levels)) as unknown);
const anything = fc.anything({
  maxDepth: 3,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withTypedArray: true,
  withSparseArray: true,
  withObjectString: true,
  withUnicodeString: true,
});
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', '\0', 'x'.repeat(600), '\uD83D', '__proto__', 'constructor', null),
  },
  { weight: 1, arbitrary: anything },
);
const index = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 2) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1.5, 2 ** 53, Number.NaN, undefined) },
  { weight: 1, arbitrary: anything },
);
const value = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 3, arbitrary: anything },
  { weight: 1, arbitrary: deep },
  {
    weight: 2,
    arbitrary: fc.constantFrom('{"a":1}', '{"a":', '', 'completed', 'failed', 'incomplete', 'client', null),
  },
);
const annotation = fc.oneof(
  value,
  fc.record({ type: value, url: value, title: value, file_id: value, filename: value }, { requiredKeys: [] }),
);
const content = fc.oneof(
  value,
  fc.record(
    {
      type: fc.oneof(
        fc.constantFrom('output_text', 'refusal', 'reasoning_text', 'summary_text', 'output_image'),
        value,
      ),
      text: value,
      refusal: value,
      annotations: fc.oneof(value, fc.array(annotation, { maxLength: 3 })),
    },
    { requiredKeys: ['type'] },
  ),
);
const contents = fc.oneof(value, fc.array(content, { maxLength: 3 }));
const item = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record(
      {
        type: fc.oneof(
          { weight: 30, arbitrary: fc.constantFrom(...itemTypes) },
          { weight: 1, arbitrary: anything },
        ),
        id,
        call_id: id,
        name: id,
        status: value,
        phase: value,
        content: contents,
        summary: contents,
        encrypted_content: value,
        arguments: value,
        input: value,
        code: value,
        container_id: value,
        outputs: value,
        queries: value,
        results: fc.oneof(value, fc.array(value, { maxLength: 2 })),
        action: fc.oneof(value, fc.record({ type: value, sources: fc.array(annotation), commands: value })),
        actions: value,
        pending_safety_checks: value,
        operation: value,
        environment: fc.oneof(value, fc.record({ type: fc.constantFrom('container_auto', 'local') })),
        result: value,
        output: fc.oneof(value, fc.array(value, { maxLength: 2 })),
        output_format: value,
        error: value,
        execution: value,
        tools: value,
        caller: fc.oneof(value, fc.record({ type: value, caller_id: id })),
        approval_request_id: id,
        approve: value,
        anything_else: value,
      },
      { requiredKeys: ['type'] },
    ),
  },
  { weight: 1, arbitrary: anything },
);
const response = fc.oneof(
  value,
  fc.record(
    {
      id,
      model: fc.oneof(value, fc.constant('grok-9')),
      status: fc.oneof(value, fc.constant('cancelled')),
      output: fc.oneof(value, fc.array(item, { maxLength: 4 })),
      error: value,
      incomplete_details: fc.oneof(value, fc.record({ reason: value })),
      usage: fc.oneof(value, fc.record({ input_tokens: value, output_tokens: fc.nat() })),
      reasoning: value,
      service_tier: value,
    },
    { requiredKeys: [] },
  ),
);
const part = fc.record(
  {
    type: fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...types) }, { weight: 1, arbitrary: anything }),
    output_index: index,
    content_index: index,
    summary_index: index,
    command_index: index,
    annotation_index: index,
    item_id: id,
    item,
    part: content,
    response,
    annotation,
    delta: fc.oneof(value, fc.record({ stdout: value, stderr: value }, { requiredKeys: [] })),
    text: value,
    refusal: value,
    arguments: value,
    input: value,
    code: value,
    diff: value,
    partial_image_b64: value,
    error: value,
    message: value,
    copilot_usage: value,
  },
  { requiredKeys: ['type'] },
);
const parts = fc.array(fc.oneof({ weight: 20, arbitrary: part }, { weight: 1, arbitrary: anything }), {
  maxLength: 30,
  size: 'max',
});

/** Two responses as they come: reasoning, two calls side by side, a search, a picture, a cited text. */
const real: readonly object[] = [
  of('created', { response: { id: 'resp_1', model: 'gpt-9' } }),
  of('in_progress', { response: { id: 'resp_1' } }),
  added(0, { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'early' }),
  of('reasoning_summary_part.added', { output_index: 0, summary_index: 0 }),
  of('reasoning_summary_text.delta', { output_index: 0, summary_index: 0, delta: 'Hm' }),
  of('reasoning_summary_part.done', { output_index: 0, summary_index: 0, part: { text: 'Hm' } }),
  done(0, { id: 'rs_1', type: 'reasoning', summary: [{ text: 'Hm' }], encrypted_content: 'late' }),
  added(1, { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '' }),
  of('function_call_arguments.delta', { output_index: 1, delta: '{"a":' }),
  added(2, { id: 'fc_2', call_id: 'call_2', type: 'function_call', name: 'g', arguments: '' }),
  of('function_call_arguments.delta', { output_index: 2, delta: '{}' }),
  of('function_call_arguments.delta', { output_index: 1, delta: '1}' }),
  of('function_call_arguments.done', { output_index: 1, arguments: '{"a":1}' }),
  done(2, { id: 'fc_2', call_id: 'call_2', type: 'function_call', name: 'g', arguments: '{}' }),
  done(1, { id: 'fc_1', call_id: 'call_1', type: 'function_call', name: 'f', arguments: '{"a":1}' }),
  of('completed', { response: { id: 'resp_1', output: [], usage: { input_tokens: 1 } } }),
  of('created', { response: { id: 'resp_2', model: 'gpt-9' } }),
  added(0, { id: 'ws_1', type: 'web_search_call' }),
  of('web_search_call.searching', { output_index: 0 }),
  done(0, {
    id: 'ws_1',
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'q' },
  }),
  added(1, { id: 'ig_1', type: 'image_generation_call' }),
  of('image_generation_call.partial_image', { output_index: 1, item_id: 'ig_1', partial_image_b64: 'AAAA' }),
  done(1, { id: 'ig_1', type: 'image_generation_call', result: 'BBBB' }),
  added(2, { id: 'msg_1', type: 'message', content: [] }),
  of('content_part.added', { output_index: 2, content_index: 0, part: { type: 'output_text', text: '' } }),
  of('output_text.delta', { output_index: 2, content_index: 0, delta: 'Hi' }),
  of('output_text.annotation.added', {
    output_index: 2,
    content_index: 0,
    annotation_index: 0,
    annotation: { url: 'u' },
  }),
  of('content_part.done', { output_index: 2, content_index: 0, part: { type: 'output_text', text: 'Hi' } }),
  done(2, {
    id: 'msg_1',
    type: 'message',
    content: [{ type: 'output_text', text: 'Hi', annotations: [{ url: 'u' }] }],
  }),
  { type: 'error', message: 'odd' },
  of('failed', {
    response: {
      id: 'resp_2',
      error: { message: 'no' },
      output: [{ id: 'msg_1', type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }],
    },
  }),
];

function of(name: string, fields: object): object {
  return { type: `response.${name}`, ...fields };
}

function added(output_index: number, item: object): object {
  return of('output_item.added', { output_index, item });
}

function done(output_index: number, item: object): object {
  return of('output_item.done', { output_index, item });
}

function convertedAndDecoded(stream: readonly unknown[]): Event[] {
  const converter = openaiResponses.createConverter({ chatId: 'chat', runId: 'run' });
  const events = stream.flatMap((given, position) => converter.convert(given, START + position));
  events.push(...converter.end(START + stream.length));
  expect(converter.end(START + stream.length)).toEqual([]);
  return events.map((event) => {
    expect(event.at).toBeLessThanOrEqual(START + stream.length);
    const decoded = codec.decode(codec.encode(event));
    if (!decoded.ok) throw new Error(`${event.type}: ${decoded.detail}`);
    return decoded.event;
  });
}

function expectFolded(events: readonly Event[]): void {
  const { outcomes, messages } = foldAll(events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  expect(messages.map(({ status }) => status)).not.toContain('open');
  expect(messages.map(({ step_id, step_index }) => [step_id, step_index])).toEqual(
    messages.map((_message, position) => [`run.${position}`, position]),
  );
}

describe('a response of hostile events', () => {
  it('gives events that the codec takes and the fold accepts', () => {
    fc.assert(
      fc.property(parts, (stream) => expectFolded(convertedAndDecoded(stream))),
      { numRuns: 150 },
    );
  }, 60_000);

  it('gives them however the events of real responses are dropped, doubled and moved', () => {
    const mutation = fc.array(fc.nat(real.length - 1), { minLength: 1, maxLength: 2 * real.length });
    fc.assert(
      fc.property(mutation, fc.boolean(), (order, isInOrder) => {
        const chosen = isInOrder ? order.toSorted((one, other) => one - other) : order;
        expectFolded(convertedAndDecoded(chosen.map((position) => real[position])));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('gives, cut after any event, parts that the whole has too', () => {
    const named = (stream: readonly unknown[]) =>
      foldAll(convertedAndDecoded(stream)).messages.map((message) =>
        message.parts
          .filter((part) => part.type !== 'tool-result' || part.synthetic !== true)
          .map((part) => `${part.type} ${'tool_call_id' in part ? part.tool_call_id : ''}`),
      );
    const whole = named(real);
    for (let count = 1; count < real.length; count++) {
      for (const [step, names] of named(real.slice(0, count)).entries()) {
        expect(names).toEqual(whole[step]?.slice(0, names.length));
      }
    }
  });

  it('takes time and memory in proportion to its length', () => {
    // A quadratic converter would take minutes for each of these.
    const count = 10_000;
    const each = (make: (n: number) => object) => Array.from({ length: count }, (_value, n) => make(n));
    const streams = [
      each((n) => ({ type: 'response.output_text.delta', output_index: 0, content_index: n, delta: 'x' })),
      each((n) => ({
        type: 'response.reasoning_summary_text.delta',
        output_index: 0,
        summary_index: n,
        delta: 'x',
      })),
      each((n) => ({
        type: 'response.output_item.added',
        output_index: n,
        item: { id: `m${n}`, type: 'message' },
      })),
      each(() => ({ type: 'response.function_call_arguments.delta', output_index: 0, delta: 'x' })),
      each((n) => ({
        type: 'response.shell_call_output_content.delta',
        output_index: 0,
        command_index: n,
        delta: {},
      })),
      each(() => ({ type: 'response.output_item.done', output_index: 0, item: { type: 'reasoning' } })),
    ];
    for (const stream of streams) {
      const whole = {
        type: 'response.completed',
        response: { output: each((n) => ({ id: `m${n}`, type: 'message' })) },
      };
      const converter = openaiResponses.createConverter({ chatId: 'chat', runId: 'run' });
      let events = 0;
      for (const given of [...stream, whole]) events += converter.convert(given, START).length;
      expect(events).toBeLessThan(8 * count);
    }
  }, 60_000);

  it('may be retried without end', () => {
    const retries = Array.from({ length: 2_000 }, () => ({ type: 'response.created' }));
    const events = convertedAndDecoded(retries);
    expect(events.at(-1)).toMatchObject({ step_id: 'run.0', attempt: 1_999, type: 'interrupt' });
  });
});
