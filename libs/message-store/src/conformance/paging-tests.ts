import { expect } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { FIRST_COLLECTION, type MessageStore } from '../message-store.js';
import { PAGE_BYTES_MAX, PAGE_ITEMS_MAX } from '../page-limits.js';
import type { Suite } from './message-store-conformance.js';
import { readAllPages, stepIdsOf, version, writeOne } from './versions.js';

export function pagingTests({ test }: Suite): void {
  test('gives nothing of an unknown chat', async (open) => {
    const store = await open();
    await writeOne(store, version());
    expect(await store.messages('unknown')).toEqual({ items: [] });
    expect(await store.message('unknown', 'step')).toBeUndefined();
    expect(await store.message('chat', 'unknown')).toBeUndefined();
  });

  test('orders messages by the place of their attempt on the log, as numbers, whenever they were written', async (open) => {
    const store = await open();
    const places: [step: string, generation: number, firstOffset: number][] = [
      ['a', 1, 0],
      ['b', 0, 2 ** 48 - 1],
      ['c', 0, 10],
      ['d', 0, 9],
      ['e', 0, 100],
      ['f', 32_767, 5],
      ['g', 0, 0],
    ];
    for (const [step, generation, firstOffset] of places) {
      await writeOne(store, version({ step, generation, firstOffset }));
    }
    expect(await stepIdsOf(store, 'chat')).toEqual(['g', 'd', 'c', 'e', 'b', 'a', 'f']);
  });

  test('orders messages of one place by step_id, compared as bytes', async (open) => {
    const store = await open();
    const steps = ['-', '/', '0', '10', '9', '@', 'A', 'Z', '_', 'a', 'a-', 'a.b', 'aa', 'b', '~'];
    const messages = steps.map((step) => {
      const { log: _log, ...message } = version({ step });
      return message;
    });
    await store.write(FIRST_COLLECTION, messages.toReversed());
    for (const limit of [undefined, 1, 4]) expect(await stepIdsOf(store, 'chat', limit)).toEqual(steps);
  });

  test('moves a step that is retried to the place of its new attempt, once it is opened', async (open) => {
    const store = await open();
    await store.write(FIRST_COLLECTION, [
      version({ step: 'a', firstOffset: 1 }),
      version({ step: 'b', firstOffset: 2 }),
      version({ step: 'c', firstOffset: 3 }),
    ]);
    await writeOne(store, version({ step: 'a', attempt: 1, firstOffset: 9 }));
    for (const limit of [undefined, 1, 2])
      expect(await stepIdsOf(store, 'chat', limit)).toEqual(['b', 'c', 'a']);
    expect((await store.message('chat', 'a'))?.attempt).toBe(1);
    expect(await writeOne(store, version({ step: 'a', events: 50, firstOffset: 1 }))).toBe('stale');
    expect(await stepIdsOf(store, 'chat')).toEqual(['b', 'c', 'a']);
  });

  test('gives every message once, whatever the limit, and 100 of them without one', async (open) => {
    const store = await open();
    const steps = await writeSteps(store, 205);
    const first = await store.messages('chat');
    expect(first.items).toHaveLength(100);
    expect(first.nextCursor).toBeDefined();
    for (const limit of [1, 2, 7, 100, 204, 205, 206, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      expect(await stepIdsOf(store, 'chat', limit)).toEqual(steps);
    }
    for (const limit of [1, 3, 205]) {
      expect((await store.messages('chat', { limit })).items).toHaveLength(limit);
    }
  });

  test('gives no page of more than PAGE_ITEMS_MAX messages, whatever the limit', async (open) => {
    const store = await open();
    await writeSteps(store, PAGE_ITEMS_MAX + 1);
    const { items, nextCursor } = await store.messages('chat', { limit: PAGE_ITEMS_MAX * 10 });
    expect(items).toHaveLength(PAGE_ITEMS_MAX);
    expect((await store.messages('chat', { cursor: nextCursor! })).items).toHaveLength(1);
  });

  test('ends a page of long messages with the one that reaches PAGE_BYTES_MAX, and gives each of them once', async (open) => {
    const store = await open();
    const steps: string[] = [];
    for (let i = 0; i < 5; i++) {
      const step = `step-${i}`;
      steps.push(step);
      await writeOne(store, version({ step, firstOffset: i, text: 'x'.repeat(6 * 1024 * 1024) }));
    }
    expect(PAGE_BYTES_MAX / 1024 / 1024).toBe(16);
    expect((await store.messages('chat')).items).toHaveLength(3);
    expect(await stepIdsOf(store, 'chat')).toEqual(steps);
  });

  test('goes on behind a cursor in another handle, and after a restart', async (open) => {
    const store = await open();
    const steps = await writeSteps(store, 6);
    const { nextCursor } = await store.messages('chat', { limit: 3 });
    await store.close();
    const reopened = await open();
    const rest = await reopened.messages('chat', { cursor: nextCursor! });
    expect(rest.items.map((message) => message.step_id)).toEqual(steps.slice(3));
  });

  test('neither repeats nor loses a step that stays where it is while others are written between pages', async (open) => {
    const [reader, writer] = [await open(), await open()];
    const firstOffsets = new Map<string, number>();
    for (let i = 0; i < 40; i++) firstOffsets.set(`step-${i}`, 1_000 + i * 10);
    const retried = new Set<string>();
    await writer.write(
      FIRST_COLLECTION,
      [...firstOffsets].map(([step, firstOffset]) => version({ step, firstOffset })),
    );
    let round = 0;
    const seen = await readAllPages(
      (page) => reader.messages('chat', page),
      3,
      async (items) => {
        round++;
        const [before, behind] = [`step-${round}`, `step-${39 - round}`];
        const last = items.at(-1)?.log?.first_offset ?? 0;
        const batch: Message[] = [
          version({ step: `new-before-${round}`, firstOffset: round }),
          version({ step: `new-beside-${round}`, firstOffset: last + 1 }),
        ];
        for (const step of [before, behind]) {
          if (retried.has(step) || !firstOffsets.has(step)) continue;
          if (round % 2 === 0) {
            retried.add(step);
            batch.push(version({ step, attempt: 1, firstOffset: 100_000 + retried.size }));
          } else {
            batch.push(version({ step, events: 2, firstOffset: firstOffsets.get(step)! }));
          }
        }
        if (round < 30) await writer.write(FIRST_COLLECTION, batch);
      },
    );
    expect(retried.size).toBeGreaterThan(3);
    const counts = new Map<string, number>();
    for (const { step_id } of seen) counts.set(step_id, (counts.get(step_id) ?? 0) + 1);
    for (const step of firstOffsets.keys()) {
      if (retried.has(step)) expect(counts.get(step)).toBeGreaterThanOrEqual(1);
      else expect([step, counts.get(step)]).toEqual([step, 1]);
    }
    const places = seen.map((message) => message.log!.first_offset);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('refuses a cursor of messages that is not one of its own', async (open) => {
    const store = await open();
    await writeSteps(store, 3);
    for (const cursor of badCursors) {
      const answer = await store.messages('chat', { cursor }).catch((error: unknown) => error);
      expect({ cursor, answer }).toMatchObject({ cursor, answer: { name: 'UsageError', code: 'bad-usage' } });
    }
    await expect(store.messages('unknown', { cursor: 'x' })).rejects.toMatchObject({ code: 'bad-usage' });
  });

  test('refuses a limit that is not a whole number of at least 1', async (open) => {
    const store = await open();
    await writeSteps(store, 3);
    for (const limit of badLimits) {
      const refused = { name: 'UsageError', code: 'bad-usage' };
      await expect(store.messages('chat', { limit })).rejects.toMatchObject(refused);
      await expect(store.chats({ limit })).rejects.toMatchObject(refused);
      await expect(store.deadLetters({ limit })).rejects.toMatchObject(refused);
    }
  });
}

export const badCursors: readonly string[] = [
  '',
  ' ',
  'step',
  '12',
  '12:',
  ':step',
  ' 1:step',
  '-1:step',
  '+1:step',
  '1.5:step',
  '1e3:step',
  '0x10:step',
  '9223372036854775808:step',
  `${'9'.repeat(400)}:step`,
  '1:step:2',
  '1:step\0',
  '1:ste p',
  '1:.step',
  '1:$step',
  `1:${'x'.repeat(201)}`,
  '{"$gt":""}',
  '../../etc/passwd',
];

export const badLimits: readonly number[] = [
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '10' as unknown as number,
];

async function writeSteps(store: MessageStore, count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, i) =>
    version({ step: `step-${i}`, firstOffset: i * 3 }),
  );
  await store.write(FIRST_COLLECTION, messages);
  return messages.map((message) => message.step_id);
}
