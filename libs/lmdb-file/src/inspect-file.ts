import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * LMDB maps its file into memory and follows what it finds there: of a file that is no LMDB file, or is cut
 * off, it makes a crash of the process and not an error. So the two head pages are looked at before.
 */

const META_FLAG = 0x08;
const MAGIC = 0xbeefc0de;
const FORMAT_VERSION = 2;
/** Page number of the root of an empty tree. */
const NO_PAGE = 2n ** 64n - 1n;
const PAGE_BYTES_MIN = 512;
/** The part of a head page that is looked at. */
const HEAD_BYTES = 160;

/** Offsets within a head page, of version 2 of the format on a little-endian machine. */
const at = {
  pageFlags: 18,
  magic: 24,
  version: 28,
  pageBytes: 48,
  freeRoot: 88,
  mainRoot: 136,
  transaction: 152,
} as const;

export type FileState =
  | { readonly state: 'absent' | 'empty' | 'sound'; readonly detail?: undefined }
  /** Shorter than its two head pages: just being made by another process, or cut off. */
  | { readonly state: 'short'; readonly detail?: undefined }
  | { readonly state: 'foreign'; readonly detail: string };

/** Looks at a file without changing it. @throws the error of the file system */
export function inspectFile(path: string): FileState {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'absent' };
    throw error;
  }
  try {
    const first = readHead(descriptor, 0);
    if (first.length === 0) return { state: 'empty' };
    if (first.length >= at.version + 4) {
      const problem = problemOf(first);
      if (problem !== undefined) return { state: 'foreign', detail: problem };
    }
    if (first.length < HEAD_BYTES) return { state: 'short' };
    const pageBytes = first.readUInt32LE(at.pageBytes);
    if (pageBytes < PAGE_BYTES_MIN) return { state: 'foreign', detail: 'its head page is damaged' };
    const second = readHead(descriptor, pageBytes);
    if (second.length < HEAD_BYTES) return { state: 'short' };
    const problem = problemOf(second);
    if (problem !== undefined) return { state: 'foreign', detail: problem };
    const live =
      first.readBigUInt64LE(at.transaction) > second.readBigUInt64LE(at.transaction) ? first : second;
    // Behind the heads: another process may commit meanwhile, and pages are there before the head that names them.
    const fileBytes = fstatSync(descriptor).size;
    if (fileBytes < 2 * pageBytes) return { state: 'short' };
    const pages = BigInt(Math.floor(fileBytes / pageBytes));
    for (const root of [live.readBigUInt64LE(at.freeRoot), live.readBigUInt64LE(at.mainRoot)]) {
      if (root !== NO_PAGE && root >= pages) return { state: 'foreign', detail: 'it is cut off' };
    }
    return { state: 'sound' };
  } finally {
    closeSync(descriptor);
  }
}

function problemOf(head: Buffer): string | undefined {
  if ((head.readUInt16LE(at.pageFlags) & META_FLAG) === 0 || head.readUInt32LE(at.magic) !== MAGIC) {
    return 'it is no file of LMDB';
  }
  const version = head.readUInt32LE(at.version) & 0xffff;
  return version === FORMAT_VERSION ? undefined : `its file format is ${version}, not ${FORMAT_VERSION}`;
}

function readHead(descriptor: number, position: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  return head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, position));
}
