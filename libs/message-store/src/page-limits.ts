import { UsageError } from '@stepfold/runtime';
import { shownArgument } from './shown-argument.js';
import type { PageOptions } from './message-store.js';

const LIMIT_DEFAULT = 100;
/** More are never given at once, whatever the caller asks for. */
export const PAGE_ITEMS_MAX = 1_000;
/** About so many stored bytes are given at once, but always one item: a page of long messages ends early. */
export const PAGE_BYTES_MAX = 16 * 1024 * 1024;

/** @throws UsageError `bad-usage` if the limit is not a whole number of at least 1 */
export function itemsMaxOf(page: PageOptions | undefined): number {
  const limit = page?.limit ?? LIMIT_DEFAULT;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw new UsageError(
      'bad-usage',
      `The limit of a page is a whole number of at least 1, not ${shownArgument(limit)}.`,
    );
  }
  return Math.min(limit, PAGE_ITEMS_MAX);
}
