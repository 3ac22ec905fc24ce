import { MongoServerError, type IndexDescription } from 'mongodb';
import { sleep } from '@stepfold/runtime';
import { collectionOf, ownCollections, type StoreConnection } from './store-connection.js';

/** Of every collection that messages are written to, a shadow one too: `contract/message.md`, and `docs/querying.md`. */
export const messageIndexes: readonly IndexDescription[] = [
  { name: 'chat_id_1_order_1_step_id_1', key: { chat_id: 1, order: 1, step_id: 1 } },
  { name: 'last_event_at_1', key: { last_event_at: 1 }, partialFilterExpression: { status: 'open' } },
  { name: 'parts.tool_name_1_started_at_-1', key: { 'parts.tool_name': 1, started_at: -1 } },
  { name: 'parts.tool_call_id_1', key: { 'parts.tool_call_id': 1 } },
];

/** The first is for people and TTL; pages need the exact time, and the id where it is the same. */
export const chatIndexes: readonly IndexDescription[] = [
  { name: 'updated_at_-1', key: { updated_at: -1 } },
  { name: 'updated_us_-1__id_1', key: { updated_us: -1, _id: 1 } },
];

const NAMESPACE_NOT_FOUND = 26;
/** An index of these keys has another name or other options: somebody has made it on purpose. */
const INDEX_CONFLICTS: ReadonlySet<unknown> = new Set([85, 86]);
/** Unauthorized, UserWritesBlocked. */
const NOT_ALLOWED: ReadonlySet<unknown> = new Set([13, 371]);
const ROUNDS_MAX = 5;
const PAUSE_MS = 50;

/**
 * Makes the indexes that are missing; the collection too if there is none. What is there is only read, so that a user
 * who may not make indexes can work with a database that has them.
 */
export async function ensureIndexes(connection: StoreConnection, collectionName: string): Promise<void> {
  const wanted = collectionName === ownCollections.chats ? chatIndexes : messageIndexes;
  const collection = collectionOf(connection, collectionName);
  for (let round = 1; ; round++) {
    const names = await indexNamesOf(connection, collectionName);
    const missing = wanted.filter(({ name }) => !names.has(name!));
    if (missing.length === 0) return;
    try {
      await collection.createIndexes([...missing], { maxTimeMS: connection.indexTimeoutMs });
      return;
    } catch (error) {
      if (!(error instanceof MongoServerError)) throw error;
      if (INDEX_CONFLICTS.has(error.code)) {
        connection.logger.warn({ collection: collectionName, code: error.code }, 'index left as it is');
        return;
      }
      // Several processes make them at the same moment: one of them is done first.
      if (round === ROUNDS_MAX || NOT_ALLOWED.has(error.code)) throw error;
      await sleep(connection.runtime, PAUSE_MS * round * (0.5 + connection.runtime.random() / 2));
    }
  }
}

async function indexNamesOf(connection: StoreConnection, collectionName: string): Promise<Set<string>> {
  try {
    const indexes = await collectionOf(connection, collectionName)
      .listIndexes({ maxTimeMS: connection.operationTimeoutMs })
      .toArray();
    return new Set(indexes.map(({ name }: { name?: unknown }) => String(name)));
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return new Set();
    throw error;
  }
}
