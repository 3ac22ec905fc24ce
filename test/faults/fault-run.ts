import type { KafkaCluster, MongodbServer } from '@stepfold/local-servers';
import { checkOutcome, type ExpectedOutcome } from './check-outcome.js';
import { openFaultData, type FaultData } from './fault-data.js';
import { watchRevs, type RevWatcher } from '../support/rev-watcher.js';
import { publishSteadily, type SteadyPublishing } from './steady-publishing.js';

/** Data on the servers, a publisher that publishes until `check`, and a reader that watches what is stored. */
export interface FaultRun extends AsyncDisposable {
  readonly data: FaultData;
  readonly publishing: SteadyPublishing;
  readonly watcher: RevWatcher;
  /** To be called when the fault is over and the services run: ends the publishing and checks everything. */
  check(expected?: ExpectedOutcome): Promise<void>;
}

export async function openFaultRun(
  kafka: Pick<KafkaCluster, 'brokers'>,
  mongodb: Pick<MongodbServer, 'url'>,
): Promise<FaultRun> {
  const data = await openFaultData({ brokers: kafka.brokers, mongodbUrl: mongodb.url });
  const publishing = publishSteadily(data);
  const watcher = watchRevs(data.runtime, () => storedRevs(data));
  return {
    data,
    publishing,
    watcher,
    async check(expected = {}) {
      await publishing.end();
      await checkOutcome(data, publishing, watcher, expected);
    },
    async [Symbol.asyncDispose]() {
      await publishing.end().catch(() => undefined);
      await watcher.end().catch(() => undefined);
      await data[Symbol.asyncDispose]();
    },
  };
}

/** Of whatever is there, so that a message which nobody expects is seen too. */
async function storedRevs({ database }: FaultData): Promise<ReadonlyMap<string, number>> {
  const documents = await database
    .collection<{ _id: string; rev: number }>('messages')
    .find({}, { projection: { rev: 1 } })
    .toArray();
  return new Map(documents.map(({ _id, rev }) => [_id, rev]));
}
