import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { convertParts, messagesOfParts, partsOfType, START } from '../../../test/support/convert-parts.js';
import { aiSdk } from './ai-sdk.js';
import { anthropic } from './anthropic.js';
import type { Format } from './format.js';
import { google } from './google.js';
import { languageModel } from './language-model.js';
import { openaiChat } from './openai-chat.js';
import { openaiResponses } from './openai-responses.js';
import { REMEMBERED_MAX, WAITING_MAX } from './remember.js';
import { uiMessage } from './ui-message.js';

/** A stream of each format that calls a tool; `index` is its place where the format has places. */
type CallStream = (call: {
  id: string;
  name: string;
  argsText: string;
  index?: unknown;
}) => readonly unknown[];
const callStreams: readonly (readonly [string, Format, CallStream])[] = [
  [
    'ai-sdk',
    aiSdk,
    ({ id, name, argsText }) => [
      { type: 'start-step' },
      { type: 'tool-input-start', id, toolName: name },
      { type: 'tool-input-delta', id, delta: argsText },
      { type: 'tool-call', toolCallId: id, toolName: name, input: JSON.parse(argsText) as unknown },
      { type: 'finish-step', finishReason: 'tool-calls' },
    ],
  ],
  [
    'language-model',
    languageModel,
    ({ id, name, argsText }) => [
      { type: 'stream-start' },
      { type: 'tool-call', toolCallId: id, toolName: name, input: argsText },
      { type: 'finish', finishReason: 'tool-calls' },
    ],
  ],
  [
    'anthropic',
    anthropic,
    ({ id, name, argsText, index = 0 }) => [
      { type: 'message_start', message: { id: 'm' } },
      { type: 'content_block_start', index, content_block: { type: 'tool_use', id, name, input: {} } },
      { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: argsText } },
      { type: 'content_block_stop', index },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
      { type: 'message_stop' },
    ],
  ],
  [
    'openai-responses',
    openaiResponses,
    ({ id, name, argsText, index = 0 }) => [
      { type: 'response.created', response: { id: 'r' } },
      {
        type: 'response.output_item.added',
        output_index: index,
        item: { type: 'function_call', id: 'f', call_id: id, name, arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', output_index: index, item_id: 'f', delta: argsText },
      {
        type: 'response.output_item.done',
        output_index: index,
        item: { type: 'function_call', id: 'f', call_id: id, name, arguments: argsText },
      },
      { type: 'response.completed', response: { id: 'r' } },
    ],
  ],
  [
    'openai-chat',
    openaiChat,
    ({ id, name, argsText, index = 0 }) => [
      { choices: [{ delta: { tool_calls: [{ index, id, function: { name, arguments: '' } }] } }] },
      { choices: [{ delta: { tool_calls: [{ index, function: { arguments: argsText } }] } }] },
      { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
    ],
  ],
  [
    'google',
    google,
    ({ id, name, argsText }) => [
      {
        candidates: [
          {
            content: { parts: [{ functionCall: { id, name, args: JSON.parse(argsText) as unknown } }] },
            finishReason: 'STOP',
          },
        ],
      },
    ],
  ],
];

/** Ten thousands of parts: where a part costs what all before it cost, this takes minutes. */
const MANY = 50_000;
const LONG_MS = 60_000;

describe.each(callStreams)('%s', (_name, format, streamOf) => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'takes %s for an id, a name and a key like any other',
    (key) => {
      const argsText = `{"${key}":{"polluted":true},"a":[{"${key}":1}]}`;
      const [message, ...more] = messagesOfParts(format, streamOf({ id: key, name: key, argsText }));
      expect(more).toEqual([]);
      expect(message).toMatchObject({ status: 'complete', pending_tool_call_ids: [key] });
      const [call] = partsOfType(message, 'tool-call');
      expect(call).toMatchObject({ tool_call_id: key, tool_name: key });
      expect(JSON.stringify(call?.args)).toBe(argsText);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('makes the same call at whatever place it stands', () => {
    const call = { id: 'c', name: 'n', argsText: '{"a":1}' };
    const usual = messagesOfParts(format, streamOf(call));
    const odd = [1e9, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, '7', '__proto__', null, {}, []];
    for (const index of odd) expect(messagesOfParts(format, streamOf({ ...call, index }))).toEqual(usual);
  });

  it('makes a call of which every word is a megabyte', () => {
    const long = 'x'.repeat(2 ** 20);
    const [message] = messagesOfParts(
      format,
      streamOf({ id: long, name: long, argsText: `{"a":"${long}"}` }),
    );
    const [call, ...more] = partsOfType(message, 'tool-call');
    expect(more).toEqual([]);
    expect(call?.args).toEqual({ a: long });
    expect(message?.pending_tool_call_ids).toEqual([call?.tool_call_id]);
  });

  it('ends a step once, however often its end is repeated and whatever follows it', () => {
    const parts = streamOf({ id: 'c', name: 'n', argsText: '{"a":1}' });
    const last = parts.at(-1);
    const { events } = convertParts(format, [...parts, last, last]);
    const ends = events.filter(({ type }) => ['step-end', 'interrupt', 'error'].includes(type));
    expect(ends.map(({ step_id }) => step_id)).toEqual([...new Set(ends.map(({ step_id }) => step_id))]);
  });

  it('takes null, numbers and lists for objects, at every place of every part', () => {
    const parts = streamOf({ id: 'c', name: 'n', argsText: '{"a":1}' });
    for (const [position, part] of parts.entries()) {
      for (const damaged of damagedAnywhere(part)) {
        const messages = messagesOfParts(format, parts.with(position, damaged));
        for (const { status } of messages) expect(['complete', 'interrupted', 'failed']).toContain(status);
      }
    }
  });
});

/** Copies of a value in each of which one thing somewhere in it is of another kind. */
function* damagedAnywhere(value: unknown): Generator {
  yield* [null, 7, 'x', true, [], {}, [null]];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    for (const damaged of damagedAnywhere(item)) {
      yield Array.isArray(value) ? value.with(Number(key), damaged) : { ...value, [key]: damaged };
    }
  }
}

/** Events that a converter gives for parts that are made one by one, counted and not kept. */
function count(format: Format, length: number, partAt: (index: number) => unknown): Map<string, number> {
  const converter = format.createConverter({ chatId: 'chat', runId: 'run' });
  const counts = new Map<string, number>();
  const add = (events: readonly Event[]) => {
    for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  };
  for (let index = 0; index < length; index++) add(converter.convert(partAt(index), START + index));
  add(converter.end(START + length));
  return counts;
}

describe('a long stream', () => {
  it(
    'of chat chunks that each have another id and a role is one text',
    () => {
      const counts = count(openaiChat, 200_000, (index) => ({
        id: `chunk-${index}`,
        choices: [{ index: 0, delta: { role: 'assistant', content: 'a' } }],
      }));
      expect(Object.fromEntries(counts)).toEqual({
        'step-start': 1,
        'text-start': 1,
        'text-delta': 200_000,
        interrupt: 1,
      });
    },
    LONG_MS,
  );

  it(
    'of input deltas that each have metadata of their own keeps all of it, at the cost of each alone',
    () => {
      const parts = Array.from({ length: MANY }, (_, index) => ({
        type: 'tool-input-delta',
        id: 'c',
        delta: '',
        providerMetadata: { p: { [`key-${index}`]: index } },
      }));
      const converter = languageModel.createConverter({ chatId: 'chat', runId: 'run' });
      for (const [index, part] of parts.entries()) converter.convert(part, START + index);
      const [end] = converter.convert({ type: 'tool-input-end', id: 'c' }, START);
      expect(Object.keys((end as { metadata?: { p: object } }).metadata?.p ?? {})).toHaveLength(MANY);
    },
    LONG_MS,
  );

  it(
    'of whole arguments for one streamed call keeps all of them, at the cost of each alone',
    () => {
      const converter = google.createConverter({ chatId: 'chat', runId: 'run' });
      const convert = (functionCall: object) =>
        converter.convert({ candidates: [{ content: { parts: [{ functionCall }] } }] }, START);
      convert({ name: 'n', willContinue: true });
      for (let index = 0; index < MANY; index++)
        convert({ args: { [`key-${index}`]: 1 }, willContinue: true });
      const call = convert({}).find(({ type }) => type === 'tool-call');
      expect(Object.keys((call as { args?: object }).args ?? {})).toHaveLength(MANY);
    },
    LONG_MS,
  );

  it.each([
    ['ai-sdk', aiSdk, (id: string) => ({ type: 'tool-result', toolCallId: id, output: 1 })],
    ['ui-message', uiMessage, (id: string) => ({ type: 'tool-output-available', toolCallId: id, output: 1 })],
  ] as const)(
    'of results for a step that never comes opens one at WAITING_MAX rather than keep them all: %s',
    (_name, format, resultOf) => {
      const converter = format.createConverter({ chatId: 'chat', runId: 'run' });
      const told = Array.from({ length: WAITING_MAX + 1 }, (_, index) =>
        converter.convert(resultOf(`call-${index}`), START + index),
      );
      expect(told.map(({ length }) => length).filter((length) => length > 0)).toEqual([WAITING_MAX + 1, 1]);
      expect(told[WAITING_MAX - 1]!.filter(({ type }) => type === 'tool-result')).toHaveLength(WAITING_MAX);
    },
  );

  it('of approvals that are asked for knows the calls of REMEMBERED_MAX of them', () => {
    const converter = uiMessage.createConverter({ chatId: 'chat', runId: 'run' });
    for (let index = 0; index <= REMEMBERED_MAX; index++) {
      const ids = { approvalId: `approval-${index}`, toolCallId: `call-${index}` };
      converter.convert({ type: 'tool-approval-request', ...ids }, START + index);
    }
    const [forgotten, known] = [0, 1].flatMap((index) => {
      const answer = { type: 'tool-approval-response', approvalId: `approval-${index}`, approved: true };
      return converter.convert(answer, START + REMEMBERED_MAX + 1);
    });
    expect(forgotten).toMatchObject({ tool_call_id: 'approval-0', state: 'granted' });
    expect(known).toMatchObject({ tool_call_id: 'call-1', state: 'granted' });
  });
});

describe('events that were given', () => {
  /** The texts of the events of a stream as they were given, and as they are when the stream is over. */
  function before(format: Format, parts: readonly unknown[]): { given: string[]; left: string[] } {
    const converter = format.createConverter({ chatId: 'chat', runId: 'run' });
    const events: Event[] = [];
    const given: string[] = [];
    for (const part of parts) {
      const converted = converter.convert(part, START);
      events.push(...converted);
      given.push(...converted.map((event) => JSON.stringify(event)));
    }
    return { given, left: events.map((event) => JSON.stringify(event)) };
  }

  it('do not change when a block of an unknown type goes on, nor does its part', () => {
    const start = { type: 'content_block_start', index: 0, content_block: { type: 'new', deltas: [1] } };
    const { given, left } = before(anthropic, [
      start,
      { type: 'content_block_delta', index: 0, delta: { type: 'new_delta' } },
      { type: 'content_block_stop', index: 0 },
    ]);
    expect(left).toEqual(given);
    expect(start.content_block.deltas).toEqual([1]);
    expect(given.at(-1)).toContain('"deltas":[1,{"type":"new_delta"}]');
  });

  it('do not change when a text that was complete begins again, which does not repeat its annotations', () => {
    const place = { output_index: 0, content_index: 0 };
    const item = {
      type: 'message',
      id: 'm',
      content: [{ type: 'output_text', text: 'a', annotations: [{ type: 'url_citation', url: 'u' }] }],
    };
    const { given, left } = before(openaiResponses, [
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.output_text.delta', ...place, delta: 'b' },
      { type: 'response.output_text.annotation.added', ...place, annotation: { url: 'v' } },
    ]);
    expect(left).toEqual(given);
    expect(item.content[0]?.annotations).toHaveLength(1);
    expect(given.filter((event) => event.includes('"annotations"'))).toHaveLength(1);
  });

  it('name what a web search did by its own name, whatever that is', () => {
    for (const type of ['constructor', '__proto__', 'open_page', 7]) {
      const item = { type: 'web_search_call', id: 'w', status: 'completed', action: { type } };
      const [message] = messagesOfParts(openaiResponses, [
        { type: 'response.output_item.done', output_index: 0, item },
      ]);
      expect(partsOfType(message, 'tool-result')[0]?.result).toEqual({
        action: { type: type === 'open_page' ? 'openPage' : type },
      });
    }
  });
});
