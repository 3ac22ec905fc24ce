import type { Collection, Db, MongoClient, WriteConcernSettings } from 'mongodb';
import { UsageError, type Logger, type Runtime } from '@stepfold/runtime';
import { closedError, storeError } from './store-error.js';
import type { StorePlace } from './store-place.js';

/** Every document has a text as its `_id`. */
export interface StoredDocument {
  readonly _id: string;
  [name: string]: unknown;
}

/** What the parts of the store share. */
export interface StoreConnection {
  readonly client: MongoClient;
  readonly database: Db;
  readonly place: StorePlace;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** A majority, journalled. */
  readonly writeConcern: WriteConcernSettings;
  readonly operationTimeoutMs: number;
  readonly indexTimeoutMs: number;
  isClosed: boolean;
  /** Makes the indexes of a collection that are missing, once for this connection. */
  prepareCollection(name: string): Promise<void>;
}

/** Names of the collections that are the store's own; none of them can hold messages. */
export const ownCollections = {
  chats: 'chats',
  deadLetters: 'dead_letters',
  progress: 'progress',
  settings: 'settings',
} as const;

export function collectionOf(connection: StoreConnection, name: string): Collection<StoredDocument> {
  return connection.database.collection<StoredDocument>(name);
}

/** Runs an operation on an open store, and gives its errors the words and classes of ours. */
export async function guarded<T>(connection: StoreConnection, operation: () => Promise<T>): Promise<T> {
  if (connection.isClosed) throw closedError(connection.place);
  try {
    return await operation();
  } catch (error) {
    const known = storeError(error, connection.place);
    // What close() has cut off is not the store's trouble.
    throw connection.isClosed && !(known instanceof UsageError) ? closedError(connection.place) : known;
  }
}
