import { describe, expect, it } from '@jest/globals';
import { deadLetterRecord, type DeadLetterCause } from './dead-letter-record.js';
import type { LogRecord } from './event-log.js';

const MIB = 1024 * 1024;

const cause: DeadLetterCause = {
  reason: 'bad-json',
  detail: 'it does not end',
  stage: 'projector',
  topic: 'stepfold.events',
  partition: 3,
  at: 1_700_000_000_000_000,
  version: '1.2.3',
  sha256: (value) => `hash of ${value.byteLength} bytes`,
};

function recordOf(value: Uint8Array | null): LogRecord {
  return { offset: 41, key: Buffer.from('chat'), value, headers: { own: 'header' }, appendedAtMs: 7 };
}

describe('a dead letter', () => {
  it('has the key and value as they were, and the cause in its headers', () => {
    const value = Buffer.from([0xff, 0x00, 0x7b]);
    const letter = deadLetterRecord(recordOf(value), cause);
    expect(letter.key).toEqual(Buffer.from('chat'));
    expect(letter.value).toBe(value);
    expect(letter.headers).toEqual({
      'stepfold-reason': 'bad-json',
      'stepfold-detail': 'it does not end',
      'stepfold-topic': 'stepfold.events',
      'stepfold-partition': '3',
      'stepfold-offset': '41',
      'stepfold-stage': 'projector',
      'stepfold-version': '1.2.3',
      'stepfold-at': '1700000000000000',
    });
  });

  it('tells the chat and step where they are known', () => {
    const letter = deadLetterRecord(recordOf(null), { ...cause, ids: { chat_id: 'c', step_id: 's' } });
    expect(letter).toMatchObject({
      value: null,
      headers: { 'stepfold-chat-id': 'c', 'stepfold-step-id': 's' },
    });
  });

  it('keeps a value of 1 MiB, and of a larger one the first 64 KiB with size and hash of the whole', () => {
    const whole = deadLetterRecord(recordOf(new Uint8Array(MIB)), cause);
    expect(whole.value).toHaveLength(MIB);
    expect(whole.headers).not.toHaveProperty('stepfold-bytes');
    const cut = deadLetterRecord(recordOf(new Uint8Array(MIB + 1)), cause);
    expect(cut.value).toHaveLength(64 * 1024);
    expect(cut.headers).toMatchObject({
      'stepfold-bytes': String(MIB + 1),
      'stepfold-sha256': `hash of ${MIB + 1} bytes`,
    });
  });
});
