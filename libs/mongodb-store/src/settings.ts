import { isId } from '@stepfold/events';
import { FIRST_COLLECTION, requireGenerationClaim, type GenerationClaim } from '@stepfold/message-store';
import { CorruptStateError, InvariantViolation } from '@stepfold/runtime';
import { settleBulk, type OperationOutcome } from './bulk.js';
import { collectionOf, ownCollections, type StoreConnection } from './store-connection.js';

/** Which collection is live: `{_id: "live", messages}`. */
const LIVE_ID = 'live';
/** What is registered of the log: `{_id: "log", generation, partition_count}`. */
const LOG_ID = 'log';

/** The name of the collection that is live. */
export async function readLiveCollection(connection: StoreConnection): Promise<string> {
  const document = await settingsOf(connection).findOne(
    { _id: LIVE_ID },
    { maxTimeMS: connection.operationTimeoutMs },
  );
  if (document === null) return FIRST_COLLECTION;
  const { messages } = document;
  if (!isId(messages)) {
    throw new CorruptStateError(
      'data-unreadable',
      'The document `live` of the collection settings names no collection.',
    );
  }
  return messages;
}

/** Makes `to` live if `from` is; answers whether it was. */
export async function switchLive(connection: StoreConnection, from: string, to: string): Promise<boolean> {
  const settings = settingsOf(connection);
  if (from === FIRST_COLLECTION) {
    // So that there is a document to compare with. If another process makes it at this moment, all the better.
    await settleBulk(connection, settings, [
      {
        updateOne: {
          filter: { _id: LIVE_ID },
          update: { $setOnInsert: { messages: FIRST_COLLECTION } },
          upsert: true,
        },
      },
    ]);
  }
  const { matchedCount } = await settleBulk(connection, settings, [
    { updateOne: { filter: { _id: LIVE_ID, messages: { $eq: from } }, update: { $set: { messages: to } } } },
  ]);
  return matchedCount === 1;
}

/**
 * Registers a claim if it raises the generation, and answers what is registered then. If the document is there with a
 * generation that is not lower, the filter misses and the insert collides with its `_id`: the claim changes nothing.
 */
export async function claimStoredGeneration(
  connection: StoreConnection,
  claim: GenerationClaim,
): Promise<GenerationClaim> {
  requireGenerationClaim(claim);
  const { generation, partition_count } = claim;
  const settings = settingsOf(connection);
  for (let attempt = 1; ; attempt++) {
    let outcomes: readonly OperationOutcome[];
    try {
      ({ outcomes } = await settleBulk(connection, settings, [
        {
          updateOne: {
            filter: { _id: LOG_ID, generation: { $lt: generation } },
            update: { $set: { generation, partition_count } },
            upsert: true,
          },
        },
      ]));
    } catch (error) {
      // A store that takes no writes at the moment need not take one of a claim that changes nothing: services can
      // be started while it is full or read-only, and go on when it is not.
      const registered = await readGeneration(connection).catch(() => undefined);
      if (registered !== undefined && registered.generation >= generation) return registered;
      throw error;
    }
    const registered = await readGeneration(connection);
    if (registered === undefined)
      throw new InvariantViolation('The generation of the log was claimed and is not stored.');
    // Two first claims may have raced, and the lower one have been there first.
    if (outcomes[0] === 'done' || registered.generation >= generation || attempt === 3) return registered;
  }
}

async function readGeneration(connection: StoreConnection): Promise<GenerationClaim | undefined> {
  const stored = await settingsOf(connection).findOne(
    { _id: LOG_ID },
    { maxTimeMS: connection.operationTimeoutMs },
  );
  if (stored === null) return undefined;
  return {
    generation: Number(stored['generation']),
    partition_count: Number(stored['partition_count']),
  };
}

function settingsOf(connection: StoreConnection): ReturnType<typeof collectionOf> {
  return collectionOf(connection, ownCollections.settings);
}
