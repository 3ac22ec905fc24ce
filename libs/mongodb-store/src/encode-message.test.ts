import { describe, expect, it } from '@jest/globals';
import { BSON } from 'mongodb';
import type { JsonValue } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { decodeMessage } from './decode-message.js';
import { COMPACT_BYTES_MIN, encodeMessage, NotEncodableError } from './encode-message.js';

const T = 1_775_822_400_123_456;

const message: Message = {
  chat_id: 'chat',
  step_id: 'step',
  attempt: 1,
  role: 'assistant',
  status: 'complete',
  rev: 2 ** 33 - 1,
  events: 7,
  parts: [
    {
      type: 'reasoning',
      id: 'r',
      text: 'hm',
      created_at: T,
      completed_at: T + 5,
      first_event: 2,
      last_event: 3,
    },
    {
      type: 'tool-call',
      tool_call_id: 'c',
      tool_name: 'f',
      args: { a: [1] },
      created_at: T + 6,
      first_event: 4,
      last_event: 4,
    },
    {
      type: 'tool-result',
      tool_call_id: 'c',
      tool_name: 'f',
      result: null,
      created_at: T + 9,
      first_event: 5,
      last_event: 5,
    },
  ],
  interrupt: { reason: 'user', at: T + 10, detected_at: T + 11 },
  errors: [{ message: 'busy', at: T + 2 }],
  started_at: T - 1,
  last_event_at: T + 10,
  log: { generation: 3, topic: 'stepfold.events', partition: 2, first_offset: 40, last_offset: 2 ** 40 },
  fold_version: 1,
};

const date = new Date('2026-04-10T12:00:00.123Z');

function withData(data: unknown): Message {
  const part = {
    type: 'data',
    name: 'd',
    data: data as JsonValue,
    created_at: T,
    first_event: 1,
    last_event: 1,
  };
  return { ...message, parts: [part as Message['parts'][number]] };
}

function dataPartOf(data: unknown): Record<string, unknown> {
  return (encodeMessage(withData(data)).document['parts'] as Record<string, unknown>[])[0]!;
}

