import { existsSync } from 'node:fs';
import { sleep, TransientError, type Runtime } from '@stepfold/runtime';
import { isDiskFull } from './disk-room.js';
import { inspectFile } from './inspect-file.js';
import { openGate, type OpeningGate } from './opening-gate.js';

/** An LMDB file that other processes may have open, and may open at any time. */
export interface SharedFile<Root> {
  readonly root: Root;
  /**
   * To be called before a transaction that may write begins; what it answers is to be called when that has ended. A commit
   * outside of it may be lost. Answers undefined while another process opens the file, for some milliseconds.
   */
  readonly tryEnter: OpeningGate['tryEnter'];
  /**
   * The same for who commits at once: waits with the whole thread.
   * @throws TransientError if another process opens the file and does not come to an end
   */
  readonly enter: () => () => void;
  /** Closes the root, and then the rest. */
  close(): Promise<void>;
}

export interface SharedFileOptions<Root> {
  readonly path: string;
  readonly runtime: Runtime;
  /** The code of what may pass. */
  readonly unavailable: 'log-unavailable' | 'store-unavailable';
  /** Opens the root with the binding, its tables too, and awaits nothing. */
  readonly open: () => Root;
}

/** For how long a file is tried to be opened while other processes commit, or open it. */
const OPENING_MS_MAX = 30_000;
/** For how long others begin no commit while who opens waits for those that have begun. */
const HOLD_MS_MAX = 100;
/** Between two such times, at most: by chance, so that of several who open one is the first. */
const PAUSE_MS_MAX = 100;
/** For how long a thread waits for who opens. */
const ENTERING_MS_MAX = 1_000;
const LOOK_MS = 1;
/** After this, who has a place among those who commit may be frozen outside of its commit … */
const FROZEN_MS = 5_000;
/** … if nobody has the file's own lock for this long. */
const IDLE_MS = 1_000;
/** Looks at a file that another process is just making, before it is taken for a damaged one: some seconds. */
const SHORT_FILE_LOOKS_MAX = 500;
const SHORT_FILE_PAUSE_MS = 5;

/**
 * Opens a file in a directory that is there, or makes it.
 * @throws TransientError if the disk has no room for a new file, or another process is in a commit and does not end it
 * @throws Error if the file is none of LMDB's or cut off, and what the binding throws
 */
export async function openSharedFile<Root extends { close(): Promise<void> }>(
  options: SharedFileOptions<Root>,
): Promise<SharedFile<Root>> {
  const { path, runtime } = options;
  const gatePaths = [`${path}-committing`, `${path}-opening`] as const;
  for (const file of [...gatePaths, path]) requireRoom(file, options);
  for (const file of gatePaths) await requireSoundFile(file, runtime);
  const gate = openGate(path, ...gatePaths);
  try {
    const root = await openBehind(gate, options);
    return {
      root,
      tryEnter: gate.tryEnter,
      enter: () => enterWaiting(gate, options),
      async close() {
        await root.close();
        await gate.close();
      },
    };
  } catch (error) {
    await gate.close();
    throw error;
  }
}

async function openBehind<Root>(gate: OpeningGate, options: SharedFileOptions<Root>): Promise<Root> {
  const { path, runtime, unavailable } = options;
  const startMs = runtime.monotonicMs();
  const isPast = (ms: number): boolean => runtime.monotonicMs() >= startMs + ms;
  for (;;) {
    const leave = gate.tryToOpen();
    try {
      if (leave !== undefined) {
        if (await isQuietSoon(gate, runtime)) return openSound(options);
        if (isPast(FROZEN_MS) && (await isIdle(gate, runtime))) return openSound(options);
      }
    } finally {
      leave?.();
    }
    if (isPast(OPENING_MS_MAX)) {
      const [pid] = gate.committing();
      const what =
        pid === undefined ? 'other processes open it' : `process ${pid} is in the midst of a write to it`;
      throw new TransientError(
        unavailable,
        `${path} cannot be opened: ${what}, and does not come to an end. Is it frozen?`,
      );
    }
    await sleep(runtime, runtime.random() * PAUSE_MS_MAX);
  }
}

/** Waits until no other process commits. Answers false if one does not end what it has begun. */
async function isQuietSoon(gate: OpeningGate, runtime: Runtime): Promise<boolean> {
  const endMs = runtime.monotonicMs() + HOLD_MS_MAX;
  while (gate.committing().length > 0) {
    if (runtime.monotonicMs() >= endMs) return false;
    await sleep(runtime, LOOK_MS);
  }
  return true;
}

/**
 * Whether those who have begun a commit are in none: frozen, or busy with something else, since it has ended. One that has
 * not come to its beginning yet looks the same, but it has had its time.
 */
async function isIdle(gate: OpeningGate, runtime: Runtime): Promise<boolean> {
  const isFree = gate.watchWriterLock();
  if (isFree === undefined) return false;
  for (const endMs = runtime.monotonicMs() + IDLE_MS; runtime.monotonicMs() < endMs;) {
    if (!isFree()) return false;
    await sleep(runtime, LOOK_MS);
  }
  return isFree();
}

/** Nobody else is making the file now: one that is too short stays so. */
function openSound<Root>({ path, open }: SharedFileOptions<Root>): Root {
  const { state, detail } = inspectFile(path);
  if (detail !== undefined) throw new Error(detail);
  if (state === 'short') throw new Error('it is cut off');
  return open();
}

const looks = new Int32Array(new SharedArrayBuffer(4));

function enterWaiting(
  gate: OpeningGate,
  { path, runtime, unavailable }: SharedFileOptions<unknown>,
): () => void {
  const endMs = runtime.monotonicMs() + ENTERING_MS_MAX;
  for (;;) {
    const leave = gate.tryEnter();
    if (leave !== undefined) return leave;
    if (runtime.monotonicMs() >= endMs) {
      throw new TransientError(
        unavailable,
        `${path} takes no write: another process opens it, and does not come to an end. Is it frozen?`,
      );
    }
    Atomics.wait(looks, 0, 0, LOOK_MS);
  }
}

/** LMDB maps a new lock file before the disk has given room for it: on a full one the process would crash. */
function requireRoom(path: string, { unavailable }: SharedFileOptions<unknown>): void {
  const isNew = ['absent', 'empty'].includes(inspectFile(path).state) || !existsSync(`${path}-lock`);
  if (!isNew || !isDiskFull(path)) return;
  throw new TransientError(unavailable, `${path} cannot be made: its disk is full.`, {
    cause: new Error('no room for a new file'),
  });
}

/** The files beside hold nothing, but a damaged one crashes the binding too. */
async function requireSoundFile(path: string, runtime: Runtime): Promise<void> {
  for (let look = 1; ; look++) {
    const { state } = inspectFile(path);
    if (state === 'foreign' || (state === 'short' && look === SHORT_FILE_LOOKS_MAX)) {
      throw new Error(
        `${path} beside it is damaged; it holds nothing, delete it while no process is at work here`,
      );
    }
    if (state !== 'short') return;
    await sleep(runtime, SHORT_FILE_PAUSE_MS);
  }
}
