import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { UsageError } from '@stepfold/runtime';
import { shownName } from './shown-name.js';

/** Longest line that is read: beyond, one line would decide how much memory the program needs. */
export const LINE_BYTES_MAX = 128 * 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * A file that was named on the command line. It can be read several times and gives the same each time: what
 * is appended after it was opened is not seen, and what cannot be read twice (a pipe) was copied.
 */
export interface InputFile extends Disposable {
  /** The name for a person. */
  readonly label: string;
  /**
   * The lines as bytes, without their line feeds and without a byte order mark at the beginning. Holds one
   * line at a time: its bytes are good until the next one is asked for.
   * @throws UsageError naming the line that is too long, or the file if it cannot be read any more
   */
  lines(lineBytesMax?: number): Iterable<Uint8Array>;
}

/**
 * @param name a path, or `-` for standard input
 * @throws UsageError in one sentence if it is not there, empty, a directory, or cannot be read
 */
export async function openInputFile(name: string, stdin: Readable): Promise<InputFile> {
  if (name === '-') return copyOf('standard input', stdin);
  const label = shownName(name);
  try {
    const stats = fs.statSync(name);
    if (stats.isDirectory()) throw refusal(`${label} is a directory, not a file`);
    if (!stats.isFile()) return await copyOf(label, fs.createReadStream(name));
    // Opened for each reading: a command may name more files than a process may hold open.
    const handles = { open: () => fs.openSync(name, 'r'), close: fs.closeSync };
    return inputFile(label, handles, () => undefined);
  } catch (error) {
    throw readingError(label, error);
  }
}

/**
 * Copies a stream to a file of its own, because it has to be read twice. The file has no name any more as
 * soon as it is open: whatever happens to the process, nothing of it stays behind.
 */
async function copyOf(label: string, source: Readable): Promise<InputFile> {
  let handle: number | undefined;
  const close = (): void => {
    if (handle !== undefined) fs.closeSync(handle);
    handle = undefined;
  };
  try {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-'));
    try {
      handle = fs.openSync(path.join(folder, 'input'), 'wx+', 0o600);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
    const copy = handle;
    for await (const chunk of source) writeWhole(copy, chunk as Uint8Array);
    return inputFile(label, { open: () => copy, close: () => undefined }, close);
  } catch (error) {
    close();
    throw readingError(label, error);
  }
}

function writeWhole(handle: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += fs.writeSync(handle, bytes, written);
}

/** How a file is opened for one reading, and closed after it. */
interface Handles {
  open(): number;
  close(handle: number): void;
}

function inputFile(label: string, handles: Handles, dispose: () => void): InputFile {
  const handle = handles.open();
  const { size } = fs.fstatSync(handle);
  handles.close(handle);
  if (size === 0) throw refusal(`${label} is empty`);
  return {
    label,
    lines: (lineBytesMax = LINE_BYTES_MAX) => linesOf(label, chunksOf(label, handles, size), lineBytesMax),
    [Symbol.dispose]: dispose,
  };
}

function* linesOf(
  label: string,
  chunks: Iterable<Buffer>,
  lineBytesMax: number,
): Generator<Uint8Array, void, undefined> {
  /** The beginning of a line that goes on in the next chunk. */
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  let lineNumber = 1;
  for (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      pieceBytes += piece.length;
      // A line that is too long is measured to its end, so that the sentence can say how long it is.
      if (pieceBytes > lineBytesMax) pieces = [];
      else if (end < 0) pieces.push(Buffer.from(piece));
      else yield joined(pieces, piece, lineNumber);
      if (end < 0) break;
      if (pieceBytes > lineBytesMax) throw tooLong(label, lineNumber, pieceBytes, lineBytesMax);
      pieces = [];
      pieceBytes = 0;
      lineNumber++;
      from = end + 1;
    }
  }
  if (pieceBytes > lineBytesMax) throw tooLong(label, lineNumber, pieceBytes, lineBytesMax);
  if (pieceBytes > 0) yield joined(pieces, new Uint8Array(), lineNumber);
}

function joined(pieces: readonly Uint8Array[], last: Uint8Array, lineNumber: number): Uint8Array {
  const line = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
  const isMarked = lineNumber === 1 && BYTE_ORDER_MARK.every((byte, index) => line[index] === byte);
  return isMarked ? line.subarray(BYTE_ORDER_MARK.length) : line;
}

/** The first `size` bytes of a file. Each chunk is overwritten by the next. */
function* chunksOf(label: string, handles: Handles, size: number): Generator<Buffer, void, undefined> {
  let handle: number | undefined;
  try {
    handle = handles.open();
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size));
    let position = 0;
    while (position < size) {
      const bytes = fs.readSync(handle, buffer, 0, Math.min(buffer.length, size - position), position);
      if (bytes === 0) throw refusal(`${label} was shortened while it was read`);
      position += bytes;
      yield buffer.subarray(0, bytes);
    }
  } catch (error) {
    throw readingError(label, error);
  } finally {
    if (handle !== undefined) handles.close(handle);
  }
}

function tooLong(label: string, lineNumber: number, bytes: number, bytesMax: number): UsageError {
  return refusal(`${label}, line ${lineNumber}: the line has ${bytes} bytes; at most ${bytesMax} are taken`);
}

function refusal(sentence: string, cause?: unknown): UsageError {
  return new UsageError('bad-input', sentence, cause === undefined ? undefined : { cause });
}

/** Sentences for the errors of the system that a person meets. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  EISDIR: 'is a directory, not a file',
  ELOOP: 'cannot be read: its symbolic links go in a circle',
  ENAMETOOLONG: 'cannot be read: the name is too long',
};

/** The error of the system as a sentence; errors of our own, and those thrown by who reads, as they are. */
export function readingError(label: string, error: unknown): unknown {
  if (error instanceof UsageError || typeof error !== 'object' || error === null) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  if (syscall !== undefined) return refusal(`${label} ${reasons[code] ?? `cannot be read: ${code}`}`, error);
  return code === 'ERR_INVALID_ARG_VALUE' ? refusal('the name of a file holds a NUL', error) : error;
}
