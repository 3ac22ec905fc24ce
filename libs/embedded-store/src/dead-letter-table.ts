import { UsageError } from '@stepfold/runtime';
import {
  isDeadLetterId,
  itemsMaxOf,
  parseDeadLetterCursor,
  type DeadLetter,
  type Page,
  type PageOptions,
} from '@stepfold/message-store';
import type { Reads, Writes } from './database.js';
import { deadLetterKey, deadLetterRange } from './keys.js';
import { takePage } from './page.js';

/** A dead letter as JSON: the bytes of its record as base64, a missing one as null. */
type StoredLetter = Omit<DeadLetter, 'key' | 'value'> & {
  readonly key: string | null;
  readonly value: string | null;
};

/** A letter that can be stored: checked and encoded before any lock is taken. */
export interface EncodedLetter {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

/** @throws UsageError `bad-usage` if the id cannot be a key */
export function encodeLetter(letter: DeadLetter): EncodedLetter {
  if (!isDeadLetterId(letter.id)) {
    throw new UsageError('bad-usage', 'The id of a dead letter is `topic:partition:offset`.');
  }
  const stored: StoredLetter = { ...letter, key: toBase64(letter.key), value: toBase64(letter.value) };
  return { key: deadLetterKey(letter.id), bytes: Buffer.from(JSON.stringify(stored), 'utf8') };
}

/** A letter that is stored already stays as it was first. */
export function insertLetter(writes: Writes, letter: EncodedLetter): void {
  if (writes.get(letter.key) === undefined) writes.put(letter.key, letter.bytes);
}

/** Dead letters in order of their ids, as texts. */
export function readDeadLetters(reads: Reads, page: PageOptions | undefined): Page<DeadLetter> {
  const afterId = page?.cursor === undefined ? undefined : parseDeadLetterCursor(page.cursor);
  return takePage(
    reads.entries(deadLetterRange(afterId)),
    itemsMaxOf(page),
    ({ value }) => ({ item: decodeLetter(value), storedBytes: value.length }),
    (letter) => letter.id,
  );
}

function decodeLetter(bytes: Buffer): DeadLetter {
  const stored = JSON.parse(bytes.toString('utf8')) as StoredLetter;
  return { ...stored, key: fromBase64(stored.key), value: fromBase64(stored.value) };
}

function toBase64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('base64');
}

/** A plain array of its own: a Buffer would be a window on memory that it shares. */
function fromBase64(text: string | null): Uint8Array | null {
  return text === null ? null : new Uint8Array(Buffer.from(text, 'base64'));
}
