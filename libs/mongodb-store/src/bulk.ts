import {
  MongoBulkWriteError,
  type AnyBulkWriteOperation,
  type BulkWriteResult,
  type Collection,
} from 'mongodb';
import { sleep } from '@stepfold/runtime';
import type { StoreConnection, StoredDocument } from './store-connection.js';
import { storeError, troubleError, unconfirmedError } from './store-error.js';

/** What became of one operation of a bulk. */
export type OperationOutcome =
  | 'done'
  /** A document with this `_id` is there. */
  | 'duplicate-id'
  | { readonly refusal: string };

export interface SettledBulk {
  /** One for each operation, in order. */
  readonly outcomes: readonly OperationOutcome[];
  /** How many of the operations found a document, in all. */
  readonly matchedCount: number;
}

export type BulkOperation = AnyBulkWriteOperation<StoredDocument>;

const DUPLICATE_KEY = 11_000;

/** What a server says of a document that it will never take, whoever offers it and however often. */
const refusals: ReadonlyMap<number, string> = new Map([
  [15, 'it is nested too deeply'], // Overflow
  [22, 'it is no document'], // InvalidBSON
  [52, 'it has a field whose name begins with a dollar sign'], // DollarPrefixedFieldName
  [57, 'it has a field whose name holds a dot'], // DottedFieldName
  [121, 'it is against a rule of the collection'], // DocumentValidationFailure
  [10_334, 'it is too large'], // BSONObjectTooLarge
  [17_280, 'a value is too large for an index'], // KeyTooLong
  [17_419, 'it is too large'],
  [17_420, 'it is too large'],
]);

/** Rounds that failed operations are tried in before the trouble is the caller's: deadlocks end by themselves. */
const ROUNDS_MAX = 5;
const FIRST_PAUSE_MS = 10;

/**
 * Tries every operation on its own, whatever becomes of the others, and answers one outcome for each, in order,
 * when all that was written is journalled by a majority. Operations may be repeated, so they must bear it. Callers pass
 * them sorted by `_id`, so that no two bulks wait for each other in a circle.
 *
 * What the server reports of one operation and is neither a duplicate nor a refusal (a deadlock, a conflict) is
 * tried again a few times, with pauses; nothing was written by such an operation.
 *
 * A duplicate is as durable as a write: the server waits for a majority to hold everything up to the end of the
 * command, and so the document that was in the way.
 *
 * @throws TransientError if nothing is known about some of the operations
 */
export async function settleBulk(
  connection: StoreConnection,
  collection: Collection<StoredDocument>,
  operations: readonly BulkOperation[],
): Promise<SettledBulk> {
  const outcomes: OperationOutcome[] = operations.map(() => 'done');
  let matchedCount = 0;
  let open = operations.map((_, i) => i);
  for (let round = 1; open.length > 0; round++) {
    const { failed, failure, matched } = await tryOnce(connection, collection, operations, open, outcomes);
    matchedCount += matched;
    open = failed;
    if (failure === undefined) break;
    if (round === ROUNDS_MAX) throw failure;
    const { runtime } = connection;
    await sleep(runtime, FIRST_PAUSE_MS * 2 ** round * (0.5 + runtime.random() / 2));
  }
  return { outcomes, matchedCount };
}

async function tryOnce(
  connection: StoreConnection,
  collection: Collection<StoredDocument>,
  operations: readonly BulkOperation[],
  open: readonly number[],
  outcomes: OperationOutcome[],
): Promise<{ failed: number[]; failure?: Error; matched: number }> {
  let result: BulkWriteResult;
  let error: MongoBulkWriteError | undefined;
  try {
    result = await collection.bulkWrite(
      open.map((index) => operations[index]!),
      { ordered: false, writeConcern: connection.writeConcern, maxTimeMS: connection.operationTimeoutMs },
    );
  } catch (caught) {
    if (!(caught instanceof MongoBulkWriteError)) throw storeError(caught, connection.place);
    error = caught;
    result = caught.result;
  }
  const writeErrors = error === undefined ? [] : [error.writeErrors].flat();
  const concern = result.getWriteConcernError();
  if (concern !== undefined) throw unconfirmedError(connection.place, concern.code);
  if (error !== undefined && writeErrors.length === 0) throw storeError(error, connection.place);
  const failed: number[] = [];
  let failure: Error | undefined;
  for (const { index, code, errmsg = '' } of writeErrors) {
    const place = open[index]!;
    const outcome = outcomeOf(code, errmsg);
    if (outcome !== undefined) {
      outcomes[place] = outcome;
    } else {
      failed.push(place);
      failure ??= troubleError({ code, message: errmsg }, connection.place);
    }
  }
  const matched = result.matchedCount;
  return failure === undefined
    ? { failed, matched }
    : { failed: failed.sort((a, b) => a - b), failure, matched };
}

function outcomeOf(code: number, message: string): OperationOutcome | undefined {
  if (code === DUPLICATE_KEY) {
    const index = duplicateIndexOf(message);
    return index === '_id_'
      ? 'duplicate-id'
      : { refusal: `The unique index ${index} holds its key already.` };
  }
  const refusal = refusals.get(code);
  return refusal === undefined ? undefined : { refusal: `The store does not take the message: ${refusal}.` };
}

/**
 * The index of a duplicate key, from the words of MongoDB or of FerretDB: not every server says it in a field of its
 * own. Words that are neither are taken for those of the `_id`, the only unique index that we make.
 */
export function duplicateIndexOf(message: string): string {
  const match = / index: (\S+) dup key|\bIndex '([^']+)'/.exec(message);
  return match?.[1] ?? match?.[2] ?? '_id_';
}
