import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { evolve, initialState, toMessage } from '@stepfold/fold';
import { UsageError } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { explainPart } from './explain-part.js';
import { foldChat } from './fold-chat.js';
import { InMemoryLog } from './testing/in-memory-log.js';

const createSha256 = () => createHash('sha256');
const AT = 1_775_822_400_000_000;

type Fields = Readonly<Record<string, unknown>>;

function logOf(...events: readonly Fields[]): InMemoryLog {
  const log = new InMemoryLog();
  for (const [i, fields] of events.entries()) {
    log.appendEvent({ v: 1, chat_id: 'c', step_id: 's', at: AT + i, ...fields } as unknown as Event);
  }
  return log;
}

/** Type of each event with the fields that it set. */
async function explained(log: InMemoryLog, partIndex: number, stepId = 's') {
  const { events } = await explainPart({ log, chatId: 'c', stepId, partIndex, createSha256 });
  return events.map(({ position, event, sets }) => [position, event.type, sets.join(' ')]);
}

describe('what made a part', () => {
  it('is told of a block from its start to the event that closed it', async () => {
    const log = logOf(
      { type: 'step-start' },
      { type: 'reasoning-start', id: 'r', metadata: { p: { a: 1 } } },
      { type: 'text-delta', id: 't', text: 'a' },
      { type: 'reasoning-delta', id: 'r', text: 'hm', metadata: { p: { a: 1 } } },
      { type: 'reasoning-delta', id: 'r', text: '', metadata: { p: { b: 2 } } },
      { type: 'heartbeat' },
      { type: 'finish', finish_reason: 'stop', metadata: { p: { c: 3 } } },
    );
    expect(await explained(log, 0)).toEqual([
      ['0:1', 'reasoning-start', 'id text created_at metadata'],
      ['0:3', 'reasoning-delta', 'text last_delta_at'],
      ['0:4', 'reasoning-delta', 'last_delta_at metadata'],
      ['0:6', 'finish', 'completed_at end_reason'],
    ]);
    expect(await explained(log, 1)).toEqual([
      ['0:2', 'text-delta', 'id text created_at last_delta_at'],
      ['0:6', 'finish', 'completed_at end_reason'],
    ]);
  });

  it('is told of calls, approvals and the results that an interrupt makes', async () => {
    const log = logOf(
      { type: 'step-start' },
      { type: 'tool-input-start', tool_call_id: 'k', tool_name: 'look' },
      { type: 'tool-input-delta', tool_call_id: 'k', text: '{}' },
      { type: 'tool-input-end', tool_call_id: 'k' },
      { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: {} },
      { type: 'tool-approval', tool_call_id: 'k', approval_id: 'a', state: 'requested' },
      { type: 'tool-approval', tool_call_id: 'k', approval_id: 'a', state: 'granted' },
      { type: 'tool-execution-start', tool_call_id: 'k' },
      { type: 'interrupt', reason: 'user' },
    );
    expect(await explained(log, 0)).toEqual([
      ['0:1', 'tool-input-start', 'tool_call_id tool_name args_text input_open input_started_at'],
      ['0:2', 'tool-input-delta', 'args_text'],
      ['0:3', 'tool-input-end', 'input_open'],
      ['0:4', 'tool-call', 'args args_text created_at'],
      ['0:5', 'tool-approval', 'approval'],
      ['0:6', 'tool-approval', 'approval'],
      ['0:7', 'tool-execution-start', 'execution_started_at'],
    ]);
    expect(await explained(log, 1)).toEqual([
      ['0:8', 'interrupt', 'tool_call_id tool_name result is_error synthetic created_at'],
    ]);
  });

  it('is the one event for every part of a whole message', async () => {
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b', completed_at: AT },
    ];
    const log = logOf({ type: 'message', role: 'user', parts });
    expect(await explained(log, 1)).toEqual([['0:0', 'message', 'text created_at completed_at']]);
  });

  it('is that of the present attempt alone', async () => {
    const log = logOf(
      { type: 'step-start' },
      { type: 'text-delta', id: '0', text: 'a' },
      { type: 'step-start', attempt: 1 },
      { type: 'text-delta', id: '0', text: 'b', attempt: 1 },
      { type: 'text-delta', id: '0', text: 'too late' },
    );
    expect(await explained(log, 0)).toEqual([['0:3', 'text-delta', 'id text created_at last_delta_at']]);
  });

  it('names a value that is elided by its own name', async () => {
    const large = { type: 'data', name: 'd', data: 'x'.repeat(7_000_000) };
    const log = logOf({ type: 'step-start' }, large, { ...large, data: `${large.data}y` });
    const { message, events } = await explainPart({
      log,
      chatId: 'c',
      stepId: 's',
      partIndex: 1,
      createSha256,
    });
    expect(message.parts[1]).toHaveProperty('data_elided.bytes', 7_000_001);
    expect(events.map(({ sets }) => sets)).toEqual([['name', 'data', 'created_at']]);
  });

  it('accounts for every field of every part, and for nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents(), fc.integer({ min: 1, max: 9 }), async (events, page) => {
        const log = new InMemoryLog();
        for (const event of events) log.appendEvent(event);
        for (const chatId of ['chat-0', 'chat-1']) {
          for (const message of await foldChat({ log, chatId, createSha256 })) {
            for (const [partIndex, part] of message.parts.entries()) {
              const explanation = await explainPart({
                ...{ log, chatId, stepId: message.step_id, partIndex, createSha256 },
                pageRecordsMax: page,
              });
              expect(explanation.message).toEqual(message);
              const { first_event, last_event, type, ...fields } = part;
              const numbers = explanation.events.map(({ position }) => numberOf(log, message, position));
              expect([numbers[0], numbers.at(-1)]).toEqual([first_event, last_event]);
              expect(replayed(log, message.step_id, partIndex, explanation.events)).toEqual(fields);
              expect(type).toBe(message.parts[partIndex]?.type);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['x', 's', 0, 'the log has no chat x'],
    ['c', 'x', 0, 'the log has no beginning of a step x in chat c'],
    ['c', 's', 2, 'step s has 2 parts, 0 to 1: there is no part 2'],
    ['c', 't', 0, 'step t has no parts: there is no part 0'],
    ['c', 'u', 1, 'step u has 1 part, number 0: there is no part 1'],
  ])('is refused of chat %s, step %s, part %d', async (chatId, stepId, partIndex, sentence) => {
    const delta = { type: 'text-delta', id: '0', text: '' };
    const log = logOf(
      ...[{ type: 'step-start' }, delta, { ...delta, id: '1' }],
      ...[
        { type: 'step-start', step_id: 't' },
        { type: 'step-start', step_id: 'u' },
        { ...delta, step_id: 'u' },
      ],
    );
    const explaining = explainPart({ log, chatId, stepId, partIndex, createSha256 });
    await expect(explaining).rejects.toThrow(new UsageError('bad-usage', sentence));
  });
});

interface Explained {
  readonly position: string;
  readonly event: Event;
  readonly sets: readonly string[];
}

type OfStep = { readonly step_id: string; readonly chat_id: string };

/** The part, of which each event has only written what it is said to set. */
function replayed(log: InMemoryLog, stepId: string, index: number, events: readonly Explained[]): Fields {
  const sets = new Map(events.map((each) => [each.position, each.sets]));
  const state = initialState();
  let fields: Record<string, unknown> = {};
  for (const { offset, event } of eventsOf(log, stepId)) {
    if (evolve(state, event) !== 'accepted') continue;
    if (state.events === 1) fields = {};
    const part = toMessage(state).parts[index] as unknown as Fields | undefined;
    for (const name of sets.get(`0:${offset}`) ?? []) {
      if (part?.[name] === undefined) delete fields[name];
      else fields[name] = part[name];
    }
  }
  return fields;
}

/** The number among the accepted events of the present attempt. */
function numberOf(log: InMemoryLog, { step_id }: OfStep, position: string): number | undefined {
  const state = initialState();
  let number: number | undefined;
  for (const { offset, event } of eventsOf(log, step_id)) {
    const outcome = evolve(state, event);
    if (outcome === 'accepted' && position === `0:${offset}`) number = state.events;
  }
  return number;
}

function eventsOf(log: InMemoryLog, stepId: string) {
  return log
    .records(0)
    .map(({ offset, value }) => ({
      offset,
      event: JSON.parse(new TextDecoder().decode(value as Uint8Array)) as Event,
    }))
    .filter(({ event }) => event.step_id === stepId);
}
