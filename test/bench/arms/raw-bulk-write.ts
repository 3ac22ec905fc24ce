import { Collection, MongoClient, type AnyBulkWriteOperation, type BulkWriteOptions } from 'mongodb';
import { partitionOf } from '@stepfold/event-log';
import { openMongodbStore } from '@stepfold/mongodb-store';
import type { MessageStore } from '@stepfold/message-store';
import type { Arm, ArmJob } from '../arm.js';
import { databaseOf, endsOf, openBenchLog, runtime } from '../bench-places.js';
import { differenceFrom, foldPlainly } from '../plain-fold.js';
import { makeWorkload } from '../workload.js';
import { storedMessages } from './stored-messages.js';
import { writeAll } from './writer.js';

interface Bulk {
  readonly collection: string;
  readonly operations: readonly AnyBulkWriteOperation[];
  readonly options: BulkWriteOptions;
}

/**
 * The driver's `bulkWrite` with the very operations of the writer, taken down while it wrote once, into an empty
 * database: the bulks of each partition one after the other, the partitions side by side, as the writer does.
 */
export async function createRawBulkWriteArm(job: ArmJob): Promise<Arm> {
  const { bulks, records } = await takeDown(job);
  const chains = chainsOf(bulks, job.partitionCount);
  const expected = foldPlainly(makeWorkload({ seed: job.seed, events: job.events, chatPrefix: 'chat-' }));
  const client = await new MongoClient(job.mongodbUrl).connect();
  let store: MessageStore | undefined;
  let database = '';

  return {
    async prepare(round) {
      await store?.close();
      database = databaseOf(job, `raw-${round}`);
      // Makes the same indexes.
      store = await openMongodbStore({ url: job.mongodbUrl, database, runtime });
    },
    async run(_round, stopwatch) {
      const target = client.db(database);
      stopwatch.start();
      await Promise.all(
        chains.map(async (chain) => {
          for (const { collection, operations, options } of chain) {
            await target.collection(collection).bulkWrite(operations, options);
          }
        }),
      );
      stopwatch.stop();
      return records;
    },
    check: async () => differenceFrom(expected, await storedMessages(store!, 'chat-'), { hasDigests: false }),
    async [Symbol.asyncDispose]() {
      await store?.close();
      await client.close();
    },
  };
}

async function takeDown(job: ArmJob): Promise<{ readonly bulks: readonly Bulk[]; readonly records: number }> {
  const bulks: Bulk[] = [];
  const { prototype } = Collection;
  const { bulkWrite } = prototype;
  prototype.bulkWrite = function takenDown(this: Collection, operations, options = {}) {
    bulks.push({ collection: this.collectionName, operations: [...operations] as never, options });
    return bulkWrite.call(this, operations as never, options);
  };
  const log = await openBenchLog(job, 'write');
  const store = await openMongodbStore({
    url: job.mongodbUrl,
    database: databaseOf(job, 'taken-down'),
    runtime,
  });
  try {
    const ends = await endsOf(log, 'steps');
    await writeAll({ log, store, ends, group: 'taken-down' });
    if (job.isSpoilt) spoil(bulks);
    return { bulks, records: ends.reduce((sum, end) => sum + end, 0) };
  } finally {
    prototype.bulkWrite = bulkWrite;
    await store.close();
    await log.close();
  }
}

/** Every bulk is of one partition: that of the chats in it. */
function chainsOf(bulks: readonly Bulk[], partitionCount: number): readonly (readonly Bulk[])[] {
  const encoder = new TextEncoder();
  const chains = Array.from({ length: partitionCount }, (): Bulk[] => []);
  for (const bulk of bulks) {
    const [operation] = bulk.operations;
    const { _id } = filterOf(operation!);
    chains[partitionOf(encoder.encode(_id.split(':')[0]!), partitionCount)]!.push(bulk);
  }
  return chains;
}

function filterOf(operation: AnyBulkWriteOperation): { readonly _id: string } {
  const [{ filter }] = Object.values(operation) as [{ readonly filter: { readonly _id: string } }];
  return filter;
}

/** Leaves out the last operation on a message that has ended. */
function spoil(bulks: Bulk[]): void {
  const index = bulks.findIndex(({ collection }) => collection === 'messages');
  const { operations } = bulks[index]!;
  bulks[index] = { ...bulks[index]!, operations: operations.slice(1) };
}
