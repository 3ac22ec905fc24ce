import fs from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { makeCacheFolder } from './cache-folder.js';
import { withFileLock } from './file-lock.js';
import { runtime } from './wait-until.js';

/** Told of what takes time, one line each. */
export type Progress = (line: string) => void;

const RECORD_FILE = 'record.json';
/** What a fetch that died has left behind is removed when it is this old. */
const LEFTOVER_AGE_MS = 60 * 60_000;

/** What a fetched folder says of itself; written last, so that a folder without one is not whole. */
export interface FetchRecord {
  /** What was fetched, with versions: `kafka: 4.3.1`. */
  readonly versions: Readonly<Record<string, string>>;
  /** The files that have to be there, relative to the folder, with their sizes in bytes. */
  readonly files: Readonly<Record<string, number>>;
  readonly fetchedAt: string;
}

export interface FetchedFolder {
  readonly name: string;
  /** Told once before fetching begins. */
  readonly what: string;
  /**
   * Fills `draft`, which becomes `folder` afterwards, and answers the versions and the paths of the files
   * that tell whether it is whole.
   */
  readonly fill: (
    draft: string,
    folder: string,
  ) => Promise<{ versions: Readonly<Record<string, string>>; files: readonly string[] }>;
}

/**
 * The folder of something fetched, from the cache or fetched now. Whoever comes second waits for the first.
 * A fetch works in a folder of its own that gets its name in one step when it is whole.
 */
export async function fetchedFolder(
  { name, what, fill }: FetchedFolder,
  progress: Progress,
): Promise<string> {
  const root = makeCacheFolder();
  const folder = path.join(root, name);
  if (readRecord(folder) !== undefined) return folder;
  const onWait = (pid: number): void => progress(`${what}: process ${pid} is fetching it; waiting`);
  await withFileLock(
    path.join(root, `${name}.lock`),
    async () => {
      if (readRecord(folder) !== undefined) return;
      progress(`${what}: fetching into ${folder}`);
      const beganMs = runtime.monotonicMs();
      removeLeftovers(root, name);
      const draft = path.join(root, `${name}.draft-${randomBytes(6).toString('hex')}`);
      fs.mkdirSync(draft);
      fs.chmodSync(draft, 0o755);
      try {
        const { versions, files } = await fill(draft, folder);
        writeRecord(draft, versions, files);
        fs.rmSync(folder, { recursive: true, force: true });
        fs.renameSync(draft, folder);
      } finally {
        fs.rmSync(draft, { recursive: true, force: true });
      }
      progress(`${what}: fetched in ${((runtime.monotonicMs() - beganMs) / 1000).toFixed(1)} s`);
    },
    { onWait },
  );
  return folder;
}

/** The record of a folder that is whole: it has one, and every file that it names has its size. */
export function readRecord(folder: string): FetchRecord | undefined {
  try {
    const record = JSON.parse(fs.readFileSync(path.join(folder, RECORD_FILE), 'utf8')) as FetchRecord;
    const isWhole = Object.entries(record.files).every(
      ([file, sizeBytes]) => fs.statSync(path.join(folder, file)).size === sizeBytes,
    );
    return isWhole ? record : undefined;
  } catch {
    return undefined;
  }
}

function writeRecord(
  folder: string,
  versions: Readonly<Record<string, string>>,
  files: readonly string[],
): void {
  const record: FetchRecord = {
    versions,
    files: Object.fromEntries(files.map((file) => [file, fs.statSync(path.join(folder, file)).size])),
    fetchedAt: new Date(runtime.nowMicros() / 1000).toISOString(),
  };
  fs.writeFileSync(path.join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

function removeLeftovers(root: string, name: string): void {
  const nowMs = runtime.nowMicros() / 1000;
  for (const entry of fs.readdirSync(root)) {
    const leftover = path.join(root, entry);
    if (!entry.startsWith(`${name}.draft-`)) continue;
    if (nowMs - fs.statSync(leftover).mtimeMs > LEFTOVER_AGE_MS) {
      fs.rmSync(leftover, { recursive: true, force: true });
    }
  }
}
