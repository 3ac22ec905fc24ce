import { Long } from 'mongodb';
import type { Progress } from '@stepfold/message-store';
import { InvariantViolation } from '@stepfold/runtime';
import { settleBulk, type BulkOperation } from './bulk.js';
import { collectionOf, ownCollections, type StoreConnection } from './store-connection.js';

/** Raises the progress of a partition, and never lowers it: writers may repeat and overtake each other. */
export async function raiseStoredProgress(connection: StoreConnection, progress: Progress): Promise<void> {
  const { generation, partition, folded_to } = progress;
  requireCounts(generation, partition, folded_to);
  const collection = collectionOf(connection, ownCollections.progress);
  const raise: BulkOperation = {
    updateOne: {
      filter: { _id: `${generation}:${partition}` },
      update: { $max: { folded_to: Long.fromNumber(folded_to) } },
      upsert: true,
    },
  };
  const { outcomes } = await settleBulk(connection, collection, [raise]);
  // Another writer made the document at the same moment: now it is there to be raised.
  if (outcomes[0] === 'duplicate-id') await settleBulk(connection, collection, [raise]);
}

/** The progress of every partition of a generation, in order of partitions. */
export async function readProgress(
  connection: StoreConnection,
  generation: number,
): Promise<readonly Progress[]> {
  requireCounts(generation);
  const documents = await collectionOf(connection, ownCollections.progress)
    // Ids that begin with `generation:`; `;` is the character behind the colon.
    .find(
      { _id: { $gte: `${generation}:`, $lt: `${generation};` } },
      { maxTimeMS: connection.operationTimeoutMs },
    )
    .toArray();
  return documents
    .map(({ _id, folded_to }) => ({
      generation,
      partition: Number(_id.slice(_id.indexOf(':') + 1)),
      folded_to: Number(folded_to),
    }))
    .sort((a, b) => a.partition - b.partition);
}

function requireCounts(...values: number[]): void {
  for (const value of values) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new InvariantViolation(
        `The store was given ${String(value)} as a generation, partition or offset.`,
      );
    }
  }
}
