import { describe, expect, it, jest } from '@jest/globals';
import { startKafka, startMongodb } from '@stepfold/local-servers';
import { sleep } from '@stepfold/runtime';
import type { ServiceProcess } from '../support/service-process.js';
import { untilEnded, untilSaid, type FaultData, type ServiceName } from './fault-data.js';
import { openFaultRun } from './fault-run.js';

jest.setTimeout(300_000);

const CHANGES = 10;
const INSTANCES_MIN = 2;
const INSTANCES_MAX = 4;

describe('one Kafka node, one store, 4 partitions', () => {
  it(`stores the fold of the log while 2 to 4 projectors and writers come, leave and are killed (${CHANGES} changes each)`, async () => {
    await using kafka = await startKafka();
    await using mongodb = await startMongodb();
    await using run = await openFaultRun(kafka, mongodb);
    const { data } = run;
    const survivors = await Promise.all([comeAndGo(data, 'projector'), comeAndGo(data, 'writer')]);
    await run.check();
    for (const survivor of survivors.flat()) expect(await untilEnded(data, survivor, 'SIGTERM')).toBe(0);
  });
});

/** Changes the instances of a service every one or two seconds. Answers those that are left. */
async function comeAndGo(data: FaultData, service: ServiceName): Promise<readonly ServiceProcess[]> {
  const { runtime } = data;
  const instances = Array.from({ length: INSTANCES_MIN }, () => data.start(service));
  for (const instance of instances) await untilSaid(data, instance, `${service} started`);
  for (let change = 0; change < CHANGES; change++) {
    await sleep(runtime, 500 + runtime.random() * 1_500);
    const comes =
      instances.length === INSTANCES_MIN || (instances.length < INSTANCES_MAX && runtime.random() < 0.5);
    if (comes) {
      const instance = data.start(service);
      instances.push(instance);
      await untilSaid(data, instance, `${service} started`);
      continue;
    }
    const [leaving] = instances.splice(Math.floor(runtime.random() * instances.length), 1);
    const signal = runtime.random() < 0.5 ? 'SIGTERM' : 'SIGKILL';
    expect(await untilEnded(data, leaving!, signal)).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
  }
  return instances;
}
