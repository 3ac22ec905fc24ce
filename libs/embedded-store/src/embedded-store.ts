import { isId } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import {
  boundedBatches,
  isRaisedBy,
  isRepairedBy,
  requireGenerationClaim,
  type DeadLetter,
  type Guard,
  type MessageStore,
  type WriteOutcome,
} from '@stepfold/message-store';
import { InvariantViolation, sleep, UsageError, type Runtime } from '@stepfold/runtime';
import { raiseChats, readChats } from './chat-table.js';
import { openDatabase, type Database, type Writes } from './database.js';
import { claimStoredGeneration } from './generation-table.js';
import { encodeLetter, insertLetter, readDeadLetters } from './dead-letter-table.js';
import { readLiveCollection, switchLive } from './live-collection.js';
import { offerMessage, readMessage, readMessages } from './message-table.js';
import { raiseStoredProgress, readProgress } from './progress-table.js';
import { encodeVersion, storedBytesOf, type RefusedVersion, type StoredVersion } from './stored-version.js';

export interface EmbeddedStoreOptions {
  /** Where the file lies; made if it is not there. A local disk: not a network file system. */
  readonly directory: string;
  readonly runtime: Runtime;
}

/**
 * Opens the message store that lives in one LMDB file of a directory. Several processes may have it open at
 * once, and one process several times.
 *
 * Every answer is durable: it survives `kill -9` of any process and a loss of power. Writes take turns
 * among all processes under the file's lock, which the system frees when its holder dies. A process that
 * is **frozen** (SIGSTOP, a suspended terminal job) inside a write keeps the lock: other writers, and
 * processes that open the store, wait with their whole event loop until it is thawed or killed. Readers
 * that have it open never wait. Transactions are bounded and never span a turn of the event loop,
 * so this takes an unlucky moment of some milliseconds.
 *
 * @throws UsageError `data-unreadable` if the directory or the file cannot be used
 * @throws TransientError `store-unavailable` if the disk does not take a new file
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<MessageStore> {
  const { directory, runtime } = options;
  const database = await openDatabase(directory, runtime);
  return {
    write: (collection, versions) => writeVersions(database, runtime, collection, versions, isRaisedBy),
    repair: (collection, versions) => writeVersions(database, runtime, collection, versions, isRepairedBy),
    messages: async (chatId, page) =>
      database.read((reads) => readMessages(reads, readLiveCollection(reads), chatId, page)),
    message: async (chatId, stepId) =>
      database.read((reads) => readMessage(reads, readLiveCollection(reads), chatId, stepId)),
    chats: async (page) => database.read((reads) => readChats(reads, page)),
    raiseProgress: async (progress) => {
      requireCounts(progress.generation, progress.partition, progress.folded_to);
      database.write((writes) => raiseStoredProgress(writes, progress));
    },
    progress: async (generation) => {
      requireCounts(generation);
      return database.read((reads) => readProgress(reads, generation));
    },
    writeDeadLetters: (letters) => writeDeadLetters(database, runtime, letters),
    deadLetters: async (page) => database.read((reads) => readDeadLetters(reads, page)),
    liveCollection: async () => database.read(readLiveCollection),
    switchLiveCollection: async (from, to) => {
      requireCollection(to);
      return database.write((writes) => switchLive(writes, from, to));
    },
    claimGeneration: async (claim) => {
      requireGenerationClaim(claim);
      return database.write((writes) => claimStoredGeneration(writes, claim));
    },
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
}

/** Writes versions in transactions of bounded size; between two of them others get their turn. */
async function writeVersions(
  database: Database,
  runtime: Runtime,
  collection: string,
  versions: readonly Message[],
  guard: Guard,
): Promise<readonly WriteOutcome[]> {
  requireCollection(collection);
  const outcomes: WriteOutcome[] = [];
  for (const batch of boundedBatches(versions, encodeVersion, storedBytesOf)) {
    if (outcomes.length > 0) await sleep(runtime, 0);
    outcomes.push(...database.write((writes) => settle(writes, collection, batch, guard)));
  }
  return outcomes;
}

/** Chats are raised for stale versions too: whoever repeats a batch may have died before its chats. */
function settle(
  writes: Writes,
  collection: string,
  batch: readonly (StoredVersion | RefusedVersion)[],
  guard: Guard,
): WriteOutcome[] {
  const settled: Message[] = [];
  const outcomes = batch.map((version): WriteOutcome => {
    if ('refusal' in version) return { outcome: 'refused', detail: version.refusal };
    settled.push(version.message);
    return { outcome: offerMessage(writes, collection, version, guard) ? 'applied' : 'stale' };
  });
  raiseChats(writes, settled);
  return outcomes;
}

async function writeDeadLetters(
  database: Database,
  runtime: Runtime,
  letters: readonly DeadLetter[],
): Promise<void> {
  let isFirst = true;
  for (const batch of boundedBatches(letters, encodeLetter, (letter) => letter.bytes.length)) {
    if (!isFirst) await sleep(runtime, 0);
    isFirst = false;
    database.write((writes) => {
      for (const letter of batch) insertLetter(writes, letter);
    });
  }
}

function requireCollection(name: string): void {
  if (!isId(name)) {
    throw new UsageError('bad-usage', `${JSON.stringify(name)} cannot be the name of a collection.`);
  }
}

function requireCounts(...values: number[]): void {
  for (const value of values) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new InvariantViolation(
        `The store was given ${String(value)} as a generation, partition or offset.`,
      );
    }
  }
}
