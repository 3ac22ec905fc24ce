import { describe, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import * as fc from 'fast-check';
import { arbitraryChat } from '../../../test/support/arbitrary-chat.js';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { expectAccepted, expectAiSdkTakes } from '../../../test/support/provider-rules/expect-accepted.js';
import { decodedEvents, readVectors } from '../../../test/support/vectors.js';

function chatsOf(messages: readonly Message[]): readonly (readonly Message[])[] {
  const ids = new Set(messages.map(({ chat_id }) => chat_id));
  return [...ids].map((id) => messages.filter(({ chat_id }) => chat_id === id));
}

describe('the request made from a chat', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: every provider accepts it',
    async (_name, vector) => {
      for (const chat of chatsOf(foldAll(decodedEvents(vector)).messages)) {
        expectAccepted(chat);
        await expectAiSdkTakes(chat);
      }
    },
  );

  it('of any events is accepted by every provider', () => {
    fc.assert(
      fc.property(arbitraryEvents({ eventsMax: 150 }), (events) => {
        for (const chat of chatsOf(foldAll(events).messages)) expectAccepted(chat);
      }),
      // To make events simpler takes minutes; the chats below are simple.
      { numRuns: 100, endOnFailure: true },
    );
  }, 120_000);

  it('of any stored chat is accepted by every provider', () => {
    fc.assert(fc.property(arbitraryChat, expectAccepted), { numRuns: 1_000 });
  }, 120_000);
});
