import {
  beginsArray,
  createArrayReader,
  createPartReader,
  type ArrayReader,
  type ReadLine,
} from '@stepfold/formats';

/** Of a line that does not end. Longer ones are passed over. */
const LINE_LENGTH_MAX = 32 * 1024 * 1024;

/** Reads the parts of a response from its bytes, however they are cut: server-sent events, JSON lines, or one JSON array. */
export interface PartDecoder {
  read(chunk: Uint8Array): Iterable<unknown>;
  /** What is left at the end. */
  end(): Iterable<unknown>;
}

export function createPartDecoder(): PartDecoder {
  const text = new TextDecoder();
  const partReader = createPartReader({ isSentOverHttp: true });
  let arrayReader: ArrayReader | undefined;
  let isBegun = false;
  /** The pieces of the line that has not ended. */
  let pieces: string[] = [];
  let length = 0;
  let isTooLong = false;

  function* readLine(line: string): Iterable<unknown> {
    if (!isBegun && line.trim() !== '') {
      isBegun = true;
      if (beginsArray(line)) arrayReader = createArrayReader();
    }
    const reads: Iterable<ReadLine> = arrayReader?.read(line) ?? [partReader.read(line)];
    for (const read of reads) if (read.kind === 'part') yield read.part;
  }

  function* readText(given: string): Iterable<unknown> {
    let from = 0;
    for (;;) {
      const end = given.indexOf('\n', from);
      if (end < 0) break;
      hold(given.slice(from, end));
      yield* endLine();
      from = end + 1;
    }
    if (from < given.length) hold(given.slice(from));
  }

  function hold(piece: string): void {
    length += piece.length;
    if (length > LINE_LENGTH_MAX) {
      isTooLong = true;
      pieces = [];
    }
    if (!isTooLong) pieces.push(piece);
  }

  function* endLine(): Iterable<unknown> {
    const line = pieces.join('');
    const isRead = !isTooLong;
    pieces = [];
    length = 0;
    isTooLong = false;
    // A carriage return at its end is white space to whoever reads it.
    if (isRead) yield* readLine(line);
  }

  return {
    read: (chunk) => readText(text.decode(chunk, { stream: true })),
    *end() {
      yield* readText(text.decode());
      if (length > 0) yield* endLine();
      const last = (arrayReader ?? partReader).end();
      if (last.kind === 'part') yield last.part;
    },
  };
}

/** Of a body that is one JSON value. */
const BODY_LENGTH_MAX = 64 * 1024 * 1024;

/** Reads a body that is one JSON value, at its end. What is no JSON has no parts. */
export function createWholeDecoder(partsOf: (value: unknown) => Iterable<unknown>): PartDecoder {
  const decoder = new TextDecoder();
  let text = '';
  return {
    read(chunk) {
      if (text.length <= BODY_LENGTH_MAX) text += decoder.decode(chunk, { stream: true });
      return [];
    },
    end() {
      if (text.length > BODY_LENGTH_MAX) return [];
      let value: unknown;
      try {
        value = JSON.parse(text + decoder.decode());
      } catch {
        return [];
      }
      return partsOf(value);
    },
  };
}
