import { InvariantViolation } from '@stepfold/runtime';
import type { WriteOutcome } from './message-store.js';

/**
 * What a store must be able to do so that many writers can offer versions of messages at the same time
 * without a lock, a transaction or a read before the write. The *guard* of a version is the condition
 * under which it replaces a stored one: `rev` lower than its own, or equal, with a lower `fold_version`
 * and an `order` that is not lower. A port for repairs has a guard that also lets an equal `fold_version` go.
 *
 * Both methods try every version on its own, whatever becomes of the others, and answer one for each, in
 * order, when what they answer is durable. They throw a `TransientError` if nothing is known about some
 * of the versions; each of these may have been written, and may still be.
 */
export interface GuardedWritePort<Version> {
  /**
   * Replaces the stored version if there is one that the guard lets go, else inserts this one.
   * `duplicate` if a document with its id was there when it was to be inserted: one that the guard protects,
   * or one that another writer has inserted between the two.
   */
  upsert(collection: string, versions: readonly Version[]): Promise<readonly UpsertAnswer[]>;

  /** Replaces the stored version if the guard lets it go, and never inserts. */
  replace(collection: string, versions: readonly Version[]): Promise<readonly ReplaceAnswer[]>;
}

export type UpsertAnswer = { readonly answer: 'written' } | { readonly answer: 'duplicate' } | RefusedAnswer;

export type ReplaceAnswer = { readonly answer: 'matched' } | { readonly answer: 'unmatched' } | RefusedAnswer;

/** The store will never take this version: it is too large, not encodable, or against a rule. */
export interface RefusedAnswer {
  readonly answer: 'refused';
  readonly detail: string;
}

/**
 * Offers versions of messages, at most one of each message, so that the highest of all that are ever
 * offered is the one that stays, whoever offers them and in whatever order (invariants 4 and 5).
 *
 * 1. A duplicate on the id says only that a document was there, not that it is as high as ours: two first
 *    versions may race, and the final one must not lose. So it is tried once more, as a replace. Once is
 *    enough: the document is there now, and the guard alone decides.
 * 2. Nothing is known after an error. It is thrown as it is, and the whole batch can be offered again.
 *
 * @throws TransientError if the store could not be reached for some of the versions
 */
export async function guardedWrite<Version>(
  port: GuardedWritePort<Version>,
  collection: string,
  versions: readonly Version[],
): Promise<readonly WriteOutcome[]> {
  if (versions.length === 0) return [];
  const answers = await port.upsert(collection, versions);
  const disputed = versions.filter((_, i) => answers[i]?.answer === 'duplicate');
  const rulings = disputed.length === 0 ? [] : await port.replace(collection, disputed);
  let rulingIndex = 0;
  return versions.map((_, i) => {
    const answer = answers[i];
    return outcomeOf(answer?.answer === 'duplicate' ? rulings[rulingIndex++] : answer);
  });
}

function outcomeOf(answer: UpsertAnswer | ReplaceAnswer | undefined): WriteOutcome {
  switch (answer?.answer) {
    case 'written':
    case 'matched':
      return { outcome: 'applied' };
    case 'unmatched':
      return { outcome: 'stale' };
    case 'refused':
      return { outcome: 'refused', detail: answer.detail };
    default:
      throw new InvariantViolation(
        'the store answered for fewer versions than it was given, or twice that one was there',
      );
  }
}
