import type { OpenedAttempts } from './step-folder.js';

/** Remembers the highest opened attempt of the steps that were opened last, and forgets the others. */
export function createRecentAttempts(stepsMax: number): OpenedAttempts {
  // A map keeps the order in which keys were put in.
  const attempts = new Map<string, number>();
  return {
    get: (key) => attempts.get(key),
    set(key, attempt) {
      attempts.delete(key);
      attempts.set(key, attempt);
      if (attempts.size > stepsMax) attempts.delete(attempts.keys().next().value as string);
    },
  };
}
