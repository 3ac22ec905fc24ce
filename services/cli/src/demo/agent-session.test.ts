import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Message, Part } from '@stepfold/fold';
import { foldEvents } from '../recordings/fold-events.js';
import { playSessionAtOnce, type SessionEvents } from '../testing/session-events.js';
import { SESSION_MS } from './agent-session.js';

let session: SessionEvents;
let messages: readonly Message[];
beforeAll(async () => {
  session = await playSessionAtOnce();
  messages = [...foldEvents(session.events)];
});

function step(stepId: string): Message {
  return messages.find((message) => message.step_id === stepId)!;
}

function partsOf<T extends Part['type']>(message: Message, type: T): readonly Extract<Part, { type: T }>[] {
  return message.parts.filter((part): part is Extract<Part, { type: T }> => part.type === type);
}

describe('the session of the demo', () => {
  it('is a chat of nine messages, in which nothing is open, missing or strange', () => {
    expect(messages.map(({ step_id, role, status }) => [step_id, role, status])).toEqual([
      ['user.0', 'user', 'complete'],
      ['agent.0', 'assistant', 'complete'],
      ['agent.1', 'assistant', 'complete'],
      ['user.1', 'user', 'complete'],
      ['agent.2', 'assistant', 'complete'],
      ['user.2', 'user', 'complete'],
      ['agent.3', 'assistant', 'interrupted'],
      ['user.3', 'user', 'complete'],
      ['agent.4', 'assistant', 'complete'],
    ]);
    for (const message of messages) {
      expect(message.anomalies).toBeUndefined();
      expect(message.gaps).toBeUndefined();
    }
  });

  it('takes about as long as is announced, and no longer than one wants to watch', () => {
    expect(Math.abs(session.durationMs - SESSION_MS)).toBeLessThan(1_000);
    expect(session.durationMs).toBeGreaterThan(25_000);
    expect(session.durationMs).toBeLessThan(45_000);
  });

  it('thinks, speaks, and runs two tools at the same time of which one fails', () => {
    const message = step('agent.0');
    expect(message.parts.map(({ type }) => type)).toEqual([
      'reasoning',
      'text',
      'tool-call',
      'tool-call',
      'tool-result',
      'tool-result',
    ]);
    const [trains, buses] = partsOf(message, 'tool-call');
    const [ofTrains, ofBuses] = partsOf(message, 'tool-result');
    expect(ofTrains).not.toHaveProperty('is_error');
    expect(ofBuses).toMatchObject({ tool_call_id: buses!.tool_call_id, is_error: true });
    // Each began before the other one had ended.
    expect(buses!.execution_started_at).toBeLessThan(ofTrains!.created_at);
    expect(trains!.execution_started_at).toBeLessThan(ofBuses!.created_at);
  });

  it('is cut off by its provider in mid-text, and says the text once', () => {
    const broken = [
      ...foldEvents(session.events.filter((event) => event.step_id === 'agent.1' && !event.attempt)),
    ];
    expect(broken).toMatchObject([{ attempt: 0, status: 'failed', errors: [{ code: 'overloaded_error' }] }]);
    const [begun] = partsOf(broken[0]!, 'text');
    expect(begun).toMatchObject({ end_reason: 'error' });

    const message = step('agent.1');
    expect(message).toMatchObject({ attempt: 1, status: 'complete' });
    expect(message).not.toHaveProperty('errors');
    const texts = partsOf(message, 'text').map(({ text }) => text);
    expect(texts).toHaveLength(1);
    expect(texts[0]!.split('There is a way').length - 1).toBe(1);
    expect(texts[0]!.startsWith(begun!.text.trimEnd())).toBe(true);
  });

  it('asks before it spends money, and has the answer in a later step', () => {
    const asking = step('agent.1');
    const [call] = partsOf(asking, 'tool-call');
    expect(call).toMatchObject({ tool_name: 'book_seat', approval: { state: 'requested' } });
    expect(asking.pending_tool_call_ids).toEqual([call!.tool_call_id]);
    const answering = step('agent.2');
    expect(partsOf(answering, 'tool-approval')).toMatchObject([
      { tool_call_id: call!.tool_call_id, state: 'granted' },
    ]);
    const [result] = partsOf(answering, 'tool-result');
    expect(result).toMatchObject({ tool_call_id: call!.tool_call_id });
    expect(result!.created_at - result!.execution_started_at!).toBe(1_300_000);
  });

  it('is stopped in mid-thought, and the tool that was running gets a synthetic result', () => {
    const message = step('agent.3');
    expect(message.interrupt).toMatchObject({ reason: 'user' });
    const [thought] = partsOf(message, 'reasoning');
    expect(thought).toMatchObject({ end_reason: 'interrupt', completed_at: message.ended_at });
    expect(thought!.text).not.toMatch(/[.!?]$/);
    const [call] = partsOf(message, 'tool-call');
    expect(partsOf(message, 'tool-result')).toMatchObject([
      { tool_call_id: call!.tool_call_id, synthetic: true, is_error: true },
    ]);
  });

  it('says what is done to it, and has its accident in the middle of a text', () => {
    expect(session.told.map((what) => /broke off|money|pressed stop/.exec(what)?.[0])).toEqual([
      'broke off',
      'money',
      'pressed stop',
    ]);
    expect(session.accidents).toHaveLength(1);
    const before = session.events.slice(0, session.accidents[0]);
    const [atAccident] = [...foldEvents(before)].slice(-1);
    expect(atAccident).toMatchObject({ step_id: 'agent.1', attempt: 1, status: 'open' });
    const [text] = partsOf(atAccident!, 'text');
    expect(text).not.toHaveProperty('completed_at');
    expect(text!.text.length).toBeGreaterThan(20);
  });
});
