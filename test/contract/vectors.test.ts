import { describe, expect, it } from '@jest/globals';
import { messageToJson } from '@stepfold/fold';
import { foldAll } from '../support/fold-all.js';
import { decodedEvents, readVectors } from '../support/vectors.js';

const vectors = readVectors();

describe('the vectors of the contract', () => {
  it('are there', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(63);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const { outcomes, messages } = foldAll(decodedEvents(vector));
    expect(outcomes).toEqual(vector.outcomes);
    const shown = messages.map((message) => {
      const { fold_version, ...rest } = messageToJson(message);
      expect(fold_version).toBe(1);
      return rest;
    });
    expect(canonical(shown)).toBe(canonical(vector.messages));
  });
});

/** JSON text with sorted keys: `__proto__` counts as a key, and −0 is 0. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',\n')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
