import { describe, expect, it } from '@jest/globals';
import type { MessageStore } from '@stepfold/message-store';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { whenStored } from './when-stored.js';

/** A store whose progress moves on with every look. */
function storeWith(looks: readonly (readonly (readonly [partition: number, foldedTo: number])[])[]): {
  readonly store: MessageStore;
  readonly looked: () => number;
} {
  let looked = 0;
  const progress = (generation: number) => {
    const look = looks[Math.min(looked++, looks.length - 1)]!;
    return Promise.resolve(look.map(([partition, folded_to]) => ({ generation, partition, folded_to })));
  };
  return { store: { progress } as unknown as MessageStore, looked: () => looked };
}

const { signal } = new AbortController();

describe('waiting for what was published', () => {
  it('ends when the progress of every partition has passed its position', async () => {
    const { store, looked } = storeWith([
      [],
      [[0, 9]],
      [
        [0, 5],
        [1, 4],
      ],
      [
        [0, 6],
        [1, 3],
      ],
      [
        [0, 6],
        [1, 4],
      ],
    ]);
    const positions = [
      { partition: 0, offset: 5 },
      { partition: 1, offset: 3 },
    ];
    await whenStored(store, 0, positions, createInstantRuntime(), signal);
    expect(looked()).toBe(5);
  });

  it('ends at once when there is nothing to wait for', async () => {
    const { store, looked } = storeWith([[]]);
    await whenStored(store, 0, [], createInstantRuntime(), signal);
    expect(looked()).toBe(1);
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const { store } = storeWith([[]]);
    const runtime = { ...createInstantRuntime(), setTimer: () => () => undefined };
    const waiting = whenStored(store, 0, [{ partition: 0, offset: 0 }], runtime, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
