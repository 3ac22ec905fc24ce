import { describe, expect, it } from '@jest/globals';
import {
  createEventCodec,
  eventSchemas,
  STAMP_MICROS_END,
  STAMP_MICROS_MIN,
  type Event,
  type EventType,
} from '@stepfold/events';
import * as fc from 'fast-check';
import type { Outcome } from './acceptance.js';
import { evolve } from './evolve.js';
import { messageFromJson, messageToJson, type MessageJson } from './message-json.js';
import type { Message } from './message.js';
import { initialState } from './state.js';
import { toMessage } from './to-message.js';

/** What holds for every sequence of events that the codec lets through, however hostile. */

type Draft = Readonly<Record<string, unknown>>;
const { check, decode, encode } = createEventCodec();
const started = 1_775_822_400_000_000;

// --- events of one step, with few ids so that they meet ----------------------------------------------------

const text = fc.oneof(
  fc.constantFrom('', 'x', '{"a":', '1}', '"', '[', ']', '\ud83c', '\udf75', '🍵', '__proto__', '\u0000'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const id = fc.constantFrom('0', '1', '__proto__', 'constructor', '\ud800', '\udc00');
const callId = fc.constantFrom('c', '__proto__');
const flag = fc.boolean();
const stamp = fc.oneof(
  fc.integer({ min: started, max: started + 1_000_000 }),
  fc.constantFrom(STAMP_MICROS_MIN, STAMP_MICROS_END - 1),
);
const count = fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
const json = fc
  .letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.oneof(
        fc.constantFrom('null', 'false', '0', '-0', '1e308', '""', '[]', '{}'),
        text.map((t) => JSON.stringify(t)),
      ),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      fc
        .array(fc.tuple(fc.oneof(id, text), tie('value')), { maxLength: 3 })
        .map((entries) => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`),
    ),
  }))
  .value.map((value) => JSON.parse(value) as unknown);
const metadata = fc
  .array(fc.tuple(id, fc.array(fc.tuple(id, json), { maxLength: 2 })), { maxLength: 2 })
  .map((providers) =>
    Object.fromEntries(providers.map(([name, entries]) => [name, Object.fromEntries(entries)])),
  );

/** The fields of a type: those whose names end in `?` may be absent. */
function typed(type: string, fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Draft> {
  const names = Object.keys(fields);
  const arbitraries = Object.fromEntries(names.map((name) => [name.replace('?', ''), fields[name] as never]));
  return fc
    .record(arbitraries, { requiredKeys: names.filter((name) => !name.endsWith('?')) })
    .map((made) => ({ ...made, type }));
}

const block = { id, 'metadata?': metadata };
const delta = { text, 'until?': stamp, 'merged?': count };
const callFlags = {
  'provider_executed?': flag,
  'dynamic?': flag,
  'title?': text,
  'parent_tool_call_id?': id,
  'metadata?': metadata,
};
const given = { 'metadata?': metadata, 'created_at?': stamp };
const parts = fc.array(
  fc.oneof(
    typed('text', { ...given, text, 'id?': id, 'last_delta_at?': stamp, 'completed_at?': stamp }),
    typed('reasoning', {
      ...given,
      text,
      'redacted?': flag,
      'end_reason?': fc.constantFrom('implied', 'error'),
    }),
    typed('tool-call', {
      ...given,
      tool_call_id: callId,
      'args?': json,
      'args_text?': text,
      'partial?': flag,
      'approval?': fc.record({
        approval_id: id,
        state: fc.constant('denied'),
        automatic: flag,
        reason: text,
        more: json,
      }),
    }),
    typed('tool-result', {
      ...given,
      tool_call_id: callId,
      result: json,
      'is_error?': flag,
      'first_event?': json,
    }),
    typed('data', { name: text, data: json, 'data_id?': id, 'input_open?': json, 'last_event?': json }),
  ),
  { maxLength: 3 },
);

const open = fc.oneof(
  {
    weight: 3,
    arbitrary: typed('step-start', {
      'provider?': text,
      'run_id?': id,
      'step_index?': count,
      'metadata?': metadata,
    }),
  },
  typed('message', { role: fc.constantFrom('user', 'tool'), parts }),
);
const running = fc.oneof(
  typed('text-start', block),
  typed('text-delta', { ...block, ...delta }),
  typed('text-end', block),
  typed('reasoning-start', { ...block, 'redacted?': flag }),
  typed('reasoning-delta', { ...block, ...delta }),
  typed('reasoning-end', { ...block, 'redacted?': flag }),
  typed('tool-input-start', { tool_call_id: callId, 'tool_name?': id, ...callFlags }),
  typed('tool-input-delta', { tool_call_id: callId, ...delta }),
  typed('tool-input-end', { tool_call_id: callId, 'metadata?': metadata }),
  typed('tool-call', { tool_call_id: callId, tool_name: id, args: json, 'invalid?': flag, ...callFlags }),
  typed('tool-call', { tool_call_id: callId, tool_name: id, args_text: text, 'error?': text, ...callFlags }),
  typed('tool-execution-start', { tool_call_id: callId }),
  typed('tool-approval', {
    tool_call_id: callId,
    approval_id: id,
    state: fc.constantFrom('requested', 'granted', 'denied'),
    'automatic?': flag,
    'reason?': text,
  }),
  typed('tool-result', {
    tool_call_id: callId,
    result: json,
    'tool_name?': id,
    'is_error?': flag,
    'preliminary?': flag,
    'execution_started_at?': stamp,
    'metadata?': metadata,
  }),
  typed('source', { source_type: fc.constantFrom('url', 'document'), 'title?': text, 'url?': text }),
  typed('file', { media_type: text, data: text, 'reasoning?': flag, 'metadata?': metadata }),
  typed('data', { name: id, data: json, 'data_id?': id, 'transient?': flag }),
  typed('heartbeat', {}),
  typed('finish', {
    'finish_reason?': fc.constantFrom('stop', 'other'),
    'usage?': fc.record({ input_tokens: count, output_tokens: count }, { requiredKeys: [] }),
    'model?': text,
    'metadata?': metadata,
  }),
  typed('error', { message: text, 'code?': text, fatal: fc.constant(false), 'retryable?': flag }),
);
const ending = fc.oneof(
  typed('step-end', {}),
  typed('interrupt', {
    reason: fc.constantFrom('user', 'timeout', 'crash'),
    'message?': text,
    'detected_at?': stamp,
    'if_events?': fc.nat({ max: 20 }),
  }),
  typed('error', { message: text, fatal: fc.constant(true) }),
);

const names =
  'text until merged metadata redacted args result parts message detected_at fatal id title'.split(' ');
const foreign = fc.dictionary(fc.constantFrom(...names, '__proto__', 'new_field'), json, { maxKeys: 3 });
const enc = { key_id: 'k', iv: 'i', data: 'd' };

/** `next`: the number that the producer would give. A few are wrong: repeated, skipped, too late. */
const sender = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom({}, { producer: 'p', next: true }) },
  fc.record({ producer: fc.constantFrom('p', 'q', 'r'), seq: fc.nat({ max: 8 }) }),
  fc.record({ producer: fc.constantFrom('p', 'q'), next: fc.constant(true) }),
);
const attempt = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  fc.record({ attempt: fc.nat({ max: 2 }) }),
);

const body = fc.oneof(
  { weight: 40, arbitrary: running },
  { weight: 1, arbitrary: open },
  { weight: 1, arbitrary: ending },
  { weight: 1, arbitrary: fc.oneof(running, open, ending).map((draft) => ({ ...draft, enc })) },
);
interface Sent {
  readonly draft: Draft;
  readonly foreign: Draft;
}
const sent = fc.record({
  draft: fc.tuple(body, sender, attempt, stamp).map(([own, from, which, at]) => ({
    v: 1,
    chat_id: 'chat',
    step_id: 'step',
    at,
    ...own,
    ...from,
    ...which,
  })),
  foreign: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, foreign),
});
const first = fc.tuple(open, fc.constantFrom({}, { producer: 'p', next: true })).map(([own, from]) => ({
  draft: { v: 1, chat_id: 'chat', step_id: 'step', at: started, ...own, ...from },
  foreign: {},
}));

/** The fields that the type does not have, or that are encrypted. */
function foreignTo(event: Draft, fields: Draft): Draft {
  const shape = eventSchemas[event['type'] as EventType].shape;
  const isClear = (name: string): boolean =>
    'enc' in event ? ['id', 'fatal'].includes(name) : Object.hasOwn(shape, name);
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !isClear(name)));
}

/** Gives the sequence numbers, and leaves out what the codec refuses. */
function eventsOf(all: readonly Sent[], isForeignKept = true): readonly Event[] {
  const next = new Map<unknown, number>();
  return all.flatMap(({ draft: { next: isNext, ...draft }, foreign: unknown }) => {
    const { producer } = draft;
    const seq = isNext === true ? (next.get(producer) ?? 0) : (draft['seq'] as number);
    if (producer !== undefined) next.set(producer, seq + 1);
    const clean = { ...draft, ...(producer === undefined ? {} : { seq }) };
    const decoded = check(clean);
    const dirty = check({ ...foreignTo(clean, unknown), ...clean });
    if (!decoded.ok || !dirty.ok) return [];
    return [isForeignKept ? dirty.event : decoded.event];
  });
}

const sequences = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.tuple(first) }, fc.constant([])),
    fc.array(sent, { maxLength: 30, size: 'max' }),
  )
  .map(([opening, rest]): readonly Sent[] => [...opening, ...rest]);

function fold(events: readonly Event[]): { outcomes: Outcome[]; message: Message } {
  const state = initialState();
  const outcomes = events.map((event) => evolve(state, event));
  return { outcomes, message: toMessage(state) };
}

const bytesOf = (message: Message): string => JSON.stringify(message);

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value)
    ? value.flatMap(strings)
    : Object.entries(value).flatMap(([key, item]) => [key, ...strings(item)]);
}

/** True if a field may stand in a message: stamps are stamps, and what is absent is not there. */
function isShowable(where: string, value: unknown): boolean {
  if (where.endsWith('_at')) return /^\d{4}-.*\.\d{6}Z$/.test(value as string);
  if (['args', 'result', 'data', 'parts'].includes(where)) return true;
  if (value === null || value === undefined || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Spoils everything in a value that can be spoilt. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.values(value).forEach(spoil);
  for (const key of Object.keys(value)) delete (value as Record<string, unknown>)[key];
  if (Array.isArray(value)) value.length = 0;
  Object.assign(value, { spoilt: true });
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

const runs = { numRuns: 100 };

describe('for any events, the fold', () => {
  it('meets all that can happen, and much of it often', () => {
    const seen = new Map<string, number>();
    const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
    for (const sample of fc.sample(sequences, { numRuns: 400, seed: 7 })) {
      const events = eventsOf(sample);
      const { outcomes, message } = fold(events);
      outcomes.forEach(note);
      note(message.status);
      message.parts.forEach(({ type }) => note(type));
      message.anomalies?.forEach(({ code }) => note(code));
      if (message.parts.some((part) => 'synthetic' in part)) note('synthetic');
      if (message.gaps !== undefined) note('gap');
    }
    const rare =
      'accepted not-open out-of-order duplicate conflict superseded open complete interrupted failed text'
        .concat(' reasoning tool-call tool-result tool-approval source file data implied-start unknown-end')
        .concat(
          ' repeated-start repeated-call repeated-result late-preliminary late-delta unknown-call unreadable',
        )
        .concat(' synthetic gap')
        .split(' ')
        .filter((what) => (seen.get(what) ?? 0) < 5);
    expect(rare).toEqual([]);
  });

  it('never throws, and makes messages that can be shown: stamps are stamps, nothing is null or empty', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const state = initialState();
        for (const event of eventsOf(sequence)) {
          if (evolve(state, event) !== 'accepted') continue;
          const message = toMessage(state);
          const json = messageToJson(message);
          const fields = [json, ...json.parts].flatMap((holder) => Object.entries(holder));
          expect(fields.filter(([where, value]) => !isShowable(where, value))).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('gives strings that are well-formed, keys included', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const { message } = fold(eventsOf(sequence));
        expect(strings(message).filter((string) => !string.isWellFormed())).toEqual([]);
      }),
      runs,
    );
  });

  it('of a prefix and then the rest equals the fold of it all, with or without messages taken in between', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const events = eventsOf(sequence);
        const whole = fold(events);
        const state = initialState();
        const between: { message: Message; bytes: string }[] = [];
        const outcomes = events.map((event, index) => {
          // The state at every split is that of the prefix alone.
          expect(bytesOf(toMessage(state))).toBe(bytesOf(fold(events.slice(0, index)).message));
          const outcome = evolve(state, event);
          const message = toMessage(state);
          between.push({ message, bytes: bytesOf(message) });
          return outcome;
        });
        expect(outcomes).toEqual(whole.outcomes);
        expect(bytesOf(toMessage(state))).toBe(bytesOf(whole.message));
        // What was taken then says now what it said then.
        for (const { message, bytes } of between) expect(bytesOf(message)).toBe(bytes);
      }),
      { numRuns: 60 },
    );
  });

  it('of the same events decoded twice gives the same bytes', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const events = eventsOf(sequence);
        const decoded = () =>
          events.map((event) => {
            const again = decode(encode(event));
            if (!again.ok) throw new Error(again.detail);
            return again.event;
          });
        const bytes = bytesOf(fold(decoded()).message);
        expect(bytesOf(fold(decoded()).message)).toBe(bytes);
        expect(bytesOf(fold(events).message)).toBe(bytes);
      }),
      runs,
    );
  });

  it('changes no event, and keeps nothing of one', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const copies = () => JSON.parse(JSON.stringify(eventsOf(sequence))) as Event[];
        const expected = bytesOf(fold(copies().map(freeze)).message);
        const state = initialState();
        for (const event of copies()) {
          evolve(state, event);
          spoil(event);
        }
        expect(bytesOf(toMessage(state))).toBe(expected);
      }),
      runs,
    );
  });

  it('raises rev with every accepted event, and only then, by the formula', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const state = initialState();
        let former = 0;
        for (const event of eventsOf(sequence)) {
          const outcome = evolve(state, event);
          if (state.events === 0) continue;
          const { rev, attempt: which, events, status } = toMessage(state);
          expect(rev).toBe(which * 4_294_967_296 + (status === 'open' ? events : 4_294_967_295));
          if (outcome === 'accepted') expect(rev).toBeGreaterThan(former);
          else expect(rev).toBe(former);
          former = rev;
        }
      }),
      runs,
    );
  });

  it('is not moved by what it refused: neither the message nor any later outcome', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const events = eventsOf(sequence);
        const all = fold(events);
        const accepted = fold(events.filter((_, index) => all.outcomes[index] === 'accepted'));
        expect(accepted.outcomes.every((outcome) => outcome === 'accepted')).toBe(true);
        expect(bytesOf(accepted.message)).toBe(bytesOf(all.message));
      }),
      runs,
    );
  });

  it('does not see fields that it does not know', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const clean = fold(eventsOf(sequence, false));
        const dirty = fold(eventsOf(sequence, true));
        expect(dirty.outcomes).toEqual(clean.outcomes);
        expect(bytesOf(dirty.message)).toBe(bytesOf(clean.message));
      }),
      runs,
    );
  });

  it('pollutes no prototype', () => {
    const before = Reflect.ownKeys(Object.prototype).length;
    fc.assert(
      fc.property(sequences, (sequence) => {
        messageToJson(fold(eventsOf(sequence)).message);
        expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before);
      }),
      { numRuns: 20 },
    );
  });
});

describe('for any message, the JSON form', () => {
  it('comes back as the message that it was', () => {
    fc.assert(
      fc.property(sequences, (sequence) => {
        const events = eventsOf(sequence);
        const { message } = fold(events);
        fc.pre(message.events > 0);
        const shown = JSON.parse(JSON.stringify(messageToJson(message))) as MessageJson;
        expect(bytesOf(messageFromJson(shown))).toBe(bytesOf(message));
      }),
      runs,
    );
  });
});
