import { expect } from '@jest/globals';
import { FIRST_COLLECTION } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { readAllPages, stepIdsOf, version, writeOne } from './versions.js';

/** Ids that begin like another, or that a sloppy store would take for another. */
const similarIds: readonly string[] = [
  'a',
  'A',
  'aa',
  'a-',
  'a.',
  'a.b',
  'a/',
  'a/b',
  'a//b',
  'a0',
  'a@',
  'a_',
  'a~',
  '-',
  '0',
  '00',
  '~',
  '~~',
  '__proto__',
  'constructor',
  'x'.repeat(199),
  'x'.repeat(200),
];

/** What a query string or a bug may bring: none of them is an id. */
const hostileIds: readonly unknown[] = [
  '',
  ' ',
  'a ',
  '\0',
  'a\0',
  'a\0step',
  'a:step',
  'a*',
  '%',
  '.',
  '.a',
  '../a',
  '$gt',
  '{"$ne":null}',
  'a\n',
  'ä',
  '\ud800',
  '\uffff',
  'x'.repeat(201),
  'x'.repeat(100_000),
  { $ne: null },
  { $gt: '' },
  ['a'],
  null,
  undefined,
  0,
];

export function isolationTests({ test }: Suite): void {
  test('keeps chats apart whose ids begin alike', async (open) => {
    const store = await open();
    for (const chat of similarIds) await writeOne(store, version({ chat, step: `of-${chat.slice(0, 190)}` }));
    for (const chat of similarIds) {
      for (const limit of [undefined, 1]) {
        const messages = await readAllPages((page) => store.messages(chat, page), limit);
        expect(messages.map((message) => message.chat_id)).toEqual([chat]);
      }
    }
    const chats = await readAllPages((page) => store.chats(page), 5);
    expect(chats.map((chat) => chat.chat_id).sort()).toEqual([...similarIds].sort());
  });

  test('keeps steps apart whose ids begin alike', async (open) => {
    const store = await open();
    const messages = similarIds.map((step, i) => version({ step, firstOffset: i }));
    await store.write(FIRST_COLLECTION, messages);
    expect(await stepIdsOf(store, 'chat', 3)).toEqual(similarIds);
    for (const message of messages) expect(await store.message('chat', message.step_id)).toEqual(message);
  });

  test('never takes the border of chat_id and step_id for another', async (open) => {
    const store = await open();
    const pairs: [chat: string, step: string][] = [
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a', 'b.c'],
      ['a.b', 'c'],
      ['ab', 'c'],
      ['a', 'bc'],
    ];
    for (const [chat, step] of pairs) {
      expect(await writeOne(store, version({ chat, step, text: `${chat} and ${step}` }))).toBe('applied');
    }
    for (const [chat, step] of pairs) {
      expect(await store.message(chat, step)).toEqual(version({ chat, step, text: `${chat} and ${step}` }));
    }
  });

  test('finds nothing under what is no id', async (open) => {
    const store = await open();
    for (const chat of ['a', 'b', 'zz']) await writeOne(store, version({ chat }));
    for (const id of hostileIds as readonly string[]) {
      expect([id, await store.messages(id)]).toEqual([id, { items: [] }]);
      expect([id, await store.message(id, 'step')]).toEqual([id, undefined]);
      expect([id, await store.message('a', id)]).toEqual([id, undefined]);
    }
  });

  test('stays within the chat when a cursor comes from another', async (open) => {
    const store = await open();
    await store.write(FIRST_COLLECTION, [
      version({ chat: 'a', step: 'x', firstOffset: 1 }),
      version({ chat: 'a', step: 'y', firstOffset: 2 }),
      version({ chat: 'b', step: 'x', firstOffset: 3 }),
      version({ chat: 'b', step: 'y', firstOffset: 4 }),
      version({ chat: 'c', step: 'x', firstOffset: 5 }),
    ]);
    const { nextCursor } = await store.messages('b', { limit: 1 });
    expect(await store.messages('a', { cursor: nextCursor! })).toEqual({ items: [] });
    const behind = await store.messages('c', { cursor: nextCursor! });
    expect(behind.items.map((message) => message.chat_id)).toEqual(['c']);
    const highest = '9223372036854775807:~';
    expect(await store.messages('a', { cursor: highest })).toEqual({ items: [] });
    const lowest = await store.messages('b', { cursor: '0:-' });
    expect(lowest.items.map((message) => message.chat_id)).toEqual(['b', 'b']);
  });
}
