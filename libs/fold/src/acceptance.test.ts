import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import { decide, isKnownDuplicate, PRODUCERS_MAX, STEP_BYTES_MAX, type Outcome } from './acceptance.js';
import { evolve } from './evolve.js';
import { initialState, type StepState } from './state.js';
import { toMessage } from './to-message.js';

/** Section 1 of `contract/fold.md`: which events count. */

type Draft = Readonly<Record<string, unknown>>;
const { check } = createEventCodec();
const started = 1_775_822_400_000_000;

function eventOf(draft: Draft): Event {
  const decoded = check({ v: 1, chat_id: 'chat', step_id: 'step', at: started, ...draft });
  if (!decoded.ok) throw new Error(`${JSON.stringify(draft)}: ${decoded.detail}`);
  return decoded.event;
}

/** `given(events).when(event).thenIt('conflict')`; what is refused must leave the whole state as it was. */
function given(...drafts: readonly Draft[]) {
  const state = initialState();
  for (const draft of drafts) evolve(state, eventOf(draft));
  return {
    when: (draft: Draft) => ({
      thenIt(outcome: Outcome): StepState {
        const event = eventOf(draft);
        const before = structuredClone(state);
        expect(decide(state, event)).toBe(outcome);
        expect(structuredClone(state)).toEqual(before);
        expect(evolve(state, event)).toBe(outcome);
        if (outcome !== 'accepted') expect(structuredClone(state)).toEqual(before);
        return state;
      },
    }),
  };
}

const start = { type: 'step-start' };
const whole = { type: 'message', role: 'user', parts: [{ type: 'text', text: 'hi' }] };
const text = { type: 'text-delta', id: '0', text: 'x' };
const by = (producer: string, seq: number, draft: Draft): Draft => ({ ...draft, producer, seq });

describe('before anything was accepted', () => {
  it.each(['heartbeat', 'step-end', 'finish'])('a %s finds no open step', (type) => {
    given().when({ type }).thenIt('not-open');
  });

  it('a start or a whole message opens, whatever its attempt and seq', () => {
    expect(
      given()
        .when(by('p', 7, { ...start, attempt: 3 }))
        .thenIt('accepted'),
    ).toMatchObject({
      attempt: 3,
      events: 1,
      gaps: [{ producer: 'p', from: 0, to: 6 }],
    });
    given().when(whole).thenIt('accepted');
  });

  it('a stop button stops nothing', () => {
    given().when({ type: 'interrupt', reason: 'user' }).thenIt('not-open');
  });
});

describe('another attempt', () => {
  it('that is lower is over', () => {
    given({ ...start, attempt: 2 })
      .when({ ...text, attempt: 1 })
      .thenIt('not-open');
    given({ ...start, attempt: 2 })
      .when(start)
      .thenIt('not-open');
  });

  it('that is higher begins with a start or a whole message, and with nothing else', () => {
    for (const draft of [text, { type: 'step-end' }, { type: 'interrupt', reason: 'timeout' }]) {
      given(start)
        .when({ ...draft, attempt: 1 })
        .thenIt('not-open');
    }
    given(start)
      .when({ ...start, attempt: 5 })
      .thenIt('accepted');
    given(start, { type: 'step-end' })
      .when({ ...whole, attempt: 1 })
      .thenIt('accepted');
  });

  it('carries nothing over', () => {
    const state = given(
      by('p', 3, { ...start, model: 'm', provider: 'v', run_id: 'r', metadata: { p: { k: 1 } } }),
      by('p', 4, text),
      by('p', 5, { type: 'tool-input-delta', tool_call_id: 'c', text: '{' }),
      by('p', 6, { type: 'error', message: 'e', fatal: false }),
      by('p', 7, { type: 'finish', finish_reason: 'stop', usage: { input_tokens: 1 }, response_id: 'id' }),
      { type: 'interrupt', reason: 'user', message: 'no' },
    )
      .when({ ...start, attempt: 1 })
      .thenIt('accepted');
    const fresh = initialState();
    evolve(fresh, eventOf({ ...start, attempt: 1 }));
    expect(state).toEqual(fresh);
  });

  it('is not what a stop button means: it stops the present one', () => {
    for (const attempt of [0, 1, 2, 9]) {
      const state = given({ ...start, attempt: 2 })
        .when({ type: 'interrupt', reason: 'user', attempt })
        .thenIt('accepted');
      expect(state).toMatchObject({ status: 'interrupted', attempt: 2 });
    }
    given({ ...start, attempt: 2 })
      .when({ type: 'interrupt', reason: 'disconnect', attempt: 1 })
      .thenIt('not-open');
  });
});

