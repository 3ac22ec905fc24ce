import { revOf, type Message, type Part } from '@stepfold/fold';
import type { DeadLetter } from '@stepfold/message-store';

/** What the queries of docs/querying.md are run against. Times are of another week than the page's. */

/** The week that the queries ask for begins here. */
export const SINCE = new Date('2026-06-01T00:00:00.000Z');
/** Steps without an event since then have been open for long. */
export const BEFORE = new Date('2026-06-05T12:00:00.000Z');

const SECOND = 1_000_000;
const [since, before] = [SINCE.getTime() * 1_000, BEFORE.getTime() * 1_000];

let offset = 0;

interface StepFields extends Partial<Message> {
  readonly parts: readonly Part[];
}

/** A step that starts some seconds after `from`. */
function step(chat_id: string, step_id: string, from: number, fields: StepFields): Message {
  const { status = 'complete' } = fields;
  const first_offset = offset++;
  return {
    chat_id,
    step_id,
    attempt: 0,
    role: 'assistant',
    status,
    rev: revOf(0, 5, status === 'open'),
    events: 5,
    started_at: from,
    last_event_at: from + 20 * SECOND,
    log: { generation: 0, topic: 'stepfold.events', partition: 0, first_offset, last_offset: first_offset },
    fold_version: 1,
    ...fields,
  };
}

const place = { first_event: 1, last_event: 2 };

function reasoning(from: number, seconds: number | undefined): Part {
  const end = seconds === undefined ? {} : { completed_at: from + seconds * SECOND };
  return { type: 'reasoning', text: 'hm', created_at: from, ...end, ...place };
}

function call(tool_call_id: string, tool_name: string, from: number): Part {
  return { type: 'tool-call', tool_call_id, tool_name, args: {}, created_at: from, ...place };
}

function result(tool_call_id: string, tool_name: string, at: number, rest: object = {}): Part {
  return { type: 'tool-result', tool_call_id, tool_name, result: 'r', created_at: at, ...place, ...rest };
}

const hour = since + 3_600 * SECOND;

const thisWeek: readonly Message[] = [
  step('chat-1', 's1', hour, {
    model: 'fast-1',
    first_output_at: hour + 0.25 * SECOND,
    usage: { input_tokens: 100, output_tokens: 50 },
    parts: [
      reasoning(hour + SECOND, 2),
      call('call-1', 'search', hour + 4 * SECOND),
      call('call-2', 'search', hour + 4 * SECOND),
      result('call-1', 'search', hour + 7 * SECOND),
      result('call-2', 'search', hour + 5 * SECOND, { is_error: true }),
    ],
  }),
  step('chat-1', 's2', hour + 100 * SECOND, {
    model: 'fast-1',
    first_output_at: hour + 100.75 * SECOND,
    usage: { input_tokens: 10, output_tokens: 5 },
    pending_tool_call_ids: ['call-3', 'call-4'],
    parts: [
      reasoning(hour + 101 * SECOND, 4),
      call('call-3', 'approve', hour + 110 * SECOND),
      call('call-4', 'approve', hour + 112 * SECOND),
      result('call-4', 'approve', hour + 113 * SECOND, { preliminary: true }),
      { type: 'tool-call', tool_call_id: 'never-made', tool_name: 'approve', partial: true, ...place },
    ],
  }),
  step('chat-1', 's3', hour + 200 * SECOND, {
    model: 'fast-1',
    parts: [result('call-3', 'approve', hour + 205 * SECOND), reasoning(hour + 206 * SECOND, undefined)],
  }),
  step('chat-2', 's1', hour, {
    model: 'deep-1',
    status: 'interrupted',
    first_output_at: hour + 5 * SECOND,
    usage: { input_tokens: 1_000, output_tokens: 7 },
    interrupt: { reason: 'user', at: hour + 60 * SECOND },
    parts: [
      reasoning(hour + 6 * SECOND, 30),
      call('call-5', 'search', hour + 38 * SECOND),
      call('call-6', 'render', hour + 40 * SECOND),
      call('call-7', 'render', hour + 40 * SECOND),
      result('call-5', 'search', hour + 42 * SECOND, { execution_started_at: hour + 40 * SECOND }),
      result('call-7', 'render', hour + 52 * SECOND),
      result('call-6', 'render', hour + 60 * SECOND, { is_error: true, synthetic: true }),
    ],
  }),
  step('chat-2', 's2', before - 120 * SECOND, {
    status: 'open',
    last_event_at: before - 60 * SECOND,
    parts: [],
  }),
  step('chat-2', 's3', before + 60 * SECOND, { status: 'open', parts: [] }),
];

const lastWeek = since - 86_400 * SECOND;

/** Slow, interrupted and long ago: nothing that asks for this week may see it. */
const past: readonly Message[] = [
  step('chat-3', 's1', lastWeek, {
    model: 'fast-1',
    status: 'interrupted',
    first_output_at: lastWeek + 90 * SECOND,
    interrupt: { reason: 'crash', at: lastWeek + 300 * SECOND },
    parts: [
      reasoning(lastWeek, 100),
      call('call-8', 'search', lastWeek),
      result('call-8', 'search', lastWeek + 200 * SECOND, { is_error: true }),
    ],
  }),
];

/** So many others that reading the whole collection would not be worth it. */
const long = since - 365 * 86_400 * SECOND;
const others: readonly Message[] = Array.from({ length: 3_000 }, (_, i) => {
  const [at, id, tool] = [long + i * 600 * SECOND, `other-${i}`, `tool-${i % 20}`];
  return step(`other-${i % 300}`, id, at, {
    model: 'old-1',
    parts: [call(id, tool, at), result(id, tool, at + SECOND)],
  });
});

export const queryingMessages: readonly Message[] = [...thisWeek, ...past, ...others];

export const queryingLetters: readonly DeadLetter[] = [
  {
    id: 'stepfold.events:0:1',
    stage: 'projector',
    reason: 'bad-json',
    detail: 'd',
    key: null,
    value: null,
    at: since + 10 * SECOND,
  },
  {
    id: 'stepfold.events:0:2',
    stage: 'projector',
    reason: 'bad-json',
    detail: 'd',
    key: null,
    value: null,
    at: since + 20 * SECOND,
  },
  {
    id: 'stepfold.steps:0:7',
    stage: 'writer',
    reason: 'store-refused',
    detail: 'd',
    key: null,
    value: null,
    at: since + 30 * SECOND,
  },
];
