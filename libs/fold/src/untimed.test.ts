import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { evolve } from './evolve.js';
import type { Message } from './message.js';
import { initialState } from './state.js';
import { toMessage } from './to-message.js';
import { importedMessageId, isUntimed, knownCreatedAt, withoutUnknownTimes } from './untimed.js';

const at = 1_775_822_400_000_000;

function stored(parts: readonly object[]): Message {
  const state = initialState();
  const event = { v: 1, chat_id: 'c', step_id: 's', at, type: 'message', role: 'user', parts };
  evolve(state, event as unknown as Event);
  return toMessage(state);
}

const text = (marks: object, fields: object = {}) => ({
  type: 'text',
  text: 'x',
  metadata: { stepfold: marks, own: { a: 1 } },
  ...fields,
});

describe('a message without the times that nobody knows', () => {
  it('is the message itself if nothing is marked', () => {
    const message = stored([{ type: 'text', text: 'x', metadata: { own: { stepfold: { untimed: true } } } }]);
    expect(withoutUnknownTimes(message)).toBe(message);
  });

  it('has no time of parts that are untimed, and no marks', () => {
    const message = stored([text({ untimed: true, message_id: 'm' }), text({}, { created_at: at + 1 })]);
    expect(message.parts.map(isUntimed)).toEqual([true, false]);
    expect(message.parts.map(knownCreatedAt)).toEqual([undefined, at + 1]);
    expect(importedMessageId(message)).toBe('m');
    const shown = withoutUnknownTimes(message);
    expect(shown.parts.map(({ created_at, metadata }) => ({ created_at, metadata }))).toEqual([
      { created_at: undefined, metadata: { own: { a: 1 } } },
      { created_at: at + 1, metadata: { own: { a: 1 } } },
    ]);
    expect(shown).toMatchObject({ started_at: at, ended_at: at, last_event_at: at });
  });

  it('has no time of its own if any part says that it is undated', () => {
    const shown = withoutUnknownTimes(stored([text({}, { created_at: at }), text({ undated: true })]));
    expect(JSON.stringify(shown.parts)).toContain(String(at));
    expect(JSON.stringify({ ...shown, parts: [] })).not.toContain(String(at));
  });

  it('takes for a mark only what an importer writes', () => {
    const message = stored([text({ untimed: 'yes', undated: 1, message_id: 7 })]);
    expect(importedMessageId(message)).toBeUndefined();
    expect(withoutUnknownTimes(message)).toMatchObject({ started_at: at, parts: [{ created_at: at }] });
  });
});
