import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { decodeMessage, encodeVersion, STORED_BYTES_MAX } from './stored-version.js';

const message: Message = {
  chat_id: 'chat',
  step_id: 'step',
  attempt: 0,
  role: 'assistant',
  status: 'open',
  rev: 1,
  events: 1,
  parts: [],
  started_at: 1_770_000_000_000_000,
  last_event_at: 1_770_000_000_000_000,
  log: { generation: 0, topic: 'stepfold.events', partition: 0, first_offset: 0, last_offset: 0 },
  fold_version: 1,
};

function refusalOf(version: unknown): string {
  const encoded = encodeVersion(version as Message);
  return 'refusal' in encoded ? encoded.refusal : 'not refused';
}

function withData(data: unknown): Message {
  const part = {
    type: 'data',
    name: 'd',
    data: data as JsonValue,
    created_at: 1,
    first_event: 1,
    last_event: 1,
  };
  return { ...message, parts: [part as Message['parts'][number]] };
}

describe('encodeVersion', () => {
  it.each([
    [{ chat_id: 'a:b' }, 'chat_id'],
    [{ chat_id: 'a\0b' }, 'chat_id'],
    [{ chat_id: '' }, 'chat_id'],
    [{ chat_id: undefined }, 'chat_id'],
    [{ step_id: 'x'.repeat(201) }, 'step_id'],
    [{ step_id: { $gt: '' } }, 'step_id'],
    [{ rev: Number.NaN }, 'rev'],
    [{ rev: -1 }, 'rev'],
    [{ rev: '5' }, 'rev'],
    [{ rev: 2 ** 53 }, 'rev'],
    [{ fold_version: 1.5 }, 'fold_version'],
    [{ started_at: undefined }, 'started_at'],
    [{ last_event_at: '2026-04-10T12:00:00.000000Z' }, 'last_event_at'],
    [{ status: undefined }, 'status'],
    [{ log: { ...message.log, generation: 32_768 } }, 'log.generation'],
    [{ log: { ...message.log, first_offset: 2 ** 48 } }, 'log.first_offset'],
    [{ log: { ...message.log, first_offset: 0.5 } }, 'log.first_offset'],
  ])('refuses %j with a sentence that names the field', (fields, name) => {
    expect(refusalOf({ ...message, ...fields })).toContain(`The field ${name} of the message is not`);
  });

  it('refuses what JSON cannot express, without its content', () => {
    const circular: unknown[] = ['secret'];
    circular.push(circular);
    let deep: unknown = 'secret';
    for (let i = 0; i < 100_000; i++) deep = [deep];
    for (const data of [circular, 5n, deep]) {
      expect(refusalOf(withData(data))).toMatch(/^The message cannot be written as JSON \(\w+Error\)\.$/);
    }
  });

  it('takes a message of exactly the largest size, and refuses one of a byte more', () => {
    const empty = encodeVersion(withData(''));
    if ('refusal' in empty) throw new Error(empty.refusal);
    const room = STORED_BYTES_MAX - empty.bytes.length;
    expect(refusalOf(withData('x'.repeat(room)))).toBe('not refused');
    expect(refusalOf(withData('x'.repeat(room + 1)))).toBe(
      `The message has ${STORED_BYTES_MAX + 1} bytes, and at most ${STORED_BYTES_MAX} can be stored.`,
    );
    expect(refusalOf(withData('é'.repeat(room / 2 + 1)))).toContain('bytes, and at most');
  });

  it('keeps lone surrogates and a `__proto__` key, which the fold itself never leaves alone', () => {
    const data = JSON.parse('{"__proto__": {"a": 1}, "\\ud800": "\\udfff"}') as JsonValue;
    const encoded = encodeVersion(withData(data));
    if ('refusal' in encoded) throw new Error(encoded.refusal);
    const decoded = decodeMessage(encoded.bytes);
    expect(JSON.stringify(decoded)).toBe(JSON.stringify(withData(data)));
  });
});
