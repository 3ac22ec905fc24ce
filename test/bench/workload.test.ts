import { describe, expect, it } from '@jest/globals';
import { decodeEvent, encodeEvent } from '@stepfold/events';
import { foldAll } from '../support/fold-all.js';
import { createEventUnion } from './event-union.js';
import { differenceFrom, foldPlainly } from './plain-fold.js';
import { makeWorkload } from './workload.js';

const plan = { seed: 7, events: 5_000, chatPrefix: 'chat-' };

describe('the workload of the benchmark', () => {
  const events = makeWorkload(plan);

  it('is the same for the same plan', () => {
    expect(makeWorkload(plan)).toEqual(events);
    expect(makeWorkload({ ...plan, seed: 8 })).not.toEqual(events);
  });

  it('has about as many events as were asked for', () => {
    for (const events of [1, 100, 500, 20_000]) {
      const { length } = makeWorkload({ ...plan, events });
      expect(length).toBeGreaterThanOrEqual(events);
      expect(length).toBeLessThan(events * 1.3 + 400);
    }
  });

  it('is valid, and every event of it is accepted', () => {
    expect(events.map((event) => decodeEvent(encodeEvent(event)))).toEqual(
      events.map((event) => ({ ok: true, event })),
    );
    expect(new Set(foldAll(events).outcomes)).toEqual(new Set(['accepted']));
  });

  it('ends every step', () => {
    expect(new Set(foldAll(events).messages.map(({ status }) => status))).toEqual(new Set(['complete']));
  });

  it('passes the schema that the benchmark compares with, which refuses what is wrong', () => {
    const union = createEventUnion();
    for (const event of events) expect(union.safeParse(event).success).toBe(true);
    expect(union.safeParse({ ...events[0], at: 'now' }).success).toBe(false);
    expect(union.safeParse({ ...events[0], unknown: 1 }).success).toBe(false);
  });
});

describe('the plain fold', () => {
  const events = makeWorkload({ ...plan, events: 500 });
  const expected = foldPlainly(events);

  it('finds its own messages right', () => {
    const { messages } = foldAll(events);
    expect(differenceFrom(expected, messages, { hasDigests: false })).toBeUndefined();
  });

  it('notices a delta that is missing, a message that is missing, one too many, and a wrong digest', () => {
    const withoutDelta = events.filter(
      (event, index) => index !== events.findIndex(isDelta) || event.v !== 1,
    );
    const { messages } = foldAll(events);
    const difference = (given: typeof messages): string | undefined =>
      differenceFrom(expected, given, { hasDigests: false });
    expect(difference(foldAll(withoutDelta).messages)).toContain('is not that of the plain fold');
    expect(difference(messages.slice(1))).toContain('missing');
    expect(difference([...messages, messages[0]!])).toContain('twice');
    expect(differenceFrom(expected, messages, { hasDigests: true })).toContain('digest');
  });
});

function isDelta({ type }: { readonly type: string }): boolean {
  return type === 'text-delta';
}