describe('encodeMessage', () => {
  it('makes the document of contract/message.md', () => {
    expect(encodeMessage(message).document).toEqual({
      _id: 'chat:step',
      order: 3n * 2n ** 48n + 40n,
      chat_id: 'chat',
      step_id: 'step',
      attempt: 1,
      role: 'assistant',
      status: 'complete',
      rev: 2n ** 33n - 1n,
      events: 7,
      parts: [
        {
          type: 'reasoning',
          id: 'r',
          text: 'hm',
          created_at: date,
          created_us: BigInt(T),
          completed_at: date,
          completed_us: BigInt(T + 5),
          first_event: 2,
          last_event: 3,
          duration_us: 5n,
        },
        {
          type: 'tool-call',
          tool_call_id: 'c',
          tool_name: 'f',
          args: { a: [1] },
          created_at: date,
          created_us: BigInt(T + 6),
          first_event: 4,
          last_event: 4,
        },
        {
          type: 'tool-result',
          tool_call_id: 'c',
          tool_name: 'f',
          result: null,
          created_at: date,
          created_us: BigInt(T + 9),
          first_event: 5,
          last_event: 5,
          duration_us: 3n,
        },
      ],
      interrupt: {
        reason: 'user',
        at: date,
        at_us: BigInt(T + 10),
        detected_at: date,
        detected_us: BigInt(T + 11),
      },
      errors: [{ message: 'busy', at: date, at_us: BigInt(T + 2) }],
      started_at: date,
      started_us: BigInt(T - 1),
      last_event_at: date,
      last_event_us: BigInt(T + 10),
      log: {
        generation: 3,
        topic: 'stepfold.events',
        partition: 2,
        first_offset: 40n,
        last_offset: 2n ** 40n,
      },
      fold_version: 1,
    });
  });

  it.each([
    [{ '': 1 }],
    [{ a: [{ $gt: 1 }] }],
    [{ 'a.b': 1 }],
    [{ 'a\0': 1 }],
    [{ _bsontype: 'ObjectId' }],
    [{ constructor: [{}] }],
    [[{ a: { toString: [1] } }]],
    [JSON.parse('{"__proto__": 1}')],
    [[Number('1e999')]],
    [[-0]],
    [-0],
  ])('stores %j as JSON text, and nothing beside it', (value) => {
    const part = dataPartOf(value);
    expect(part['data_json']).toBe(JSON.stringify(value));
    expect(part).not.toHaveProperty('data');
  });

  it.each([
    [{ a: { b: [null, '$x', 'a.b', 1.5] } }],
    [{ constructor: { toString: 'x' } }],
    ['$set'],
    [null],
    [[]],
    [{}],
    [2 ** 60],
    [{ _id: 1, type: 2 }],
  ])('stores %j as it is, for queries', (value) => {
    expect(dataPartOf(value)['data']).toEqual(value);
    expect(dataPartOf(value)).not.toHaveProperty('data_json');
  });

  it('stores values that JSON makes smaller as JSON once the document is too large, and only these', () => {
    const numbers = Array.from({ length: 15_000 }, (_, i) => i % 10);
    const [place, words] = [{ created_at: T, first_event: 1, last_event: 1 }, 'x'.repeat(1_000)];
    const large: Message = {
      ...message,
      parts: [
        { type: 'data', name: 'numbers', data: numbers, ...place },
        { type: 'data', name: 'words', data: words, ...place },
      ],
    };
    expect(COMPACT_BYTES_MIN).toBe(15 * 1024 * 1024);
    const bytesAsTheyAre = encodeMessage(large).bytes;
    expect(bytesAsTheyAre).toBeGreaterThan(150_000);
    expect(encodeMessage(large, bytesAsTheyAre).bytes).toBe(bytesAsTheyAre);
    const { document, bytes } = encodeMessage(large, bytesAsTheyAre - 1);
    expect(bytes).toBeLessThan(40_000);
    const [first, second] = document['parts'] as Record<string, unknown>[];
    expect(first).not.toHaveProperty('data');
    expect(first!['data_json']).toBe(JSON.stringify(numbers));
    expect(second!['data']).toBe(words);
    const read = decodeMessage(BSON.deserialize(BSON.serialize(document)));
    expect(JSON.stringify(read) === JSON.stringify(large)).toBe(true);
  });

  it('keeps fields of a newer version, stamps among them, and the JSON that they hold', () => {
    const newer = {
      ...message,
      paused_at: T + 1,
      seasons: { 'a.b': [1, { at: 5 }] },
      tags: ['x'],
      parts: [
        { type: 'audio', seconds: 1.5, heard_at: T + 3, wave: { at: 1 }, first_event: 1, last_event: 1 },
      ],
    } as unknown as Message;
    const { document } = encodeMessage(newer);
    expect(document['paused_us']).toBe(BigInt(T + 1));
    expect(document['seasons_json']).toBe('{"a.b":[1,{"at":5}]}');
    expect((document['parts'] as Record<string, unknown>[])[0]!['wave']).toEqual({ at: 1 });
    const read = decodeMessage(BSON.deserialize(BSON.serialize(document)));
    expect(JSON.stringify(read)).toBe(JSON.stringify(newer));
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  it.each([
    ['a circle', withData(circular)],
    ['a bigint', withData([1n])],
    ['a function', withData(() => 1)],
    ['a field that begins with a dollar sign', { ...message, $set: 'x' }],
    ['a field with a dot', { ...message, 'a.b': 'x' }],
    ['a field called _bsontype', { ...message, _bsontype: 'Long' }],
    ['a symbol for a field', { ...message, model: Symbol('x') }],
  ])('refuses %s', (_what, hopeless) => {
    expect(() => encodeMessage(hopeless as unknown as Message)).toThrow(NotEncodableError);
  });
});
