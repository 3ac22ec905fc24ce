import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startKafka, startMongodb, type KafkaCluster, type MongodbServer } from '@stepfold/local-servers';
import { sleep } from '@stepfold/runtime';
import { untilEnded, untilPassed, untilSaid, type ServiceName } from './fault-data.js';
import { openFaultRun } from './fault-run.js';

jest.setTimeout(300_000);

const points: Readonly<Record<ServiceName, readonly string[]>> = {
  projector: ['after-poll', 'after-fold', 'mid-emit', 'after-emit', 'before-commit', 'after-commit'],
  writer: ['after-poll', 'before-write', 'mid-write', 'after-write', 'before-commit', 'after-commit'],
};
const others: Readonly<Record<ServiceName, ServiceName>> = { projector: 'writer', writer: 'projector' };

let kafka: KafkaCluster;
let mongodb: MongodbServer;

beforeAll(async () => {
  [kafka, mongodb] = await Promise.all([startKafka(), startMongodb()]);
});

afterAll(async () => {
  await Promise.all([kafka?.stop(), mongodb?.stop()]);
});

describe('one Kafka node, one store, 4 partitions', () => {
  it.each(['projector', 'writer'] as const)(
    'stores the fold of the log after a %s was killed at every named point',
    async (service) => {
      await using run = await openFaultRun(kafka, mongodb);
      const { data } = run;
      data.start(others[service]);
      for (const [index, point] of points[service].entries()) {
        // Some as they begin, some in the middle of work of which some has been committed.
        const nth = index % 2 === 0 ? 1 : 3;
        const life = data.startStopping(service, { point, nth, signal: 'SIGKILL' });
        await untilSaid(data, life, `stopped ${point}`);
        expect(await untilEnded(data, life, 'SIGKILL')).toBe('SIGKILL');
      }
      data.start(service);
      await run.check();
    },
  );

  it.each(['projector', 'writer'] as const)(
    'stores the fold of the log after a %s was frozen at every named point, replaced, and thawed',
    async (service) => {
      await using run = await openFaultRun(kafka, mongodb);
      const { data, publishing } = run;
      data.start(others[service]);
      const replacement = data.start(service);
      await untilSaid(data, replacement, 'partition assigned');
      for (const point of points[service]) {
        const life = data.startStopping(service, { point, nth: 2, signal: 'SIGSTOP' });
        await untilSaid(data, life, `stopped ${point}`);
        await publishing.more(100);
        await untilPassed(data, service);
        life.child.kill('SIGCONT');
        await untilSaid(data, life, `thawed ${point}`);
        // It has to have had its chance to do harm before it is told to end.
        await sleep(data.runtime, 300);
        expect(await untilEnded(data, life, 'SIGTERM')).toBe(0);
      }
      await run.check();
    },
  );
});