describe('a step that has ended', () => {
  it.each([
    ['step-end', { type: 'step-end' }],
    ['interrupt', { type: 'interrupt', reason: 'crash' }],
    ['a fatal error', { type: 'error', message: '', fatal: true }],
  ])('by %s takes nothing more', (_name, end) => {
    for (const late of [
      text,
      start,
      whole,
      end,
      { type: 'heartbeat' },
      { type: 'interrupt', reason: 'user' },
    ]) {
      given(start, end).when(late).thenIt('not-open');
    }
  });

  it('by a whole message takes nothing more, not even the same one again', () => {
    given(by('p', 0, whole))
      .when(by('p', 0, whole))
      .thenIt('not-open');
    given(whole).when(text).thenIt('not-open');
  });

  it('is not ended by an error that is not fatal', () => {
    given(start, { type: 'error', message: '', fatal: false }).when(text).thenIt('accepted');
  });
});

describe('sequence numbers', () => {
  it('tell a duplicate', () => {
    given(by('p', 0, start))
      .when(by('p', 0, start))
      .thenIt('duplicate');
    given(by('p', 0, start), by('p', 1, text))
      .when(by('p', 1, text))
      .thenIt('duplicate');
  });

  it('tell an event that comes too late from a duplicate, at both ends of its gap', () => {
    const events = [by('p', 0, start), by('p', 3, text)];
    given(...events)
      .when(by('p', 0, text))
      .thenIt('duplicate');
    given(...events)
      .when(by('p', 1, text))
      .thenIt('out-of-order');
    given(...events)
      .when(by('p', 2, text))
      .thenIt('out-of-order');
    given(...events)
      .when(by('p', 3, text))
      .thenIt('duplicate');
    given(...events)
      .when(by('p', 4, text))
      .thenIt('accepted');
  });

  it('count for each producer apart', () => {
    const heartbeat = { type: 'heartbeat' };
    given(by('p', 0, start), by('q', 5, heartbeat))
      .when(by('p', 1, heartbeat))
      .thenIt('accepted');
    given(by('p', 0, start), by('q', 5, heartbeat))
      .when(by('p', 2, heartbeat))
      .thenIt('accepted');
    given(by('p', 0, start), by('q', 5, heartbeat))
      .when(by('r', 2, heartbeat))
      .thenIt('accepted');
    given(by('p', 3, start), by('q', 0, heartbeat))
      .when(by('q', 0, heartbeat))
      .thenIt('duplicate');
  });

  it('come before a conflict, and a conflict leaves a gap behind', () => {
    given(by('p', 0, start), by('p', 1, text))
      .when(by('p', 0, start))
      .thenIt('duplicate');
    const state = given(by('p', 0, start), by('p', 1, start))
      .when(by('p', 2, text))
      .thenIt('accepted');
    expect(state.gaps).toEqual([{ producer: 'p', from: 1, to: 1 }]);
  });

  it('may be the highest that there is', () => {
    const last = Number.MAX_SAFE_INTEGER;
    given(by('p', 0, start), by('p', last, text))
      .when(by('p', last, text))
      .thenIt('duplicate');
    given(by('p', 0, start), by('p', last, text))
      .when(by('p', last - 1, text))
      .thenIt('out-of-order');
  });

  it('beyond the hundred gaps that are kept look like duplicates, and are counted', () => {
    const heartbeats = Array.from({ length: 101 }, (_, i) => by('p', 2 * i + 2, { type: 'heartbeat' }));
    const state = given(by('p', 0, start), ...heartbeats)
      .when(by('p', 199, { type: 'heartbeat' }))
      .thenIt('out-of-order');
    expect(decide(state, eventOf(by('p', 201, { type: 'heartbeat' })))).toBe('duplicate');
    const message = toMessage(state);
    expect(message.gaps).toHaveLength(100);
    expect(message.gaps?.[99]).toEqual({ producer: 'p', from: 199, to: 199 });
    expect(message.gap_count).toBe(101);
  });

  it('have no count beside a list of gaps that holds them all', () => {
    const heartbeats = Array.from({ length: 100 }, (_, i) => by('p', 2 * i + 2, { type: 'heartbeat' }));
    const state = given(by('p', 0, start), ...heartbeats)
      .when({ type: 'heartbeat' })
      .thenIt('accepted');
    expect(toMessage(state).gaps).toHaveLength(100);
    expect(toMessage(state)).not.toHaveProperty('gap_count');
  });
});

