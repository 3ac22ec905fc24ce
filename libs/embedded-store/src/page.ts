import { UsageError } from '@stepfold/runtime';
import type { Page, PageOptions } from '@stepfold/message-store';

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
      `The limit of a page is a whole number of at least 1, not ${String(limit)}.`,
    );
  }
  return Math.min(limit, PAGE_ITEMS_MAX);
}

/** An item that can stand in a page. */
export interface PageItem<T> {
  readonly item: T;
  readonly storedBytes: number;
}

/**
 * Takes one page from a sequence that is read as it is taken. It looks one item further than it gives, so
 * a cursor is there only if there is more.
 */
export function takePage<S, T>(
  sources: Iterable<S>,
  itemsMax: number,
  decode: (source: S) => PageItem<T> | undefined,
  cursorOf: (last: T) => string,
): Page<T> {
  const items: T[] = [];
  let bytes = 0;
  for (const source of sources) {
    const last = items.at(-1);
    if (last !== undefined && (items.length === itemsMax || bytes >= PAGE_BYTES_MAX)) {
      return { items, nextCursor: cursorOf(last) };
    }
    const decoded = decode(source);
    if (decoded === undefined) continue;
    items.push(decoded.item);
    bytes += decoded.storedBytes;
  }
  return { items };
}
