import { expect } from '@jest/globals';
import { FIRST_COLLECTION } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { stepIdsOf, version, writeOne } from './versions.js';

export function liveCollectionTests({ test }: Suite): void {
  test('begins with the first collection', async (open) => {
    expect(await (await open()).liveCollection()).toBe(FIRST_COLLECTION);
  });

  test('switches only from the collection that is live, for every handle at once', async (open) => {
    const [one, other] = [await open(), await open()];
    expect(await one.switchLiveCollection('shadow', 'other')).toBe(false);
    expect(await one.liveCollection()).toBe(FIRST_COLLECTION);
    expect(await one.switchLiveCollection(FIRST_COLLECTION, 'shadow')).toBe(true);
    expect(await other.liveCollection()).toBe('shadow');
    expect(await other.switchLiveCollection(FIRST_COLLECTION, 'third')).toBe(false);
    expect(await other.switchLiveCollection('shadow', FIRST_COLLECTION)).toBe(true);
    expect(await one.liveCollection()).toBe(FIRST_COLLECTION);
  });

  test('lets one of several switches that race win', async (open) => {
    const handles = [await open(), await open(), await open()];
    const names = Array.from({ length: 9 }, (_, i) => `shadow-${i}`);
    const answers = await Promise.all(
      names.map((name, i) => handles[i % handles.length]!.switchLiveCollection(FIRST_COLLECTION, name)),
    );
    expect(answers.filter((isSwitched) => isSwitched)).toHaveLength(1);
    expect(await handles[0]!.liveCollection()).toBe(names[answers.indexOf(true)]);
  });

  test('keeps collections apart, and shows the live one', async (open) => {
    const [writer, reader] = [await open(), await open()];
    const live = version({ step: 'a', text: 'live', status: 'complete' });
    const shadow = version({ step: 'a', text: 'shadow' });
    const onlyShadow = version({ step: 'b', firstOffset: 5 });
    await writeOne(writer, live);
    const outcomes = await writer.write('messages-2', [shadow, onlyShadow]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);

    expect(await reader.message('chat', 'a')).toEqual(live);
    expect(await reader.message('chat', 'b')).toBeUndefined();
    expect(await stepIdsOf(reader, 'chat')).toEqual(['a']);

    await writer.switchLiveCollection(FIRST_COLLECTION, 'messages-2');
    expect(await reader.message('chat', 'a')).toEqual(shadow);
    expect(await stepIdsOf(reader, 'chat')).toEqual(['a', 'b']);

    await writer.switchLiveCollection('messages-2', FIRST_COLLECTION);
    expect(await reader.message('chat', 'a')).toEqual(live);
    expect(await stepIdsOf(reader, 'chat')).toEqual(['a']);
  });

  test('keeps collections apart whose names begin alike', async (open) => {
    const store = await open();
    const names = [FIRST_COLLECTION, `${FIRST_COLLECTION}-2`, `${FIRST_COLLECTION}-20`, 'mess'];
    for (const name of names) await store.write(name, [version({ step: `of-${name}` })]);
    let live = FIRST_COLLECTION;
    for (const name of names) {
      await store.switchLiveCollection(live, name);
      live = name;
      expect(await stepIdsOf(store, 'chat')).toEqual([`of-${name}`]);
    }
  });
}
