import { BSON, type Filter, type Sort } from 'mongodb';
import { PAGE_BYTES_MAX, type Page } from '@stepfold/message-store';
import { collectionOf, type StoreConnection, type StoredDocument } from './store-connection.js';

export interface PageQuery<T> {
  readonly collection: string;
  /** What lies behind the cursor of the page before. */
  readonly filter: Filter<StoredDocument>;
  readonly sort: Sort;
  readonly itemsMax: number;
  decode(document: StoredDocument): T;
  /** The place of the last item, told from the item and from its document. */
  cursorOf(item: T, document: StoredDocument): string;
}

/**
 * Reads one page. It looks one document further than it gives, so a cursor is there only if there is more. Documents come
 * as their bytes: what they take is known, and one that is not given is not decoded.
 */
export async function readPage<T>(connection: StoreConnection, query: PageQuery<T>): Promise<Page<T>> {
  const { filter, sort, itemsMax } = query;
  await using cursor = collectionOf(connection, query.collection).find(filter, {
    sort,
    limit: itemsMax + 1,
    batchSize: itemsMax + 1,
    raw: true,
    maxTimeMS: connection.operationTimeoutMs,
  });
  const items: T[] = [];
  let bytes = 0;
  let last: { item: T; document: StoredDocument } | undefined;
  for await (const next of cursor) {
    if (last !== undefined && (items.length === itemsMax || bytes >= PAGE_BYTES_MAX)) {
      return { items, nextCursor: query.cursorOf(last.item, last.document) };
    }
    const encoded = next as unknown as Uint8Array;
    const document = BSON.deserialize(encoded) as StoredDocument;
    last = { item: query.decode(document), document };
    items.push(last.item);
    bytes += encoded.length;
  }
  return { items };
}
