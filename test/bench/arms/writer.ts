import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { openMongodbStore } from '@stepfold/mongodb-store';
import { InMemoryMetrics, silentLogger } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';
import type { Arm, ArmJob } from '../arm.js';
import { databaseOf, endsOf, openBenchLog, runtime } from '../bench-places.js';
import { observeLog, type LogObserver } from '../observed-log.js';
import { differenceFrom, foldPlainly } from '../plain-fold.js';
import { makeWorkload } from '../workload.js';
import { storedMessages } from './stored-messages.js';

/** The production writer from a topic of steps into an empty database, until everything is stored and committed. */
export async function createWriterArm(job: ArmJob): Promise<Arm> {
  const log = await openBenchLog(job, 'write');
  const expected = foldPlainly(makeWorkload({ seed: job.seed, events: job.events, chatPrefix: 'chat-' }));
  const ends = await endsOf(log, 'steps');
  let store: MessageStore | undefined;

  return {
    async prepare(round) {
      await store?.close();
      store = await openMongodbStore({
        url: job.mongodbUrl,
        database: databaseOf(job, `writer-${round}`),
        runtime,
      });
    },
    async run(round, stopwatch) {
      await writeAll({
        log,
        store: store!,
        ends,
        group: `writer.${round}`,
        observer: { onAssigned: () => stopwatch.start(), ...(job.isSpoilt ? loseOne() : {}) },
      });
      stopwatch.stop();
      return ends.reduce((sum, end) => sum + end, 0);
    },
    check: async () => differenceFrom(expected, await storedMessages(store!, 'chat-'), { hasDigests: false }),
    async [Symbol.asyncDispose]() {
      await store?.close();
      await log.close();
    },
  };
}

/** Hides the last version of one message. */
function loseOne(): LogObserver {
  let seen = 0;
  return { isSeen: ({ value }) => !value!.toString().includes('"status":"complete"') || ++seen !== 3 };
}

/** Runs a writer until it has committed the end of every partition of steps. */
export async function writeAll(options: {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly ends: readonly number[];
  readonly group: string;
  readonly observer?: LogObserver;
}): Promise<void> {
  const { log, store, ends, group, observer = {} } = options;
  const done = new AbortController();
  const open = new Set([...ends.keys()].filter((partition) => ends[partition]! > 0));
  const observed = observeLog(log, {
    ...observer,
    onCommitted({ topic, partition }, { nextOffset }) {
      if (topic !== 'steps' || nextOffset < ends[partition]!) return;
      open.delete(partition);
      if (open.size === 0) done.abort();
    },
  });
  await runWriter({
    log: observed,
    store,
    runtime,
    logger: silentLogger,
    metrics: new InMemoryMetrics(),
    signal: done.signal,
    config: { group },
  });
}
