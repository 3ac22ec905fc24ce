import { Binary, type Filter } from 'mongodb';
import {
  boundedBatches,
  isDeadLetterId,
  itemsMaxOf,
  parseDeadLetterCursor,
  type DeadLetter,
  type Page,
  type PageOptions,
} from '@stepfold/message-store';
import { TransientError, UsageError } from '@stepfold/runtime';
import { settleBulk } from './bulk.js';
import { readPage } from './read-page.js';
import {
  collectionOf,
  ownCollections,
  type StoreConnection,
  type StoredDocument,
} from './store-connection.js';

/** Inserts dead letters; one that is stored already stays as it was first. */
export async function insertDeadLetters(
  connection: StoreConnection,
  letters: readonly DeadLetter[],
): Promise<void> {
  const collection = collectionOf(connection, ownCollections.deadLetters);
  for (const batch of boundedBatches(letters, documentOf, bytesOf)) {
    const first = new Map<string, StoredDocument>();
    for (const document of batch) if (!first.has(document._id)) first.set(document._id, document);
    const sorted = [...first.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
    const { outcomes } = await settleBulk(
      connection,
      collection,
      sorted.map((document) => ({ insertOne: { document } })),
    );
    const refused = outcomes.find((outcome) => typeof outcome === 'object');
    if (refused !== undefined) {
      // A rule that somebody has made. Dropping the letter would lose what nobody else has.
      const words = `The store at ${connection.place.hosts} refuses a dead letter. ${refused.refusal}`;
      throw new TransientError('store-unavailable', words);
    }
  }
}

/** Dead letters in order of their ids, as texts. */
export function readDeadLetters(
  connection: StoreConnection,
  page: PageOptions | undefined,
): Promise<Page<DeadLetter>> {
  const itemsMax = itemsMaxOf(page);
  const filter: Filter<StoredDocument> =
    page?.cursor === undefined ? {} : { _id: { $gt: parseDeadLetterCursor(page.cursor) } };
  return readPage(connection, {
    collection: ownCollections.deadLetters,
    filter,
    sort: { _id: 1 },
    itemsMax,
    decode: letterOf,
    cursorOf: (letter) => letter.id,
  });
}

function documentOf(letter: DeadLetter): StoredDocument {
  const { id, key, value, at, ...rest } = letter;
  if (!isDeadLetterId(id)) {
    throw new UsageError('bad-usage', 'The id of a dead letter is `topic:partition:offset`.');
  }
  return {
    _id: id,
    ...rest,
    key: binaryOf(key),
    value: binaryOf(value),
    at: new Date(Math.floor(at / 1_000)),
    at_us: BigInt(at),
  };
}

function letterOf(document: StoredDocument): DeadLetter {
  const { _id, key, value, at: _date, at_us, ...rest } = document;
  const bytes = { key: bytesIn(key), value: bytesIn(value) };
  return { id: _id, ...rest, ...bytes, at: Number(at_us) } as unknown as DeadLetter;
}

function bytesOf(document: StoredDocument): number {
  const { key, value, detail } = document;
  return LETTER_BYTES + lengthOf(key) + lengthOf(value) + String(detail).length;
}

/** About what a letter takes besides its key, value and detail. */
const LETTER_BYTES = 300;

function lengthOf(value: unknown): number {
  return value instanceof Binary ? value.length() : 0;
}

function binaryOf(bytes: Uint8Array | null): Binary | null {
  return bytes === null ? null : new Binary(bytes);
}

/** A plain array of its own: the driver's would be a window on memory that it shares. */
function bytesIn(value: unknown): Uint8Array | null {
  return value instanceof Binary ? new Uint8Array(value.value()) : null;
}
