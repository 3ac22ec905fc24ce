import type { Message } from '@stepfold/fold';
import { orderOf } from './message-store.js';

/** What the guard compares: how far a version has got, and where its attempt begins on the log. */
export interface Head {
  readonly rev: number;
  readonly foldVersion: number;
  readonly order: bigint;
}

export function headOf(version: Message): Head {
  return { rev: version.rev, foldVersion: version.fold_version, order: orderOf(version) };
}

/**
 * Whether a version replaces the one that is stored. Between versions of one `rev` a newer fold wins, but
 * not if it comes from a later place on the log: that is a second opening of the same attempt, which was
 * never accepted while the first was known.
 *
 * Once a version has been refused it stays refused, whatever is stored later: so an answer is never wrong
 * by the time that it arrives.
 */
export function isRaisedBy(stored: Head | undefined, offered: Head): boolean {
  if (stored === undefined || offered.rev > stored.rev) return true;
  return (
    offered.rev === stored.rev && offered.foldVersion > stored.foldVersion && stored.order >= offered.order
  );
}

/**
 * The same for a repair: an equal version, folded from the log again, replaces the stored one too. What has
 * been refused stays refused here as well, since every change that either guard allows goes the same way.
 */
export function isRepairedBy(stored: Head | undefined, offered: Head): boolean {
  if (stored === undefined || offered.rev > stored.rev) return true;
  return (
    offered.rev === stored.rev && offered.foldVersion >= stored.foldVersion && stored.order >= offered.order
  );
}

/** Decides whether an offered version takes the place of the stored one. */
export type Guard = typeof isRaisedBy;
