import { existsSync, openSync, readSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { open, type RootDatabase, type Transaction } from 'lmdb';

/**
 * Keeps openings of an LMDB file and commits to it apart, in all processes of this machine.
 *
 * Why: a process that opens a file reads its head pages and then stores the number of the last transaction that it
 * found there for everybody. If another process has committed in between, that commit is taken back, though it
 * was answered; worse, its pages are used again while the file still refers to them. That is ITS#9496 of LMDB,
 * which LMDB has mended and the copy of it in `lmdb` (up to 3.5.6 at least) has not. Once it has, this may go.
 *
 * How: everybody who commits has a place among those who commit meanwhile, and everybody who opens one among those who
 * open. Each takes its own place first and looks at the others' then, so of two that come at the same time at
 * least one sees the other. Who commits gives way to who opens, who waits until the commits that have begun are over.
 *
 * 1. Nobody waits for a lock here, so a process that is frozen keeps nobody's thread. In the midst of a commit it holds
 *    up those who want to open the file, in the midst of opening it those who want to commit.
 *    It keeps its place too if it stops between the end of a commit and the moment at which it hears of that; the
 *    file's own lock, which is free then, tells the two apart.
 * 2. The place of a process that dies is free at once.
 */
export interface OpeningGate {
  /**
   * To be called before a transaction that may write begins; what it answers, when that has ended. Answers undefined
   * while another process opens the file: a matter of milliseconds.
   * @throws the error of the binding
   */
  tryEnter(): (() => void) | undefined;
  /**
   * Takes the right to open the file. Answers what gives it back; undefined if another process has it.
   * @throws the error of the binding
   */
  tryToOpen(): (() => void) | undefined;
  /** The processes that have begun a commit and not ended it, this one apart: it has the file open already. */
  committing(): readonly number[];
  /**
   * Answers what tells whether nobody has the writer lock of the file itself; undefined where that cannot be known:
   * elsewhere than on Linux, in a worker thread, and before anybody has opened the file.
   */
  watchWriterLock(): (() => boolean) | undefined;
  close(): Promise<void>;
}

/** Opens the gate of a file, or makes it. */
export function openGate(path: string, committingPath: string, openingPath: string): OpeningGate {
  const committing = openPlaces(committingPath);
  const opening = openPlaces(openingPath);
  let isWriterLockFree: (() => boolean) | undefined;

  function takeUnlessOpening(places: Places): (() => void) | undefined {
    const leave = places.take();
    if (opening.others().length === 0) return leave;
    leave();
    return undefined;
  }

  return {
    tryEnter: () => takeUnlessOpening(committing),
    tryToOpen: () => takeUnlessOpening(opening),
    committing: committing.others,
    watchWriterLock() {
      if (process.platform !== 'linux' || !isMainThread || !existsSync(`${path}-lock`)) return undefined;
      return (isWriterLockFree ??= watchWriterLock(`${path}-lock`, committing.indexOfWriterLock()));
    },
    async close() {
      await committing.close();
      await opening.close();
    },
  };
}

/** Places that processes take and leave. */
interface Places {
  /** Takes one, for all who look from now on, and answers what leaves it. */
  take(): () => void;
  /** The other processes that have one. */
  others(): readonly number[];
  /** Where a lock file of LMDB has the lock of its writer, in words; undefined where it has none. */
  indexOfWriterLock(): number | undefined;
  close(): Promise<void>;
}

/** Processes that may have a place at once. */
const PLACES_MAX = 512;
const fence = new Int32Array(new SharedArrayBuffer(4));

/**
 * The places are those of readers in the lock file of an LMDB file that never holds anything: shared memory that knows who
 * has died, on every system.
 */
function openPlaces(path: string): Places {
  const root = open<Buffer, Buffer>({
    path,
    noSubdir: true,
    maxReaders: PLACES_MAX,
    overlappingSync: false,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  const others = (): readonly number[] => readersOf(root.readerList()).filter((pid) => pid !== process.pid);
  return {
    take() {
      const place = placeOf(root);
      // The place is written before anything is looked at.
      Atomics.add(fence, 0, 1);
      return () => {
        place.done();
        // Otherwise only in the next turn of the event loop.
        root.resetReadTxn();
      };
    },
    others() {
      if (others().length === 0) return [];
      // Some of them may have died.
      root.readerCheck();
      return others();
    },
    indexOfWriterLock() {
      const readWords = wordsOf(`${path}-lock`);
      const ownThread = process.pid;
      const index = root.transactionSync(readWords).findIndex((word) => (word & THREAD_BITS) === ownThread);
      return index === -1 ? undefined : index;
    },
    close: () => root.close(),
  };
}

/**
 * LMDB knows processes by their numbers. In containers with process namespaces of their own two may have the same one; the
 * second then gets no place, for which the binding waits ten seconds and has no words.
 */
function placeOf(root: RootDatabase<Buffer, Buffer>): Transaction {
  try {
    return root.useReadTransaction();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new Error(
      `another process has it open whose number is ${process.pid} too: containers that share a folder have to share their process namespace`,
      { cause },
    );
  }
}

/** The part of a lock file that has the locks, ahead of the readers. */
const LOCKS_BYTES = 256;
/** Of the word of a lock: the thread that has it. The first thread of a process has the number of the process. */
const THREAD_BITS = 0x3fff_ffff;

function watchWriterLock(lockPath: string, index: number | undefined): (() => boolean) | undefined {
  if (index === undefined) return undefined;
  const readWords = wordsOf(lockPath);
  return () => readWords()[index] === 0;
}

/**
 * Reads what stands there, which is what other processes have in memory. The descriptor stays open until the process ends:
 * with the first one that it closes, a process gives up all locks that it has on a file.
 */
function wordsOf(lockPath: string): () => Uint32Array {
  const descriptor = openSync(lockPath, 'r');
  return () => {
    const words = new Uint32Array(LOCKS_BYTES / Uint32Array.BYTES_PER_ELEMENT);
    readSync(descriptor, words, 0, LOCKS_BYTES, 0);
    return words;
  };
}

/** The processes that read, from the table as LMDB prints it: process, thread, and the transaction that it reads, or `-`. */
function readersOf(table: string): readonly number[] {
  return Array.from(table.matchAll(/^\s*(\d+)\s+\S+\s+\d+\s*$/gm), ([, pid]) => Number(pid));
}
