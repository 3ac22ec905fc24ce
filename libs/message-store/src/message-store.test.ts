import { describe, expect, it } from '@jest/globals';
import { orderOf } from './message-store.js';

const log = { topic: 'stepfold.events', partition: 3, last_offset: 9 };

describe('orderOf', () => {
  it('is 0 for a message without a log', () => {
    expect(orderOf({})).toBe(0n);
  });

  it('puts every step of a generation before those of the next', () => {
    const last = orderOf({ log: { ...log, generation: 4, first_offset: 2 ** 48 - 1 } });
    const next = orderOf({ log: { ...log, generation: 5, first_offset: 0 } });
    expect(next - last).toBe(1n);
  });

  it('is exact where a double is not, and fits an integer of 64 bits', () => {
    const highest = orderOf({ log: { ...log, generation: 32_767, first_offset: 2 ** 48 - 1 } });
    expect(highest).toBe(2n ** 63n - 1n);
    expect(orderOf({ log: { ...log, generation: 32_767, first_offset: 2 ** 48 - 2 } })).toBe(highest - 1n);
  });
});
