import { expect } from '@jest/globals';
import { FIRST_COLLECTION, orderOf } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { repairOne, START_MICROS, version, writeOne } from './versions.js';

/** Damage is put into the store by a repair as well: no other way of the port leaves `rev` as it is. */
export function repairTests({ test }: Suite): void {
  test('puts a fresh fold in the place of damaged content, which a write never does', async (open) => {
    const store = await open();
    const sound = version({ status: 'complete', rest: { finish_reason: 'stop' } });
    const { finish_reason: _lost, ...damaged } = { ...sound, model: 'forged', parts: [] };
    expect(await writeOne(store, sound)).toBe('applied');
    expect(await repairOne(store, damaged)).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(damaged);
    expect(await writeOne(store, sound)).toBe('stale');
    expect(await repairOne(store, sound)).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(sound);
    expect(Object.keys((await store.message('chat', 'step'))!).sort()).toEqual(Object.keys(sound).sort());
  });

  test('repairs an open version, and takes the next ones as ever', async (open) => {
    const store = await open();
    await repairOne(store, version({ events: 3, text: 'damaged' }));
    expect(await repairOne(store, version({ events: 3 }))).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(version({ events: 3 }));
    expect(await writeOne(store, version({ events: 4 }))).toBe('applied');
    expect(await repairOne(store, version({ events: 3 }))).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(version({ events: 4 }));
  });

  test('never replaces a higher rev, whatever the fold version', async (open) => {
    const store = await open();
    const ahead = version({ attempt: 1, events: 2 });
    await writeOne(store, ahead);
    for (const foldVersion of [1, 9]) {
      expect(await repairOne(store, version({ events: 9, status: 'complete', foldVersion }))).toBe('stale');
    }
    expect(await store.message('chat', 'step')).toEqual(ahead);
  });

  test('never replaces a higher fold version of the same rev', async (open) => {
    const store = await open();
    const newer = version({ status: 'complete', foldVersion: 2 });
    await writeOne(store, newer);
    expect(await repairOne(store, version({ status: 'complete', foldVersion: 1 }))).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(newer);
  });

  test('raises a lower rev, or a lower fold version of the same', async (open) => {
    const store = await open();
    await writeOne(store, version({ events: 1 }));
    expect(await repairOne(store, version({ events: 2 }))).toBe('applied');
    const refolded = version({ events: 2, foldVersion: 2, text: 'new fold' });
    expect(await repairOne(store, refolded)).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(refolded);
  });

  test('does not let a second opening of an attempt replace the first, but the first the second', async (open) => {
    const store = await open();
    const first = version({ status: 'complete', firstOffset: 10, text: 'first opening' });
    const second = version({ status: 'complete', firstOffset: 11, text: 'second opening' });
    await writeOne(store, second);
    expect(await repairOne(store, first)).toBe('applied');
    expect(await repairOne(store, second)).toBe('stale');
    expect((await store.messages('chat')).items).toEqual([first]);
  });

  test('inserts a message that is missing, with its chat', async (open) => {
    const store = await open();
    const missing = version({ step: 'lost', status: 'complete', firstOffset: 7 });
    await writeOne(store, version({ step: 'kept' }));
    expect(await repairOne(store, missing)).toBe('applied');
    expect((await store.messages('chat')).items.map(orderOf)).toEqual([0n, 7n]);
    expect((await store.chats()).items).toMatchObject([{ chat_id: 'chat', status: 'complete' }]);
  });

  test('raises the chat for what it takes and for what was stale', async (open) => {
    const store = await open();
    await writeOne(store, version({ events: 5 }));
    const earlier = version({ events: 4, startedAt: START_MICROS - 50, lastEventAt: START_MICROS + 900 });
    expect(await repairOne(store, earlier)).toBe('stale');
    expect((await store.chats()).items).toEqual([
      { chat_id: 'chat', created_at: START_MICROS - 50, updated_at: START_MICROS + 900, status: 'open' },
    ]);
  });

  test('answers one outcome for each version, in order, and a refused one harms no other', async (open) => {
    const store = await open();
    await store.write(FIRST_COLLECTION, [
      version({ step: 'b', events: 5 }),
      version({ step: 'd', events: 5 }),
    ]);
    const outcomes = await store.repair(FIRST_COLLECTION, [
      version({ step: 'a' }),
      version({ step: 'b', events: 4 }),
      version({ step: 'c', rest: { parts: [null] as never } }),
      version({ step: 'd', events: 5, text: 'again' }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'stale', 'refused', 'applied']);
    expect(await store.repair(FIRST_COLLECTION, [])).toEqual([]);
  });

  test('ends with the higher version when it races with a writer, whoever has it', async (open) => {
    const [one, other] = [await open(), await open()];
    for (let i = 0; i < 40; i++) {
      const step = `step-${i}`;
      const low = version({ step, events: 3, firstOffset: i });
      const high = version({ step, events: 9, status: 'complete', firstOffset: i });
      const damaged = version({ step, events: 3, firstOffset: i, text: 'damaged' });
      if (i % 4 < 2) await repairOne(one, damaged);
      await Promise.all(
        i % 2 === 0
          ? [repairOne(one, low), writeOne(other, high)]
          : [writeOne(one, low), repairOne(other, high)],
      );
      expect(await one.message('chat', step)).toEqual(high);
      expect(await other.message('chat', step)).toEqual(high);
    }
  });
}
