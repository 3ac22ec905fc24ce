import { Long, type Collection, type Filter } from 'mongodb';
import {
  isRaisedBy,
  isRepairedBy,
  type Head,
  type GuardedWritePort,
  type ReplaceAnswer,
  type UpsertAnswer,
} from '@stepfold/message-store';
import { settleBulk, type OperationOutcome } from './bulk.js';
import type { OfferedVersion } from './offered-version.js';
import { collectionOf, type StoreConnection, type StoredDocument } from './store-connection.js';

/** A repair takes the place of an equal version too. */
export type WayOfWriting = 'write' | 'repair';

/**
 * Guarded writes as one unordered bulk of replaces. If the document is there and the guard protects it, the filter
 * misses, the server inserts, and the duplicate on `_id` is the normal answer to a version that comes late.
 */
export function createGuardedWritePort(
  connection: StoreConnection,
  way: WayOfWriting = 'write',
): GuardedWritePort<OfferedVersion> {
  return {
    upsert: async (collection, versions) => {
      const order = versions.map((_, i) => i).sort((a, b) => compareIds(versions[a]!, versions[b]!));
      const { outcomes } = await settleBulk(
        connection,
        collectionOf(connection, collection),
        order.map((i) => ({
          replaceOne: {
            filter: guardOf(versions[i]!, way),
            replacement: versions[i]!.document,
            upsert: true,
          },
        })),
      );
      const answers: UpsertAnswer[] = [];
      for (const [place, i] of order.entries()) answers[i] = upsertAnswer(outcomes[place]!);
      return answers;
    },
    replace: (collection, versions) => replaceEach(connection, collection, versions, way),
  };
}

/** Under which condition a version replaces the stored one: `contract/topology.md`, "The writer". */
export function guardOf(version: OfferedVersion, way: WayOfWriting = 'write'): Filter<StoredDocument> {
  const { rev, foldVersion, order } = version.head;
  const exactRev = Long.fromNumber(rev);
  const exactFoldVersion = Long.fromNumber(foldVersion);
  return {
    _id: version.document._id,
    $or: [
      { rev: { $lt: exactRev } },
      {
        rev: exactRev,
        fold_version: way === 'repair' ? { $lte: exactFoldVersion } : { $lt: exactFoldVersion },
        order: { $gte: Long.fromBigInt(order) },
      },
    ],
  };
}

/**
 * A bulk says only how many documents it matched, and a second look could not tell our version from the same of
 * another writer: so each is replaced on its own. Nearly all of them are late, and one look at what is stored tells
 * these beforehand: what the guard protects once, it protects for ever. It looks at what a majority holds, so that
 * nothing is called stale because of a version that could still be lost.
 */
async function replaceEach(
  connection: StoreConnection,
  collectionName: string,
  versions: readonly OfferedVersion[],
  way: WayOfWriting,
): Promise<readonly ReplaceAnswer[]> {
  const isLetGo = way === 'repair' ? isRepairedBy : isRaisedBy;
  const collection = collectionOf(connection, collectionName);
  const stored = await collection
    .find(
      { _id: { $in: versions.map((version) => version.document._id) } },
      {
        projection: { rev: 1, fold_version: 1, order: 1 },
        readConcern: 'majority',
        maxTimeMS: connection.operationTimeoutMs,
      },
    )
    .toArray();
  const heads = new Map(stored.map((document) => [document._id, headIn(document)]));
  const answers: ReplaceAnswer[] = [];
  for (const version of versions) {
    const head = heads.get(version.document._id);
    const isProtected = head !== undefined && !isLetGo(head, version.head);
    answers.push(
      isProtected ? { answer: 'unmatched' } : await replaceOne(connection, collection, version, way),
    );
  }
  return answers;
}

async function replaceOne(
  connection: StoreConnection,
  collection: Collection<StoredDocument>,
  version: OfferedVersion,
  way: WayOfWriting,
): Promise<ReplaceAnswer> {
  const { outcomes, matchedCount } = await settleBulk(connection, collection, [
    { replaceOne: { filter: guardOf(version, way), replacement: version.document, upsert: false } },
  ]);
  const outcome = outcomes[0];
  if (typeof outcome === 'object') return { answer: 'refused', detail: outcome.refusal };
  return { answer: matchedCount === 1 ? 'matched' : 'unmatched' };
}

function upsertAnswer(outcome: OperationOutcome): UpsertAnswer {
  if (typeof outcome === 'object') return { answer: 'refused', detail: outcome.refusal };
  return { answer: outcome === 'done' ? 'written' : 'duplicate' };
}

/** What the guard of a stored document compares, or undefined if the document is not as we write them. */
function headIn(document: StoredDocument): Head | undefined {
  const { rev, fold_version: foldVersion, order } = document;
  if (typeof rev !== 'number' || typeof foldVersion !== 'number') return undefined;
  if (typeof order !== 'number' && !(order instanceof Long)) return undefined;
  return { rev, foldVersion, order: BigInt(order.toString()) };
}

/** Any order would do, if only every writer has the same. */
function compareIds(a: OfferedVersion, b: OfferedVersion): number {
  return a.document._id < b.document._id ? -1 : 1;
}
