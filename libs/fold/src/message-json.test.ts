import { describe, expect, it } from '@jest/globals';
import { messageFromJson, messageToJson, type MessageJson } from './message-json.js';
import type { Message } from './message.js';

const at = 1_775_822_400_000_001;
const text = '2026-04-10T12:00:00.000001Z';

/** A message with a stamp in every place where there can be one, and values that only look like stamps. */
const message: Message = {
  chat_id: 'chat',
  step_id: 'step',
  attempt: 0,
  role: 'assistant',
  status: 'interrupted',
  rev: 2 ** 32 - 1,
  events: 9,
  metadata: { p: { at: 1, created_at: null } },
  parts: [
    {
      type: 'text',
      id: 'at',
      text: '',
      created_at: at,
      last_delta_at: at,
      completed_at: at,
      first_event: 1,
      last_event: 2,
    },
    {
      type: 'tool-call',
      tool_call_id: 'c',
      args: { at: 5, created_at: [6], metadata: { ended_at: 7 } },
      input_started_at: at,
      created_at: at,
      execution_started_at: at,
      approval: { approval_id: 'a', state: 'granted', requested_at: at, responded_at: at },
      first_event: 3,
      last_event: 4,
    },
    {
      type: 'tool-result',
      tool_call_id: 'c',
      result: { at: 8 },
      created_at: at,
      first_event: 5,
      last_event: 5,
    },
    {
      type: 'data',
      name: 'n',
      data: [{ updated_at: 9 }],
      created_at: at,
      updated_at: at,
      first_event: 6,
      last_event: 7,
    },
  ],
  usage: { input_tokens: 1 },
  interrupt: { reason: 'user', at, detected_at: at },
  errors: [{ message: 'e', at }],
  started_at: at,
  first_output_at: at,
  finished_at: at,
  ended_at: at,
  last_event_at: at,
  gaps: [{ producer: 'p', from: 1, to: 2 }],
  log: { generation: 0, topic: 't', partition: 0, first_offset: 1, last_offset: 2 },
  fold_version: 1,
};

/** Every integer that is the stamp of this test as text, and nothing else. */
function withText(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) => (item === at ? text : item));
}

describe('the JSON form of a message', () => {
  it('has text for every stamp, and leaves the application’s own JSON alone', () => {
    expect(messageToJson(message)).toEqual(withText(message));
  });

  it('has the fields in the order of the message', () => {
    expect(JSON.stringify(messageToJson(message))).toBe(JSON.stringify(withText(message)));
  });

  it('is read back', () => {
    expect(messageFromJson(messageToJson(message))).toEqual(message);
  });

  it('keeps keys that name a prototype as data', () => {
    const metadata = JSON.parse('{"__proto__":{"__proto__":{"x":1}}}') as NonNullable<Message['metadata']>;
    const shown = messageToJson({ ...message, metadata });
    expect(JSON.stringify(shown.metadata)).toBe('{"__proto__":{"__proto__":{"x":1}}}');
    expect(JSON.stringify(messageFromJson(shown).metadata)).toBe(JSON.stringify(metadata));
  });

  it('is refused where a stamp is no time', () => {
    const shown = messageToJson(message);
    for (const wrong of ['yesterday', '', '1970-01-01T00:00:00Z']) {
      expect(() => messageFromJson({ ...shown, started_at: wrong } as MessageJson)).toThrow(RangeError);
    }
  });
});
