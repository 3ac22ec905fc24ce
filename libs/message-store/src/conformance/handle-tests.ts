import { expect } from '@jest/globals';
import { FIRST_COLLECTION } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { START_MICROS, readAllPages, textPart, version, writeOne } from './versions.js';

export function handleTests({ test }: Suite): void {
  test('has everything that was answered after all handles were closed', async (open) => {
    const store = await open();
    const message = version({ status: 'complete' });
    await writeOne(store, message);
    await store.write('shadow', [version({ step: 'in-shadow' })]);
    await store.raiseProgress({ generation: 1, partition: 2, folded_to: 3 });
    await store.writeDeadLetters([
      {
        id: 't:0:1',
        stage: 'writer',
        reason: 'store-refused',
        detail: 'd',
        key: null,
        value: new Uint8Array([0, 255]),
        at: START_MICROS,
      },
    ]);
    const chats = await store.chats();
    expect(await store.switchLiveCollection(FIRST_COLLECTION, 'shadow')).toBe(true);
    await store.close();

    const reopened = await open();
    expect(await reopened.liveCollection()).toBe('shadow');
    expect((await reopened.message('chat', 'in-shadow'))?.step_id).toBe('in-shadow');
    await reopened.switchLiveCollection('shadow', FIRST_COLLECTION);
    expect(await reopened.message('chat', 'step')).toEqual(message);
    expect(chats.items).toHaveLength(1);
    expect(await reopened.chats()).toEqual(chats);
    expect(await reopened.progress(1)).toEqual([{ generation: 1, partition: 2, folded_to: 3 }]);
    expect((await reopened.deadLetters()).items.map(({ id }) => id)).toEqual(['t:0:1']);
    expect(await writeOne(reopened, message)).toBe('stale');
  });

  test('shows at once what another handle was answered', async (open) => {
    const [one, other] = [await open(), await open()];
    for (let events = 1; events <= 30; events++) {
      const [writer, reader] = events % 2 === 0 ? [one, other] : [other, one];
      const next = version({ events });
      expect(await reader.message('chat', 'step')).toEqual(
        events === 1 ? undefined : version({ events: events - 1 }),
      );
      expect(await writeOne(writer, next)).toBe('applied');
      expect(await reader.message('chat', 'step')).toEqual(next);
      expect((await reader.messages('chat')).items).toEqual([next]);
      expect((await reader.chats()).items[0]?.updated_at).toBe(next.last_event_at);
    }
  });

  test('shows readers one version of a message, never a mixture of two', async (open) => {
    const [store, reader] = [await open(), await open()];
    const writer = { isDone: false };
    const writing = (async () => {
      for (let events = 1; events <= 60; events++) {
        const text = `${events} `.repeat(events * 50);
        const parts = Array.from({ length: 1 + (events % 5) }, () => textPart(text));
        await writeOne(store, version({ events, rest: { parts, omitted_events: events } }));
      }
      writer.isDone = true;
    })();
    let lastEvents = 0;
    do {
      const read = await reader.message('chat', 'step');
      const paged = (await reader.messages('chat')).items[0];
      for (const message of [read, paged]) {
        if (message === undefined) continue;
        expect(message.events).toBeGreaterThanOrEqual(lastEvents);
        lastEvents = message.events;
        expect(message.omitted_events).toBe(lastEvents);
        expect(message.parts).toHaveLength(1 + (lastEvents % 5));
        expect(message.parts[0]).toEqual(textPart(`${lastEvents} `.repeat(lastEvents * 50)));
      }
    } while (!writer.isDone);
    await writing;
    expect((await reader.message('chat', 'step'))?.events).toBe(60);
  });

  test('closes one handle without harm to another, and twice without harm at all', async (open) => {
    const [one, other] = [await open(), await open()];
    await writeOne(one, version({ events: 1 }));
    await one.close();
    await one.close();
    expect(await writeOne(other, version({ events: 2 }))).toBe('applied');
    expect((await readAllPages((page) => other.messages('chat', page))).map(({ events }) => events)).toEqual([
      2,
    ]);
    await other[Symbol.asyncDispose]();
    expect((await (await open()).message('chat', 'step'))?.events).toBe(2);
  });

  test('fails what is asked of a closed handle', async (open) => {
    const store = await open();
    await writeOne(store, version());
    await store.close();
    await expect(store.message('chat', 'step')).rejects.toThrow();
    await expect(store.messages('chat')).rejects.toThrow();
    await expect(store.write(FIRST_COLLECTION, [version()])).rejects.toThrow();
    await expect(store.raiseProgress({ generation: 0, partition: 0, folded_to: 1 })).rejects.toThrow();
  });
}
