import type { Event } from '@stepfold/events';
import type { MessageStore } from '@stepfold/message-store';
import { openMongodbStore } from '@stepfold/mongodb-store';
import { runProjector } from '@stepfold/projector';
import { createPublisher } from '@stepfold/publisher';
import { InMemoryMetrics, silentLogger } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';
import type { Arm, ArmJob } from '../arm.js';
import { databaseOf, openBenchLog, runtime } from '../bench-places.js';
import { observeLog } from '../observed-log.js';
import { differenceFrom, foldPlainly } from '../plain-fold.js';
import { createEventPublishing } from '../publish-event.js';
import { makeWorkload } from '../workload.js';
import { storedMessages } from './stored-messages.js';

/**
 * The whole path in one process: the production publisher, projector and writer. From the first event published until
 * the stored progress has passed the last one. The services run already, as they would.
 */
export async function createEndToEndArm(job: ArmJob): Promise<Arm> {
  const log = await openBenchLog(job, 'flow');
  const database = databaseOf(job, 'flow');
  const store = await openMongodbStore({ url: job.mongodbUrl, database, runtime });
  const stored = new Map<number, number>();
  let onProgress = (): void => undefined;
  const observedStore: MessageStore = {
    ...store,
    async raiseProgress(progress) {
      await store.raiseProgress(progress);
      stored.set(progress.partition, Math.max(progress.folded_to, stored.get(progress.partition) ?? 0));
      onProgress();
    },
  };
  const stopping = new AbortController();
  const context = { runtime, logger: silentLogger, signal: stopping.signal };
  // The projector's topic, and the two of the writer.
  let waitingFor = job.partitionCount * 3;
  let onAllAssigned = (): void => undefined;
  const assigned = new Promise<void>((resolve) => (onAllAssigned = resolve));
  const observedLog = observeLog(log, {
    onAssigned: () => {
      if (--waitingFor === 0) onAllAssigned();
    },
  });
  const services = Promise.all([
    runProjector({ ...context, log: observedLog, metrics: new InMemoryMetrics() }),
    runWriter({ ...context, log: observedLog, store: observedStore, metrics: new InMemoryMetrics() }),
  ]);
  /** Ends early only by an error. */
  const failure = services.then(() => Promise.reject(new Error('the services ended')));
  failure.catch(() => undefined);
  await Promise.race([assigned, failure]);
  const publisher = createPublisher({ log, runtime, name: 'bench' });
  let events: readonly Event[] = [];
  const chatPrefix = (round: string): string => `${job.arm}-${round}-`;

  return {
    async prepare(round) {
      events = makeWorkload({ seed: job.seed, events: job.events, chatPrefix: chatPrefix(round) });
    },
    async run(_round, stopwatch) {
      const given = job.isSpoilt ? events.toSpliced(10, 1) : events;
      stopwatch.start();
      const publish = createEventPublishing(publisher);
      for (const event of given) await publish(event);
      const positions = await publisher.flush();
      await Promise.race([
        failure,
        new Promise<void>((resolve) => {
          onProgress = () => {
            if (positions.every(({ partition, offset }) => (stored.get(partition) ?? 0) > offset)) resolve();
          };
          onProgress();
        }),
      ]);
      stopwatch.stop();
      return events.length;
    },
    check: async (round) =>
      differenceFrom(foldPlainly(events), await storedMessages(store, chatPrefix(round)), {
        hasDigests: false,
      }),
    async [Symbol.asyncDispose]() {
      await publisher.close();
      stopping.abort();
      await services;
      await store.close();
      await log.close();
    },
  };
}
