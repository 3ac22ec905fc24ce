import { MongoClient, type MongoClientOptions } from 'mongodb';
import { isId } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { silentLogger, TransientError, UsageError, type Logger, type Runtime } from '@stepfold/runtime';
import { readChats } from './chats.js';
import { insertDeadLetters, readDeadLetters } from './dead-letters.js';
import type { WayOfWriting } from './guarded-write-port.js';
import { ensureIndexes } from './indexes.js';
import { readMessage, readMessages, writeVersions } from './messages.js';
import { raiseStoredProgress, readProgress } from './progress.js';
import { claimStoredGeneration, readLiveCollection, switchLive } from './settings.js';
import { guarded, ownCollections, type StoreConnection } from './store-connection.js';
import { storeError } from './store-error.js';
import { placeOf } from './store-place.js';

export interface MongodbStoreOptions {
  /** `mongodb://user:password@host:port,…/database?…`. Never shown in an error or a log. */
  readonly url: string;
  /** Default: the one that the URL names, else `stepfold`. */
  readonly database?: string;
  readonly runtime: Runtime;
  readonly logger?: Logger;
  /** How long to wait for a server to be there, and for a connection to it, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long one operation may take, its majority included, in milliseconds. Default 30,000. */
  readonly operationTimeoutMs?: number;
  /** How long making the indexes of a large collection may take, in milliseconds. Default 600,000. */
  readonly indexTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const OPERATION_TIMEOUT_MS = 30_000;
const INDEX_TIMEOUT_MS = 600_000;
/** The server notices a time-out itself before the socket does, and then its answer says more. */
const SOCKET_GRACE_MS = 5_000;
const DATABASE = 'stepfold';

/**
 * Opens the message store in a database of MongoDB 4.4 or later, or of a server that speaks its protocol. It needs no
 * transactions and no change streams. Writes go to the primary and are answered when a majority has journalled them,
 * whatever the URL says; reads come from the primary.
 *
 * Opening connects, and makes the indexes that are missing. If this user may not, that is logged, and it is an error
 * only of the first write.
 *
 * @throws TransientError `store-unavailable` if the store cannot be reached in time, `store-access-denied` if it refuses
 * the user
 * @throws UsageError `bad-configuration` if URL, database or a time-out cannot be one
 */
export async function openMongodbStore(options: MongodbStoreOptions): Promise<MessageStore> {
  const connection = connectionOf(options);
  try {
    await connection.client.connect();
    await prepare(connection);
  } catch (error) {
    await connection.client.close().catch(() => undefined);
    throw storeError(error, connection.place);
  }
  return storeOn(connection);
}

/** Makes indexes where that is possible: who only reads needs no more. */
async function prepare(connection: StoreConnection): Promise<void> {
  try {
    for (const name of [await readLiveCollection(connection), ownCollections.chats]) {
      await connection.prepareCollection(name);
    }
  } catch (error) {
    const known = storeError(error, connection.place);
    if (!(known instanceof TransientError)) throw known;
    // Whether reading works at all decides.
    await readLiveCollection(connection);
    connection.logger.warn({ code: known.code, reason: known.message }, 'indexes could not be made');
  }
}

function storeOn(connection: StoreConnection): MessageStore {
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    connection.isClosed = true;
    closing ??= connection.client.close();
    return closing;
  };
  const live = (): Promise<string> => readLiveCollection(connection);
  const offer = (way: WayOfWriting, collection: string, versions: readonly Message[]) =>
    guarded(connection, async () => {
      requireCollection(collection);
      if (versions.length === 0) return [];
      await connection.prepareCollection(collection);
      await connection.prepareCollection(ownCollections.chats);
      return writeVersions(connection, collection, versions, way);
    });
  return {
    write: (collection, versions) => offer('write', collection, versions),
    repair: (collection, versions) => offer('repair', collection, versions),
    messages: (chatId, page) => guarded(connection, () => readMessages(connection, live, chatId, page)),
    message: (chatId, stepId) =>
      guarded(connection, async () => readMessage(connection, await live(), chatId, stepId)),
    chats: (page) => guarded(connection, async () => readChats(connection, page)),
    raiseProgress: (progress) => guarded(connection, () => raiseStoredProgress(connection, progress)),
    progress: (generation) => guarded(connection, () => readProgress(connection, generation)),
    writeDeadLetters: (letters) => guarded(connection, () => insertDeadLetters(connection, letters)),
    deadLetters: (page) => guarded(connection, async () => readDeadLetters(connection, page)),
    liveCollection: () => guarded(connection, live),
    switchLiveCollection: (from, to) =>
      guarded(connection, async () => {
        requireCollection(to);
        return switchLive(connection, from, to);
      }),
    claimGeneration: (claim) => guarded(connection, () => claimStoredGeneration(connection, claim)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connectionOf(options: MongodbStoreOptions): StoreConnection {
  const { runtime, logger = silentLogger } = options;
  const connectTimeoutMs = timeoutOf(options, 'connectTimeoutMs', CONNECT_TIMEOUT_MS);
  const operationTimeoutMs = timeoutOf(options, 'operationTimeoutMs', OPERATION_TIMEOUT_MS);
  const indexTimeoutMs = timeoutOf(options, 'indexTimeoutMs', INDEX_TIMEOUT_MS);
  const writeConcern = { w: 'majority', journal: true, wtimeoutMS: operationTimeoutMs } as const;
  const client = clientOf(options.url, {
    appName: 'stepfold',
    readPreference: 'primary',
    serverSelectionTimeoutMS: connectTimeoutMs,
    connectTimeoutMS: connectTimeoutMs,
    waitQueueTimeoutMS: operationTimeoutMs,
    socketTimeoutMS: operationTimeoutMs + SOCKET_GRACE_MS,
  });
  const database = options.database ?? databaseIn(options.url);
  if (!DATABASE_PATTERN.test(database)) {
    throw new UsageError(
      'bad-configuration',
      `${JSON.stringify(database)} cannot be the name of a database.`,
    );
  }
  const prepared = new Map<string, Promise<void>>();
  const connection: StoreConnection = {
    client,
    database: client.db(database, { readPreference: 'primary', writeConcern, ignoreUndefined: true }),
    place: placeOf(client, database),
    runtime,
    logger,
    writeConcern,
    operationTimeoutMs,
    indexTimeoutMs,
    isClosed: false,
    prepareCollection: (name) => {
      let preparing = prepared.get(name);
      if (preparing === undefined) {
        preparing = ensureIndexes(connection, name);
        prepared.set(name, preparing);
        preparing.catch(() => prepared.delete(name));
      }
      return preparing;
    },
  };
  return connection;
}

/** Names that every server takes: MongoDB on Windows is the strictest. */
const DATABASE_PATTERN = /^[A-Za-z0-9_-]{1,63}$/;

function clientOf(url: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, options);
  } catch {
    // The driver's words may quote the URL, and with it the password.
    throw new UsageError(
      'bad-configuration',
      'The URL of the store cannot be read: it is mongodb://user:password@host:port/database, with special characters of user and password as %XX.',
    );
  }
}

/** The path of a URL that the driver has read already. */
function databaseIn(url: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]*\/([^?]*)/.exec(url)?.[1];
  return path === undefined || path === '' ? DATABASE : decodeURIComponent(path);
}

function timeoutOf(
  options: MongodbStoreOptions,
  name: 'connectTimeoutMs' | 'operationTimeoutMs' | 'indexTimeoutMs',
  defaultMs: number,
): number {
  const value = options[name] ?? defaultMs;
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(
      'bad-configuration',
      `${name} is a whole number of milliseconds, not ${String(value)}.`,
    );
  }
  return value;
}

/** A collection of messages can be called like any id, but not like a collection that holds something else. */
function requireCollection(name: string): void {
  const isTaken = (Object.values(ownCollections) as string[]).includes(name) || name.startsWith('system.');
  if (!isId(name) || isTaken) {
    const why = isTaken ? ': it is one of the store itself' : '';
    throw new UsageError(
      'bad-usage',
      `${JSON.stringify(name)} cannot be the name of a collection of messages${why}.`,
    );
  }
}
