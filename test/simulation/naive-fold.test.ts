import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Event } from '@stepfold/events';
import { elideLargest, messageToJson } from '@stepfold/fold';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { foldAll } from '../support/fold-all.js';
import { decodedEvents, readVectors } from '../support/vectors.js';
import { canonicalJson } from './canonical-json.js';
import { naiveElide } from './naive-elide.js';
import { naiveFold, naiveMessage } from './naive-fold.js';

describe('the naive fold', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    'gives the messages of the vector %s',
    (_name, vector) => {
      const { outcomes, messages } = naiveFold(decodedEvents(vector));
      expect(outcomes).toEqual(vector.outcomes);
      const shown = messages.map((message) => {
        const { fold_version, ...rest } = messageToJson(message);
        expect(fold_version).toBe(1);
        return rest;
      });
      // Through text, for −0 and 0 are one number in JSON, and to show the fields that differ.
      expect(JSON.parse(canonicalJson(shown))).toEqual(JSON.parse(canonicalJson(vector.messages)));
      expect(canonicalJson(shown)).toBe(canonicalJson(vector.messages));
    },
  );

  it('agrees with the fold of the product on sequences of events, sensible and not', () => {
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        const product = foldAll(events);
        const naive = naiveFold(events);
        expect(naive.outcomes).toEqual(product.outcomes);
        expect(canonicalJson(naive.messages)).toBe(canonicalJson(product.messages));
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets the same values of a large message give way as the product does', () => {
    const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
    fc.assert(
      fc.property(arbitraryEvents(), fc.integer({ min: 200, max: 8_000 }), (events, bytesMax) => {
        for (const message of naiveFold(events).messages) {
          expect(canonicalJson(naiveElide(message, bytesMax))).toBe(
            canonicalJson(elideLargest(message, sha256, bytesMax)),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('agrees with the fold of the product beyond the greatest number of parts', () => {
    const event = (index: number, own: object): Event =>
      ({
        ...{ v: 1, chat_id: 'c', step_id: 's', producer: 'p', seq: index },
        ...{ at: 1_775_822_400_000_000 + index },
        ...own,
      }) as Event;
    const starts = Array.from({ length: 9_998 }, (_, i) => ({ type: 'text-start', id: String(i) }));
    const events = [
      { type: 'step-start' },
      ...starts,
      { type: 'tool-call', tool_call_id: 'kept', tool_name: 'f', args: 1 },
      { type: 'data', name: 'kept', data_id: '1', data: 1 },
      { type: 'reasoning-delta', id: 'r', text: 'omitted' },
      { type: 'text-start', id: '7' },
      { type: 'text-delta', id: '7', text: 'kept' },
      { type: 'tool-result', tool_call_id: 'kept', result: 'omitted' },
      { type: 'tool-input-delta', tool_call_id: 'omitted', text: '1' },
      { type: 'tool-input-end', tool_call_id: 'omitted' },
      { type: 'tool-call', tool_call_id: 'omitted', tool_name: 'f', args: 1 },
      { type: 'tool-approval', tool_call_id: 'omitted', approval_id: 'a', state: 'granted' },
      { type: 'data', name: 'kept', data_id: '1', data: 2 },
      { type: 'data', name: 'omitted', data: 2, transient: true },
      { type: 'source', source_type: 'url' },
      { type: 'interrupt', reason: 'user' },
    ].map((own, index) => event(index, own));
    const { outcomes, messages } = foldAll(events);
    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    expect(messages[0]).toMatchObject({ omitted_events: 7, status: 'interrupted' });
    expect(canonicalJson(naiveMessage(events))).toBe(canonicalJson(messages[0]));
  });
});
