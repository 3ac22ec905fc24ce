import fs from 'node:fs/promises';
import path from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { openSharedFile, type SharedFile } from '@stepfold/lmdb-file';
import { StepfoldError, UsageError, type Runtime } from '@stepfold/runtime';
import { topics } from '@stepfold/event-log';
import { beginKey, endKey, settingsKey } from './keys.js';
import { writeHead } from './partition-head.js';

/** The LMDB file with its two tables (see `keys.ts`), and what was settled when it was created. */
export interface Environment {
  readonly heads: Database<Buffer, Buffer>;
  readonly records: Database<Buffer, Buffer>;
  readonly generation: number;
  readonly partitionCount: number;
  /** What is read next sees everything that any process has committed by now. */
  refresh(): void;
  /** To be called before something is written; what it answers, when that has been committed. */
  readonly tryEnter: SharedFile<unknown>['tryEnter'];
  close(): Promise<void>;
}

export interface EnvironmentOptions {
  readonly directory: string;
  readonly runtime: Runtime;
  readonly generation: number | undefined;
  readonly partitionCount: number | undefined;
  readonly fsync: boolean;
}

interface Settings {
  readonly format: number;
  readonly generation: number;
  readonly partition_count: number;
}

const FILE_NAME = 'log.mdb';
const FORMAT = 1;
const DEFAULT_PARTITION_COUNT = 4;
/** Virtual addresses, not memory: the file is mapped once, and again only if it outgrows this. */
const MAP_BYTES = 16 * 2 ** 30;
/** Processes that may read at once; each takes one slot, or two for a moment. */
const READERS_MAX = 512;

/** Opens or creates the file. @throws UsageError, TransientError */
export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const file = path.join(options.directory, FILE_NAME);
  try {
    await fs.mkdir(options.directory, { recursive: true });
    const shared = await openSharedFile({
      path: file,
      runtime: options.runtime,
      unavailable: 'log-unavailable',
      open: () => openRoot(file, options.fsync),
    });
    try {
      const environment = await openTables(shared, options, file);
      // Each time: who made the file may have died before its name was durable.
      if (options.fsync) await syncDirectory(options.directory);
      return environment;
    } catch (error) {
      await shared.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof StepfoldError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError('data-unreadable', `cannot open the event log ${file}: ${text}`, { cause: error });
  }
}

interface Root {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly heads: Database<Buffer, Buffer>;
  readonly records: Database<Buffer, Buffer>;
  close(): Promise<void>;
}

/**
 * Opens or creates the file, which has to be kept apart from commits.
 *
 * Why these settings of the binding:
 * - `overlappingSync: false`. A commit writes its pages, syncs them, and only then writes the meta page,
 *   through a descriptor opened with O_DSYNC (`strace` shows writev, fdatasync, pwrite, then our
 *   acknowledgement). So what is acknowledged survives a power loss, and, as important, nobody can read a
 *   record that a power loss would take back: a projector would store messages of events that never were.
 *   With overlapping sync the meta page is written, and the records are visible, before the sync. It was
 *   not faster here: the write queue already shares one commit among everything that waits for it.
 * - `eventTurnBatching: false` and thresholds that are never reached: a transaction begins only when all of
 *   its instructions are there, and LMDB's own thread carries it out from lock to commit. The writer lock,
 *   which all processes share, is never held while somebody's JavaScript is to run.
 */
function openRoot(file: string, fsync: boolean): Root {
  const rootOptions = {
    path: file,
    noSubdir: true,
    maxDbs: 4,
    maxReaders: READERS_MAX,
    overlappingSync: false,
    noSync: !fsync,
    eventTurnBatching: false,
    txnStartThreshold: Number.MAX_SAFE_INTEGER,
    batchStartThreshold: Number.MAX_SAFE_INTEGER,
    ...(process.platform === 'win32' ? {} : { mapSize: MAP_BYTES }),
  };
  const root: RootDatabase<Buffer, Buffer> = open(rootOptions);
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
  try {
    const heads = root.openDB<Buffer, Buffer>('heads', { ...binary, useVersions: true });
    const records = root.openDB<Buffer, Buffer>('records', binary);
    return { root, heads, records, close: () => root.close() };
  } catch (error) {
    void root.close();
    throw error;
  }
}

async function openTables(
  shared: SharedFile<Root>,
  options: EnvironmentOptions,
  file: string,
): Promise<Environment> {
  const { root, heads, records } = shared.root;
  const settings = readSettings(heads) ?? (await createSettings(shared, options));
  if (settings.format > FORMAT) {
    throw new UsageError(
      'data-unreadable',
      `the event log ${file} has format ${settings.format}; this version reads up to ${FORMAT}`,
    );
  }
  requireSame(settings, options, file);
  return {
    heads,
    records,
    generation: settings.generation,
    partitionCount: settings.partition_count,
    refresh: () => root.resetReadTxn(),
    tryEnter: shared.tryEnter,
    close: () => shared.close(),
  };
}

function readSettings(heads: Database<Buffer, Buffer>): Settings | undefined {
  const text = heads.get(settingsKey)?.toString();
  return text === undefined ? undefined : (JSON.parse(text) as Settings);
}

/** Of several processes that create the log at once one wins, and the others take its settings. */
async function createSettings(shared: SharedFile<Root>, options: EnvironmentOptions): Promise<Settings> {
  const { root, heads } = shared.root;
  const settings: Settings = {
    format: FORMAT,
    generation: options.generation ?? 0,
    partition_count: options.partitionCount ?? DEFAULT_PARTITION_COUNT,
  };
  const leave = shared.enter();
  const created = heads.ifNoExists(settingsKey, () => {
    void heads.put(settingsKey, Buffer.from(JSON.stringify(settings)), 0);
    for (const topic of topics) {
      for (let partition = 0; partition < settings.partition_count; partition++) {
        void heads.put(endKey(topic, partition), writeHead({ appendedAtMs: 0, bytes: 0 }), 0);
        void heads.put(beginKey(topic, partition), Buffer.alloc(0), 0);
      }
    }
  });
  await created.finally(leave);
  root.resetReadTxn();
  return readSettings(heads) ?? settings;
}

function requireSame(settings: Settings, options: EnvironmentOptions, file: string): void {
  const { partitionCount, generation } = options;
  if (partitionCount !== undefined && partitionCount !== settings.partition_count) {
    throw new UsageError(
      'partition-count-differs',
      `the event log ${file} has ${settings.partition_count} partitions, not ${partitionCount}: ` +
        `configure ${settings.partition_count}, or begin a new generation in a new data directory`,
    );
  }
  if (generation !== undefined && generation !== settings.generation) {
    throw new UsageError(
      'generation-differs',
      `the event log ${file} is of generation ${settings.generation}, not ${generation}: ` +
        `configure ${settings.generation}, or begin generation ${generation} in a new data directory`,
    );
  }
}

/** A new file is safe from a power loss only when its name is, too. */
async function syncDirectory(directory: string): Promise<void> {
  for (const name of [directory, path.dirname(path.resolve(directory))]) {
    try {
      await using handle = await fs.open(name, 'r');
      await handle.sync();
    } catch {
      // Some systems cannot sync a directory, and do not need to.
    }
  }
}
