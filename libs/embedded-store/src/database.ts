import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { openSharedFile, type SharedFile } from '@stepfold/lmdb-file';
import { UsageError, type Runtime } from '@stepfold/runtime';
import { settingKey, type KeyRange } from './keys.js';
import { openingError, operationError } from './store-error.js';

/** Raised by any change to what the file holds under a key. */
const FORMAT = '1';
const FILE_NAME = 'store.mdb';
/** Of a new file. Messages of some kilobytes waste less of it than of the usual 4,096, and it is the same everywhere. */
const PAGE_BYTES = 8_192;
/** Readers that died in a read would keep old pages from being used again. */
const TRANSACTIONS_PER_READER_CHECK = 1_000;

/**
 * The LMDB file of a store. Both kinds of transaction run to their end before anything else of this thread
 * does: no other code comes between, and none of them waits for anything but the lock of the file.
 *
 * Durability rests on synchronous transactions without `overlappingSync`: a commit writes its pages, syncs
 * them, and only then makes them visible by its head page, written through `O_DSYNC`. So whatever a reader or
 * another writer can see has survived a loss of power already, and an answer "stale" is as durable as
 * "applied". The driver's other way of writing syncs after the version can be seen: another writer could then
 * commit its position because of a version that is gone when the power is back.
 */
export interface Database {
  /** Runs reads on one snapshot, the newest. @throws TransientError, CorruptStateError */
  read<T>(operation: (reads: Reads) => T): T;
  /**
   * Runs reads and writes alone among all processes; all or nothing, durable when it returns. Keep it short:
   * while it runs, other writers wait. An empty one costs no sync.
   * @throws TransientError, CorruptStateError
   */
  write<T>(operation: (writes: Writes) => T): T;
  close(): Promise<void>;
}

export interface Reads {
  get(key: Buffer): Buffer | undefined;
  /** Entries in order of their keys, read one by one: stop when there are enough. */
  entries(range: KeyRange): Iterable<Entry>;
  /** The same without the values. */
  keys(range: KeyRange): Iterable<Buffer>;
}

export interface Writes extends Reads {
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * Opens the file of a directory, or makes both.
 * @throws UsageError `data-unreadable` if they cannot be used
 * @throws TransientError `store-unavailable` if the disk does not take a new file
 */
export async function openDatabase(directory: string, runtime: Runtime): Promise<Database> {
  const path = join(directory, FILE_NAME);
  try {
    const firstMade = mkdirSync(directory, { recursive: true });
    const shared = await openSharedFile({
      path,
      runtime,
      unavailable: 'store-unavailable',
      open: () =>
        open<Buffer, Buffer>({
          path,
          noSubdir: true,
          pageSize: PAGE_BYTES,
          overlappingSync: false,
          encoding: 'binary',
          keyEncoding: 'binary',
        }),
    });
    const database = databaseOn(shared, path);
    try {
      requireFormat(database);
      syncDirectory(directory);
      if (firstMade !== undefined) syncDirectory(dirname(firstMade));
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw openingError(error, path);
  }
}

/** The name of a new file is durable only when its directory is. Windows knows no such call, and needs none. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Marks a new file as ours, and refuses one of another format. */
function requireFormat(database: Database): void {
  const key = settingKey('format');
  const found =
    database.read((reads) => reads.get(key)) ??
    database.write((writes) => {
      const stored = writes.get(key);
      if (stored === undefined) writes.put(key, Buffer.from(FORMAT));
      return stored;
    });
  if (found !== undefined && found.toString() !== FORMAT) {
    throw new Error(`it was written by a version with format ${found.toString()}, this one knows ${FORMAT}`);
  }
}

function databaseOn(shared: SharedFile<RootDatabase<Buffer, Buffer>>, path: string): Database {
  const { root, enter } = shared;
  const operations: Writes = {
    get: (key) => root.getBinary(key),
    entries: (range) => root.getRange({ start: range.start, end: range.end }),
    keys: (range) => root.getKeys({ start: range.start, end: range.end }),
    put: (key, value) => void root.put(key, value),
    remove: (key) => void root.remove(key),
  };
  let transactionCount = 0;
  let isClosed = false;
  let closing: Promise<void> | undefined;

  function guarded<T>(operation: () => T): T {
    if (isClosed) throw new UsageError('store-closed', `The store ${path} is used after it was closed.`);
    try {
      return operation();
    } catch (error) {
      throw operationError(error, path);
    }
  }

  return {
    read: (operation) =>
      guarded(() => {
        // The driver keeps one snapshot for a turn of the event loop; without this a caller would not see
        // what another handle was answered a moment ago. Resetting again frees the pages of the snapshot.
        root.resetReadTxn();
        try {
          return operation(operations);
        } finally {
          root.resetReadTxn();
        }
      }),
    write: (operation) =>
      guarded(() => {
        transactionCount++;
        if (transactionCount % TRANSACTIONS_PER_READER_CHECK === 0) root.readerCheck();
        const leave = enter();
        try {
          return root.transactionSync(() => operation(operations));
        } finally {
          leave();
        }
      }),
    close: () => {
      isClosed = true;
      closing ??= shared.close();
      return closing;
    },
  };
}
