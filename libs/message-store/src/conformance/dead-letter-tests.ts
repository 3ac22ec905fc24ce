import { expect } from '@jest/globals';
import type { DeadLetter } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { START_MICROS, readAllPages } from './versions.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

function letter(fields: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: 'stepfold.events:0:7',
    stage: 'projector',
    reason: 'bad-json',
    detail: 'The record is no JSON.',
    key: everyByte,
    value: everyByte.toReversed(),
    at: START_MICROS,
    ...fields,
  };
}

export function deadLetterTests({ test }: Suite): void {
  test('has no dead letters at first', async (open) => {
    const store = await open();
    await store.writeDeadLetters([]);
    expect(await store.deadLetters()).toEqual({ items: [] });
  });

  test('gives the bytes of key and value back exactly, and tells an empty one from none', async (open) => {
    const store = await open();
    const letters = [
      letter({ id: 't:0:1', chat_id: 'chat', step_id: 'step', stage: 'writer', reason: 'store-refused' }),
      letter({ id: 't:0:2', key: null, value: null }),
      letter({ id: 't:0:3', key: new Uint8Array(0), value: new Uint8Array(0) }),
      letter({ id: 't:0:4', value: new Uint8Array(1024 * 1024).fill(0xff), detail: 'ü 😀 \n "' }),
      letter({ id: 't:0:5', key: null, value: new TextEncoder().encode('{"v":1}'), chat_id: 'chat' }),
    ];
    await store.writeDeadLetters(letters);
    const stored = (await store.deadLetters()).items;
    expect(stored.map(comparable)).toEqual(letters.map(comparable));
    for (const { key, value } of stored) {
      expect(key === null || key instanceof Uint8Array).toBe(true);
      expect(value === null || value instanceof Uint8Array).toBe(true);
    }
  });

  test('leaves a letter that is there alone', async (open) => {
    const store = await open();
    await store.writeDeadLetters([letter({ detail: 'first' })]);
    await store.writeDeadLetters([letter({ detail: 'second', key: null }), letter({ id: 'z:0:1' })]);
    const stored = (await store.deadLetters()).items;
    expect(stored.map(comparable)).toEqual(
      [letter({ detail: 'first' }), letter({ id: 'z:0:1' })].map(comparable),
    );
  });

  test('keeps one of several letters of one id that race', async (open) => {
    const handles = [await open(), await open()];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        handles[i % 2]!.writeDeadLetters([letter({ detail: `letter ${i}` }), letter({ id: `t:1:${i}` })]),
      ),
    );
    const stored = await readAllPages((page) => handles[0]!.deadLetters(page), 4);
    expect(stored).toHaveLength(21);
    expect(new Set(stored.map(({ id }) => id)).size).toBe(21);
  });

  test('gives letters in order of their ids, each once, whatever the limit', async (open) => {
    const store = await open();
    const ids = [
      'a.events:0:1',
      'a.events:0:10',
      'a.events:0:2',
      'a.events:10:0',
      'a.events:1:0',
      'a:0:0',
      'b:0:0',
    ];
    await store.writeDeadLetters(ids.map((id) => letter({ id })));
    for (const limit of [undefined, 1, 3, 7, 100]) {
      const letters = await readAllPages((page) => store.deadLetters(page), limit);
      expect(letters.map(({ id }) => id)).toEqual(ids.toSorted());
    }
  });

  test('gives large letters in pages, each of them once', async (open) => {
    const store = await open();
    const value = new Uint8Array(1024 * 1024).fill(7);
    const ids = Array.from({ length: 24 }, (_, i) => `t:0:${1_000 + i}`);
    await store.writeDeadLetters(ids.map((id) => letter({ id, value })));
    const letters = await readAllPages((page) => store.deadLetters(page));
    expect(letters.map(({ id }) => id)).toEqual(ids);
  });

  test('refuses an empty cursor', async (open) => {
    const store = await open();
    await store.writeDeadLetters([letter()]);
    await expect(store.deadLetters({ cursor: '' })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'bad-usage',
    });
  });
}

/** Bytes as hexadecimal text: quick to compare, and no matter which class of byte array holds them. */
function comparable(dead: DeadLetter): Record<string, unknown> {
  return { ...dead, key: hex(dead.key), value: hex(dead.value) };
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
