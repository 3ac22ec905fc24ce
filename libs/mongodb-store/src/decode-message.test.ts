import { describe, expect, it } from '@jest/globals';
import { BSON, Decimal128, Long, ObjectId } from 'mongodb';
import { decodeMessage } from './decode-message.js';

const date = new Date('2026-04-10T12:00:00.123Z');
const micros = 1_775_822_400_123_456;

function read(document: object): unknown {
  return decodeMessage(BSON.deserialize(BSON.serialize(document)));
}

describe('decodeMessage', () => {
  it('takes the fields that an older document has, and invents none', () => {
    const parts = [
      { type: 'text', text: 'hi' },
      { type: 'tool-call', tool_call_id: 'c' },
    ];
    const older = { _id: 'c:s', chat_id: 'c', step_id: 's', rev: 4, parts };
    expect(read(older)).toEqual({ chat_id: 'c', step_id: 's', rev: 4, parts });
  });

  it('takes microseconds where they are, whichever of the two comes first', () => {
    const us = Long.fromNumber(micros);
    expect(read({ started_at: date, started_us: us })).toEqual({ started_at: micros });
    expect(read({ started_us: us, started_at: date })).toEqual({ started_at: micros });
    expect(read({ started_us: us })).toEqual({ started_at: micros });
  });

  it('takes the milliseconds of a stamp that has nothing else', () => {
    const known = 1_775_822_400_123_000;
    expect(read({ started_at: date, parts: [{ created_at: date }], interrupt: { at: date } })).toEqual({
      started_at: known,
      parts: [{ created_at: known }],
      interrupt: { at: known },
    });
  });

  it('keeps fields that somebody has added if they are JSON, and leaves out the rest', () => {
    const added = {
      labels: ['good'],
      reviewed: date,
      ticket: new ObjectId(),
      price: Decimal128.fromString('1.5'),
      parts: [{ type: 'text', stars: 5, by: new ObjectId() }],
    };
    expect(read(added)).toEqual({ labels: ['good'], parts: [{ type: 'text', stars: 5 }] });
  });

  it('does not let a document change what objects are made of', () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"polluted": true}, "chat_id": "c"}');
    const message = read(hostile as object) as Record<string, unknown>;
    expect(message).toEqual({ chat_id: 'c' });
    expect(message['polluted']).toBeUndefined();
  });

  it('is not troubled by an order or a number that a double cannot hold', () => {
    expect(read({ order: Long.MAX_VALUE, rev: Long.fromNumber(5), parts: [] })).toEqual({
      rev: 5,
      parts: [],
    });
  });

  it('names message and field where JSON text is none, and does not quote it', () => {
    const broken = { _id: 'c:s', metadata_json: '{"secret' };
    expect(() => read(broken)).toThrow(
      expect.objectContaining({
        name: 'CorruptStateError',
        code: 'data-unreadable',
        message: 'The field metadata_json of the message c:s holds no JSON.',
      }),
    );
  });
});