describe('an open step', () => {
  it('is not opened again', () => {
    given(start).when(start).thenIt('conflict');
    given(start).when(whole).thenIt('conflict');
    given(by('p', 0, start))
      .when(by('q', 0, start))
      .thenIt('conflict');
  });

  const stream: readonly Draft[] = [
    { type: 'text-start', id: '0' },
    text,
    { type: 'text-end', id: '0' },
    { type: 'reasoning-start', id: '0' },
    { type: 'reasoning-delta', id: '0', text: 'x' },
    { type: 'reasoning-end', id: '0' },
    { type: 'tool-input-start', tool_call_id: 'c' },
    { type: 'tool-input-delta', tool_call_id: 'c', text: '' },
    { type: 'tool-input-end', tool_call_id: 'c' },
    { type: 'tool-call', tool_call_id: 'c', tool_name: 'f', args: {} },
    { type: 'finish' },
  ];
  const shared: readonly Draft[] = [
    { type: 'tool-execution-start', tool_call_id: 'c' },
    { type: 'tool-approval', tool_call_id: 'c', approval_id: 'a', state: 'granted' },
    { type: 'tool-result', tool_call_id: 'c', result: 1 },
    { type: 'source', source_type: 'url' },
    { type: 'file', media_type: 'image/png', url: 'u' },
    { type: 'data', name: 'n', data: 1 },
    { type: 'heartbeat' },
    { type: 'step-end' },
    { type: 'interrupt', reason: 'user' },
    { type: 'error', message: '', fatal: true },
  ];

  it.each(stream.map((draft) => [draft['type'] as string, draft] as const))(
    'takes %s from the producer that opened it alone',
    (_name, draft) => {
      given(by('p', 0, start))
        .when(by('p', 1, draft))
        .thenIt('accepted');
      given(by('p', 0, start))
        .when(by('q', 0, draft))
        .thenIt('conflict');
      given(by('p', 0, start))
        .when(draft)
        .thenIt('conflict');
      given(start)
        .when(by('q', 0, draft))
        .thenIt('accepted');
      given(start).when(draft).thenIt('accepted');
    },
  );

  it.each(shared.map((draft) => [draft['type'] as string, draft] as const))(
    'takes %s from anybody',
    (_name, draft) => {
      given(by('p', 0, start))
        .when(by('q', 0, draft))
        .thenIt('accepted');
      given(by('p', 0, start))
        .when(draft)
        .thenIt('accepted');
    },
  );

  it('has the writer of its present attempt', () => {
    const events = [by('p', 0, start), by('q', 0, { ...start, attempt: 1 })];
    given(...events)
      .when(by('p', 0, { ...text, attempt: 1 }))
      .thenIt('conflict');
    given(...events)
      .when(by('q', 1, { ...text, attempt: 1 }))
      .thenIt('accepted');
  });

  it('has 256 producers and not one more, and takes events without one for ever', () => {
    const heartbeat = { type: 'heartbeat' };
    const many = Array.from({ length: PRODUCERS_MAX - 1 }, (_, i) => by(`p${i}`, 0, heartbeat));
    const full = given(by('opener', 0, start), ...many);
    full.when(by('one-more', 0, heartbeat)).thenIt('conflict');
    full.when(by('one-more', 0, { type: 'interrupt', reason: 'user' })).thenIt('conflict');
    full.when(by('p0', 1, heartbeat)).thenIt('accepted');
    full.when(heartbeat).thenIt('accepted');
    given(by('opener', 0, start), ...many.slice(1))
      .when(by('one-more', 0, heartbeat))
      .thenIt('accepted');
    full.when({ type: 'interrupt', reason: 'timeout' }).thenIt('accepted');
  });

  it('takes nothing behind STEP_BYTES_MAX bytes but what ends it, and begins anew with the next attempt', () => {
    const full = (bytes = STEP_BYTES_MAX): StepState => {
      const state = initialState();
      evolve(state, eventOf(by('p', 0, start)), 100);
      expect(evolve(state, eventOf(by('p', 1, text)), bytes - 101)).toBe('accepted');
      expect(evolve(state, eventOf(by('p', 2, text)), 1)).toBe('accepted');
      return state;
    };
    const refused = full();
    expect(evolve(refused, eventOf(by('p', 3, text)), 1)).toBe('conflict');
    expect(evolve(refused, eventOf({ type: 'heartbeat' }), 1)).toBe('conflict');
    expect(evolve(refused, eventOf(by('p', 4, { type: 'step-end' })), 1)).toBe('accepted');
    expect(toMessage(refused)).toMatchObject({
      status: 'complete',
      parts: [{ text: 'xx' }],
      gaps: [{ producer: 'p', from: 3, to: 3 }],
    });
    expect(evolve(full(STEP_BYTES_MAX - 1), eventOf(by('p', 3, text)), 1)).toBe('accepted');
    const error = { type: 'error', message: 'm' };
    expect(evolve(full(), eventOf({ ...error, fatal: false }), 1)).toBe('conflict');
    expect(evolve(full(), eventOf({ ...error, fatal: true }), 1)).toBe('accepted');
    expect(evolve(full(), eventOf({ type: 'interrupt', reason: 'crash' }), 1)).toBe('accepted');
    const again = full();
    expect(evolve(again, eventOf({ ...start, attempt: 1 }), 1)).toBe('accepted');
    expect(evolve(again, eventOf({ ...text, attempt: 1 }), 1)).toBe('accepted');
  });

  it('is interrupted by who counted its events only while that count is true', () => {
    const interrupt = { type: 'interrupt', reason: 'timeout' };
    given(start, text)
      .when({ ...interrupt, if_events: 1 })
      .thenIt('superseded');
    given(start, text)
      .when({ ...interrupt, if_events: 3 })
      .thenIt('superseded');
    given(start, text)
      .when({ ...interrupt, if_events: 0 })
      .thenIt('superseded');
    given(start, text)
      .when({ ...interrupt, if_events: 2 })
      .thenIt('accepted');
    given(start, text)
      .when({ ...interrupt, reason: 'user', if_events: 1 })
      .thenIt('superseded');
    given(start, text)
      .when({ ...text, if_events: 9 })
      .thenIt('accepted');
  });
});

describe('a known duplicate', () => {
  it('is one that was accepted, and not one that never came', () => {
    const state = given(by('p', 0, start), by('p', 3, text))
      .when({ type: 'step-end' })
      .thenIt('accepted');
    expect(isKnownDuplicate(state, eventOf(by('p', 0, start)))).toBe(true);
    expect(isKnownDuplicate(state, eventOf(by('p', 3, text)))).toBe(true);
    expect(isKnownDuplicate(state, eventOf(by('p', 2, text)))).toBe(false);
    expect(isKnownDuplicate(state, eventOf(by('p', 4, text)))).toBe(false);
    expect(isKnownDuplicate(state, eventOf(by('q', 0, text)))).toBe(false);
    expect(isKnownDuplicate(state, eventOf(text))).toBe(false);
  });
});
