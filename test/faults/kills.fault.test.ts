import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startKafka, startMongodb, type KafkaCluster, type MongodbServer } from '@stepfold/local-servers';
import { sleep } from '@stepfold/runtime';
import { checkOutcome } from './check-outcome.js';
import { openFaultData, untilEnded, untilPassed, untilSaid, type FaultData, type ServiceName } from './fault-data.js';
import { watchRevs, type RevWatcher } from './rev-watcher.js';
import { publishSteadily, type SteadyPublishing } from './steady-publishing.js';

jest.setTimeout(180_000);

const points: Readonly<Record<ServiceName, readonly string[]>> = {
  projector: ['after-poll', 'after-fold', 'mid-emit', 'after-emit', 'before-commit', 'after-commit'],
  writer: ['after-poll', 'before-write', 'mid-write', 'after-write', 'before-commit', 'after-commit'],
};
const others: Readonly<Record<ServiceName, ServiceName>> = { projector: 'writer', writer: 'projector' };

let kafka: KafkaCluster;
let mongodb: MongodbServer;
let data: FaultData;
let publishing: SteadyPublishing;
let watcher: RevWatcher;

beforeAll(async () => {
  [kafka, mongodb] = await Promise.all([startKafka(), startMongodb()]);
});

afterAll(async () => {
  await Promise.all([kafka?.stop(), mongodb?.stop()]);
});

beforeEach(async () => {
  data = await openFaultData({ brokers: kafka.brokers, mongodbUrl: mongodb.url });
  publishing = publishSteadily(data);
  watcher = watchRevs(data);
});

afterEach(async () => {
  await publishing.end().catch(() => undefined);
  await watcher.end().catch(() => undefined);
  await data[Symbol.asyncDispose]();
});

describe('one Kafka node, one store, 4 partitions', () => {
  it.each(['projector', 'writer'] as const)(
    'stores the fold of the log after a %s was killed at every named point, early and later',
    async (service) => {
      data.start(others[service]);
      for (const point of points[service]) {
        for (const nth of [1, 5]) {
          const life = data.startStopping(service, { point, nth, signal: 'SIGKILL' });
          await untilSaid(data, life, `stopped ${point}`);
          expect(await life.end('SIGKILL')).toBe('SIGKILL');
        }
      }
      data.start(service);
      await publishing.end();
      await checkOutcome(data, publishing, watcher);
    },
  );

  it.each(['projector', 'writer'] as const)(
    'stores the fold of the log after a %s was frozen at every named point, replaced, and thawed',
    async (service) => {
      data.start(others[service]);
      const replacement = data.start(service);
      await untilSaid(data, replacement, 'partition assigned');
      for (const point of points[service]) {
        const life = data.startStopping(service, { point, nth: 3, signal: 'SIGSTOP' });
        await untilSaid(data, life, `stopped ${point}`);
        await publishing.more(100);
        await untilPassed(data, service);
        life.child.kill('SIGCONT');
        await untilSaid(data, life, `thawed ${point}`);
        // It has to have had its chance to do harm before it is told to end.
        await sleep(data.runtime, 300);
        expect(await untilEnded(data, life, 'SIGTERM')).toBe(0);
      }
      await publishing.end();
      await checkOutcome(data, publishing, watcher);
    },
  );
});
