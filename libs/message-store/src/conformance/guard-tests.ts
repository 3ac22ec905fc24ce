import { expect } from '@jest/globals';
import { FIRST_COLLECTION } from '../message-store.js';
import type { Suite } from './message-store-conformance.js';
import { version, writeOne } from './versions.js';

export function guardTests({ test }: Suite): void {
  test('takes a first version, and then higher ones', async (open) => {
    const store = await open();
    for (const next of [version({ events: 1 }), version({ events: 2 }), version({ events: 9 })]) {
      expect(await writeOne(store, next)).toBe('applied');
      expect(await store.message('chat', 'step')).toEqual(next);
    }
  });

  test('answers stale for the same version again, and changes nothing', async (open) => {
    const store = await open();
    await writeOne(store, version({ events: 2 }));
    expect(await writeOne(store, version({ events: 2, text: 'the same rev' }))).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(version({ events: 2 }));
  });

  test('answers stale for a lower rev, and changes nothing', async (open) => {
    const store = await open();
    await writeOne(store, version({ events: 5 }));
    expect(await writeOne(store, version({ events: 4, foldVersion: 7 }))).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(version({ events: 5 }));
  });

  test('lets only a higher attempt overtake a step that has ended', async (open) => {
    const store = await open();
    const ended = version({ events: 3, status: 'complete' });
    await writeOne(store, ended);
    expect(await writeOne(store, version({ events: 1_000_000 }))).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(ended);
    const retried = version({ attempt: 1, events: 1, firstOffset: 50 });
    expect(await writeOne(store, retried)).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(retried);
  });

  test('takes an equal rev of a higher fold version, once', async (open) => {
    const store = await open();
    await writeOne(store, version({ status: 'complete', foldVersion: 1, text: 'old fold' }));
    const refolded = version({ status: 'complete', foldVersion: 2, text: 'new fold' });
    expect(await writeOne(store, refolded)).toBe('applied');
    expect(await writeOne(store, refolded)).toBe('stale');
    expect(await writeOne(store, version({ status: 'complete', foldVersion: 1 }))).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(refolded);
  });

  test('takes a higher rev of a lower fold version', async (open) => {
    const store = await open();
    await writeOne(store, version({ events: 3, foldVersion: 2 }));
    const next = version({ events: 4, foldVersion: 1 });
    expect(await writeOne(store, next)).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(next);
  });

  test('does not let a later second opening of an attempt replace the first, whatever its fold version', async (open) => {
    const store = await open();
    const first = version({ status: 'complete', firstOffset: 10 });
    await writeOne(store, first);
    const second = version({ status: 'complete', firstOffset: 11, foldVersion: 2, text: 'second opening' });
    expect(await writeOne(store, second)).toBe('stale');
    expect(await store.message('chat', 'step')).toEqual(first);
  });

  test('lets a higher fold version that knows the first opening replace the second', async (open) => {
    const store = await open();
    await writeOne(store, version({ status: 'complete', firstOffset: 11, text: 'second opening' }));
    const first = version({ status: 'complete', firstOffset: 10, foldVersion: 2 });
    expect(await writeOne(store, first)).toBe('applied');
    expect(await store.message('chat', 'step')).toEqual(first);
    expect((await store.messages('chat')).items).toEqual([first]);
  });

  test('compares orders across log generations exactly, beyond 2^53', async (open) => {
    const store = await open();
    const offset = 2 ** 48 - 2;
    await writeOne(store, version({ status: 'complete', generation: 32_767, firstOffset: offset }));
    const later = version({
      status: 'complete',
      generation: 32_767,
      firstOffset: offset + 1,
      foldVersion: 2,
    });
    expect(await writeOne(store, later)).toBe('stale');
    const same = version({ status: 'complete', generation: 32_767, firstOffset: offset, foldVersion: 2 });
    expect(await writeOne(store, same)).toBe('applied');
  });

  test('replaces a message as a whole: what the next version lacks is absent', async (open) => {
    const store = await open();
    const rich = version({
      events: 1,
      rest: {
        model: 'model-1',
        finish_reason: 'stop',
        usage: { input_tokens: 1 },
        metadata: { provider: { key: 'value' } },
        gaps: [{ producer: 'p', from: 1, to: 2 }],
        pending_tool_call_ids: ['call-1'],
      },
    });
    await writeOne(store, rich);
    expect(await store.message('chat', 'step')).toEqual(rich);
    const plain = version({ events: 2, rest: { parts: [] } });
    await writeOne(store, plain);
    const stored = await store.message('chat', 'step');
    expect(stored).toEqual(plain);
    expect(Object.keys(stored ?? {}).sort()).toEqual(Object.keys(plain).sort());
  });

  test('answers one outcome for each version, in order', async (open) => {
    const store = await open();
    await store.write(FIRST_COLLECTION, [
      version({ step: 'b', events: 5 }),
      version({ step: 'd', events: 5 }),
    ]);
    const outcomes = await store.write(FIRST_COLLECTION, [
      version({ step: 'a' }),
      version({ step: 'b', events: 4 }),
      version({ step: 'c' }),
      version({ step: 'd', events: 6 }),
      version({ step: 'b', chat: 'other' }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'applied',
      'stale',
      'applied',
      'applied',
      'applied',
    ]);
  });

  test('answers a batch of 2,500 versions, and an empty one', async (open) => {
    const store = await open();
    const versions = Array.from({ length: 2_500 }, (_, i) => version({ step: `step-${i}`, firstOffset: i }));
    expect(await store.write(FIRST_COLLECTION, [])).toEqual([]);
    const outcomes = await store.write(FIRST_COLLECTION, versions);
    expect(outcomes).toHaveLength(2_500);
    expect(outcomes.every(({ outcome }) => outcome === 'applied')).toBe(true);
    const again = await store.write(FIRST_COLLECTION, versions);
    expect(again.every(({ outcome }) => outcome === 'stale')).toBe(true);
    expect(await store.message('chat', 'step-2499')).toEqual(versions[2_499]);
  });
}
