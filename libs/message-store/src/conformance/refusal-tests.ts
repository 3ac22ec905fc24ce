import { expect } from '@jest/globals';
import { MESSAGE_BYTES_MAX } from '@stepfold/fold';
import { FIRST_COLLECTION } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { textPart, version, writeOne } from './versions.js';

const NESTED_LEVELS = 100_000;
const OVERSIZE_CHARACTERS = 17 * 1024 * 1024;

export function refusalTests({ test }: Suite): void {
  test('refuses a version that is too large with a sentence, and harms no other of the batch', async (open) => {
    const store = await open();
    const outcomes = await store.write(FIRST_COLLECTION, [
      version({ step: 'before' }),
      version({ step: 'large', text: 'x'.repeat(OVERSIZE_CHARACTERS) }),
      version({ step: 'behind', firstOffset: 5 }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'refused', 'applied']);
    const refused = outcomes[1];
    if (refused?.outcome !== 'refused') throw new Error('not refused');
    expect(refused.detail.length).toBeGreaterThan(10);
    expect(refused.detail.length).toBeLessThan(1_000);
    expect(refused.detail).not.toContain('xxxx');
    expect(await store.message('chat', 'large')).toBeUndefined();
    const stored = await store.messages('chat');
    expect(stored.items.map((message) => message.step_id)).toEqual(['before', 'behind']);
  });

  test('refuses what cannot be a message with a sentence, and harms no other of the batch', async (open) => {
    const store = await open();
    // Parsed, as from a log that a stranger has written to: nothing of it is too deep for a parser.
    const nested = JSON.parse('['.repeat(NESTED_LEVELS) + ']'.repeat(NESTED_LEVELS)) as never;
    const outcomes = await store.write(FIRST_COLLECTION, [
      version({ step: 'before' }),
      version({ step: 'no-parts', rest: { parts: [null, 5] as never } }),
      version({ step: 'nested', rest: { parts: [{ ...textPart('text'), metadata: nested }] } }),
      version({ step: 'behind', firstOffset: 5 }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'refused', 'refused', 'applied']);
    expect((await store.messages('chat')).items.map((message) => message.step_id)).toEqual([
      'before',
      'behind',
    ]);
  });

  test('leaves the message and its chat as they were when a later version is refused', async (open) => {
    const store = await open();
    const small = version({ events: 1 });
    await writeOne(store, small);
    const before = await store.chats();
    const large = version({
      events: 2,
      text: 'x'.repeat(OVERSIZE_CHARACTERS),
      lastEventAt: small.last_event_at + 9,
    });
    expect(await writeOne(store, large)).toBe('refused');
    expect(await store.message('chat', 'step')).toEqual(small);
    expect(await store.chats()).toEqual(before);
  });

  test('takes the largest message that the fold makes', async (open) => {
    const store = await open();
    const spare = 20_000;
    const parts = Array.from({ length: 4 }, () => textPart('ä'.repeat((MESSAGE_BYTES_MAX - spare) / 8)));
    const largest = version({ status: 'complete', rest: { parts, digest: `sha256:${'0'.repeat(64)}` } });
    expect(await writeOne(store, largest)).toBe('applied');
    const stored = await store.message('chat', 'step');
    expect(JSON.stringify(stored?.parts) === JSON.stringify(parts)).toBe(true);
    expect((await store.messages('chat')).items).toHaveLength(1);
  });
}
