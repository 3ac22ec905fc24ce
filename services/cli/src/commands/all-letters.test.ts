import { describe, expect, it } from '@jest/globals';
import type { DeadLetter, MessageStore } from '@stepfold/message-store';
import { allLetters } from './all-letters.js';

function letter(id: string): DeadLetter {
  return { id, stage: 'writer', reason: 'store-refused', detail: '', key: null, value: null, at: 0 };
}

describe('the letters to retry', () => {
  it('do not grow without end when a writer gives up again what was emitted', async () => {
    const letters = [letter('stepfold.steps:0:0')];
    const log = {
      topicPrefix: 'stepfold.',
      partitionCount: 1,
      bounds: () => Promise.resolve({ begin: 0, end: letters.length }),
    };
    const deadLetters: MessageStore['deadLetters'] = ({ cursor = '0' } = {}) => {
      const next = Number(cursor) + 1;
      const items = letters.slice(next - 1, next);
      return Promise.resolve({ items, ...(items.length > 0 ? { nextCursor: String(next) } : {}) });
    };
    const given: string[] = [];
    for await (const { id } of allLetters(log, { deadLetters } as MessageStore, undefined)) {
      given.push(id);
      if (given.length > 3) break;
      // Emitted at the end of the topic, refused again, and stored as a new letter.
      letters.push(letter(`stepfold.steps:0:${letters.length}`));
    }
    expect(given).toEqual(['stepfold.steps:0:0']);
  });

  it('hold those that lie beyond the end of this log', async () => {
    const log = {
      topicPrefix: 'stepfold.',
      partitionCount: 1,
      bounds: () => Promise.resolve({ begin: 0, end: 1 }),
    };
    const store = {
      deadLetters: () => Promise.resolve({ items: [letter('stepfold.steps:0:5')] }),
    } as unknown as MessageStore;
    const given: string[] = [];
    for await (const { id } of allLetters(log, store, undefined)) given.push(id);
    expect(given).toEqual(['stepfold.steps:0:5']);
  });
});
