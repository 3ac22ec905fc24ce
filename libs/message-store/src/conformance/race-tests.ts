import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import type { Message } from '@stepfold/fold';
import { FIRST_COLLECTION, orderOf, type ChatSummary, type MessageStore } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { START_MICROS, readAllPages, version, writeOne } from './versions.js';

export function raceTests({ test, propertyRuns }: Suite): void {
  test('ends with the final version when two first versions race', async (open) => {
    const [one, other] = [await open(), await open()];
    for (let i = 0; i < 50; i++) {
      const step = `step-${i}`;
      const first = version({ step, events: 1, firstOffset: i });
      const final = version({ step, events: 9, status: 'complete', firstOffset: i });
      const [ofFirst, ofFinal] = await Promise.all(
        i % 2 === 0
          ? [writeOne(one, first), writeOne(other, final)]
          : [writeOne(other, first), writeOne(one, final)],
      );
      expect(ofFinal).toBe('applied');
      expect(['applied', 'stale']).toContain(ofFirst);
      expect(await one.message('chat', step)).toEqual(final);
      expect(await other.message('chat', step)).toEqual(final);
    }
  });

  test('applies each of several equal versions that race once', async (open) => {
    const handles = [await open(), await open(), await open()];
    for (let i = 0; i < 20; i++) {
      const same = version({ step: `step-${i}`, firstOffset: i });
      const outcomes = await Promise.all(handles.map((handle) => writeOne(handle, same)));
      expect(outcomes.sort()).toEqual(['applied', 'stale', 'stale']);
    }
  });

  test('ends with the highest version of every message, whatever the order, batches and writers', async (open) => {
    await raceWriters(open, propertyRuns, () => 'write');
  });

  test('ends with the same when some of the writers repair', async (open) => {
    await raceWriters(open, propertyRuns, (writer) => (writer % 2 === 0 ? 'repair' : 'write'));
  });
}

type WayOfWriting = 'write' | 'repair';

async function raceWriters(
  open: () => Promise<MessageStore>,
  propertyRuns: number,
  wayOf: (writer: number) => WayOfWriting,
): Promise<void> {
  const handles = [await open(), await open(), await open()];
  let run = 0;
  await fc.assert(
    fc.asyncProperty(writersArbitrary, async (writers) => {
      const chat = `chat-${run++}`;
      const ofChat = writers.map((batches) =>
        batches.map((batch) => batch.map((m) => ({ ...m, chat_id: chat }))),
      );
      await Promise.all(
        ofChat.map((batches, i) => writeInTurn(handles[i % handles.length]!, batches, wayOf(i))),
      );
      const all = ofChat.flat(2);
      const expected = highestVersions(all);
      const store = handles[run % handles.length]!;
      expect(await readAllPages((page) => store.messages(chat, page), 2)).toEqual(expected);
      const chats = await readAllPages((page) => store.chats(page));
      const stored = chats.filter((summary) => summary.chat_id === chat);
      expect(stored).toEqual(all.length === 0 ? [] : [summaryOf(chat, all)]);
    }),
    { numRuns: propertyRuns },
  );
}

async function writeInTurn(
  store: MessageStore,
  batches: readonly (readonly Message[])[],
  way: WayOfWriting,
): Promise<void> {
  for (const batch of batches) {
    const outcomes = await store[way](FIRST_COLLECTION, batch);
    expect(outcomes.map(({ outcome }) => outcome)).not.toContain('refused');
  }
}

/** What a correct store holds in the end: it does not depend on who came first. */
function highestVersions(versions: readonly Message[]): Message[] {
  const highest = new Map<string, Message>();
  for (const next of versions) {
    const held = highest.get(next.step_id);
    if (held === undefined || isHigher(next, held)) highest.set(next.step_id, next);
  }
  return [...highest.values()].sort(
    (a, b) => Number(orderOf(a) - orderOf(b)) || (a.step_id < b.step_id ? -1 : 1),
  );
}

function isHigher(a: Message, b: Message): boolean {
  return a.rev > b.rev || (a.rev === b.rev && a.fold_version > b.fold_version);
}

function summaryOf(chatId: string, versions: readonly Message[]): ChatSummary {
  const last = versions.reduce((held, next) => (compareLast(next, held) > 0 ? next : held));
  return {
    chat_id: chatId,
    created_at: Math.min(...versions.map((message) => message.started_at)),
    updated_at: Math.max(...versions.map((message) => message.last_event_at)),
    status: last.status,
  };
}

function compareLast(a: Message, b: Message): number {
  return Number(orderOf(a) - orderOf(b)) || a.rev - b.rev;
}

/**
 * Versions of a few messages as projectors make them: an attempt of a step opens at one place of the log,
 * no two steps open at the same, and the content is a function of the version.
 */
const versionArbitrary = fc
  .record({
    step: fc.integer({ min: 0, max: 4 }),
    attempt: fc.integer({ min: 0, max: 2 }),
    events: fc.integer({ min: 1, max: 4 }),
    isEnded: fc.boolean(),
    foldVersion: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ step, attempt, events, isEnded, foldVersion }) => {
    const firstOffset = ((attempt * 3 + step * 7) % 5) * 10 + step + attempt * 100;
    const count = isEnded ? 5 : events;
    return version({
      step: `step-${step}`,
      attempt,
      events: count,
      status: isEnded ? (['complete', 'failed', 'interrupted'] as const)[(step + attempt) % 3]! : 'open',
      foldVersion,
      firstOffset,
      startedAt: START_MICROS + firstOffset * 1_000,
      lastEventAt: START_MICROS + firstOffset * 1_000 + count,
      text: `step ${step}, attempt ${attempt}, ${count} events, fold ${foldVersion}`,
    });
  });

/** At most one version of each message in a batch. */
const batchArbitrary = fc.uniqueArray(versionArbitrary, { selector: (m) => m.step_id, maxLength: 5 });

const writersArbitrary = fc.array(fc.array(batchArbitrary, { maxLength: 6 }), { minLength: 2, maxLength: 4 });
