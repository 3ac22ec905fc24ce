import { expect } from '@jest/globals';
import { FIRST_COLLECTION } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { badCursors } from './paging-tests.js';
import { START_MICROS, readAllPages, version, writeOne } from './versions.js';

export function chatTests({ test }: Suite): void {
  test('has no chats at first', async (open) => {
    expect(await (await open()).chats()).toEqual({ items: [] });
  });

  test('sums up a chat: lowest start, highest activity, status of the last message', async (open) => {
    const store = await open();
    const [t, second] = [START_MICROS, 1_000_000];
    await store.write(FIRST_COLLECTION, [
      version({ step: 'b', firstOffset: 20, startedAt: t + second, lastEventAt: t + 9 * second }),
      version({ step: 'a', firstOffset: 10, startedAt: t, lastEventAt: t + 2 * second, status: 'failed' }),
    ]);
    expect((await store.chats()).items).toEqual([
      { chat_id: 'chat', created_at: t, updated_at: t + 9 * second, status: 'open' },
    ]);
    await writeOne(
      store,
      version({
        step: 'b',
        firstOffset: 20,
        startedAt: t + second,
        lastEventAt: t + 9 * second,
        status: 'complete',
      }),
    );
    expect((await store.chats()).items[0]?.status).toBe('complete');
    await writeOne(
      store,
      version({
        step: 'a',
        attempt: 1,
        firstOffset: 30,
        startedAt: t + 5 * second,
        lastEventAt: t + 6 * second,
      }),
    );
    expect((await store.chats()).items).toEqual([
      { chat_id: 'chat', created_at: t, updated_at: t + 9 * second, status: 'open' },
    ]);
  });

  test('takes the status of the step that comes last, not of the one written last', async (open) => {
    const store = await open();
    await writeOne(store, version({ step: 'late', firstOffset: 2 ** 40, status: 'interrupted' }));
    await writeOne(store, version({ step: 'early', firstOffset: 99, status: 'complete' }));
    expect((await store.chats()).items[0]?.status).toBe('interrupted');
  });

  test('takes stale versions into the chat as well: a repeated batch must repeat it', async (open) => {
    const store = await open();
    await writeOne(store, version({ events: 9, startedAt: START_MICROS, lastEventAt: START_MICROS + 50 }));
    const stale = version({ events: 3, startedAt: START_MICROS - 7, lastEventAt: START_MICROS + 90 });
    expect(await writeOne(store, stale)).toBe('stale');
    expect((await store.chats()).items).toEqual([
      { chat_id: 'chat', created_at: START_MICROS - 7, updated_at: START_MICROS + 90, status: 'open' },
    ]);
  });

  test('never lowers a chat, however often and in whatever order versions come again', async (open) => {
    const store = await open();
    const versions = [
      version({ step: 'a', events: 1, firstOffset: 1, lastEventAt: START_MICROS + 5 }),
      version({ step: 'a', events: 2, firstOffset: 1, status: 'complete', lastEventAt: START_MICROS + 8 }),
      version({ step: 'b', events: 1, firstOffset: 2, lastEventAt: START_MICROS + 9 }),
      version({ step: 'b', events: 7, firstOffset: 2, status: 'failed', lastEventAt: START_MICROS + 30 }),
    ];
    for (const next of versions) await writeOne(store, next);
    const before = await store.chats();
    expect(before.items[0]?.status).toBe('failed');
    for (const next of [...versions, ...versions.toReversed()]) {
      await writeOne(store, next);
      expect(await store.chats()).toEqual(before);
    }
  });

  test('gives the chats last active first, each once, whatever the limit', async (open) => {
    const store = await open();
    const order = [7, 1, 30, 4, 12, 29, 3, 18, 25, 9];
    for (const i of order) {
      await writeOne(store, version({ chat: `chat-${i}`, lastEventAt: START_MICROS + i * 1_000 }));
    }
    const expected = order.toSorted((a, b) => b - a).map((i) => `chat-${i}`);
    for (const limit of [undefined, 1, 3, 10, 11]) {
      const chats = await readAllPages((page) => store.chats(page), limit);
      expect(chats.map((chat) => chat.chat_id)).toEqual(expected);
    }
    await writeOne(store, version({ chat: 'chat-1', events: 2, lastEventAt: START_MICROS + 99_000 }));
    const again = await readAllPages((page) => store.chats(page), 4);
    expect(again.map((chat) => chat.chat_id)).toEqual([
      'chat-1',
      ...expected.filter((id) => id !== 'chat-1'),
    ]);
  });

  test('gives chats of equal activity once each, over pages', async (open) => {
    const store = await open();
    const ids = Array.from({ length: 23 }, (_, i) => `chat-${i}`);
    await store.write(
      FIRST_COLLECTION,
      ids.map((chat) => version({ chat })),
    );
    const chats = await readAllPages((page) => store.chats(page), 5);
    expect(chats.map((chat) => chat.chat_id).sort()).toEqual([...ids].sort());
  });

  test('neither repeats nor loses a chat that is not active between pages', async (open) => {
    const store = await open();
    const ids = Array.from({ length: 20 }, (_, i) => `chat-${i}`);
    await store.write(
      FIRST_COLLECTION,
      ids.map((chat, i) => version({ chat, lastEventAt: START_MICROS + i })),
    );
    let round = 0;
    const seen = await readAllPages(
      (page) => store.chats(page),
      3,
      async () => {
        round++;
        const active = round % 2 === 0 ? 'chat-1' : `new-${round}`;
        await writeOne(
          store,
          version({ chat: active, events: 1 + round, lastEventAt: START_MICROS + 1_000 + round }),
        );
      },
    );
    const seenIds = seen.map((chat) => chat.chat_id);
    for (const id of ids) {
      if (id !== 'chat-1') expect(seenIds.filter((seenId) => seenId === id)).toEqual([id]);
    }
  });

  test('refuses a cursor of chats that is not one of its own', async (open) => {
    const store = await open();
    await writeOne(store, version());
    for (const cursor of badCursors) {
      const answer = await store.chats({ cursor }).catch((error: unknown) => error);
      expect({ cursor, answer }).toMatchObject({ cursor, answer: { name: 'UsageError', code: 'bad-usage' } });
    }
  });
}
