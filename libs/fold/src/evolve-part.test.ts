import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { evolve } from './evolve.js';
import { evolvePart } from './evolve-part.js';
import type { Part } from './message.js';
import { initialState } from './state.js';
import { toMessage } from './to-message.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the slow and obvious comparison of two versions of a part answers. */
function changedFields(before: Part | undefined, after: Part): string[] {
  const [a, b] = [(before ?? {}) as unknown as Fields, after as unknown as Fields];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.filter(
    (name) =>
      !['type', 'first_event', 'last_event'].includes(name) &&
      JSON.stringify(a[name]) !== JSON.stringify(b[name]),
  );
}

describe('folding with an eye on one part', () => {
  it('yields the state that folding yields, and the fields in which versions of the part differ', () => {
    fc.assert(
      fc.property(arbitraryEvents({ stepsMax: 1 }), fc.nat({ max: 6 }), (events, index) => {
        const [watched, plain] = [initialState(), initialState()];
        let before: Part | undefined;
        for (const event of events) {
          const attempt = plain.attempt;
          const { outcome, isTouched, fields } = evolvePart(watched, event, index);
          expect(outcome).toBe(evolve(plain, event));
          expect(watched).toEqual(plain);
          const message = toMessage(plain);
          const after = message.parts[index];
          expect(isTouched).toBe(outcome === 'accepted' && after?.last_event === message.events);
          if (plain.attempt !== attempt || plain.events === 1) before = undefined;
          const expected = isTouched ? changedFields(before, after as Part) : [];
          expect(fields.toSorted()).toEqual(expected.toSorted());
          before = after;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not read a text that has grown for every event', () => {
    const state = initialState();
    const event = (fields: Fields): Event =>
      ({ v: 1, chat_id: 'c', step_id: 's', at: 1_775_822_400_000_000, ...fields }) as unknown as Event;
    evolvePart(state, event({ type: 'step-start' }), 0);
    const delta = event({ type: 'text-delta', id: '0', text: 'x'.repeat(1_000) });
    // Twenty megabytes, which would be read 20,000 times.
    for (let i = 0; i < 20_000; i++) evolvePart(state, delta, 0);
    expect(state.parts[0]?.text).toHaveLength(20_000_000);
  });
});
