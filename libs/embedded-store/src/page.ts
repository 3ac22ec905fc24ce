import { PAGE_BYTES_MAX, type Page } from '@stepfold/message-store';

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
