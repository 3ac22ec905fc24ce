import { describe, it, jest } from '@jest/globals';
import { startKafka, startMongodb, type KafkaCluster } from '@stepfold/local-servers';
import { sleep } from '@stepfold/runtime';
import { untilBothPassed, untilSaid, type FaultData } from './fault-data.js';
import { openFaultRun } from './fault-run.js';

jest.setTimeout(300_000);

const SHORT_MS = 3_000;

describe('one Kafka node, one store, 4 partitions, two projectors, two writers', () => {
  it('stores the fold of the log after the broker was killed, frozen, and stopped in order', async () => {
    await using kafka = await startKafka();
    await using mongodb = await startMongodb();
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    const [node] = kafka.nodes;
    await startAll(data);
    for (const signal of ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const) {
      await node!.kill(signal);
      // Longer than the session time-out: nobody has been heard of when the broker is back.
      await sleep(data.runtime, SHORT_MS);
      await (signal === 'SIGSTOP' ? node!.kill('SIGCONT') : node!.start());
      await publishing.more(300);
    }
    await run.check();
  });
});

describe('three Kafka nodes, one store, 4 partitions, two projectors, two writers', () => {
  it('publishes and stores on while any one of the brokers is dead, a leader or the coordinator', async () => {
    await using kafka = await startKafka({ nodes: 3 });
    await using mongodb = await startMongodb();
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    await startAll(data);
    for (const topic of [`${data.topicPrefix}events`, `${data.topicPrefix}steps`, '__consumer_offsets']) {
      const lost = await leaderOf(data, kafka, topic);
      await lost.kill('SIGKILL');
      // With one of three dead, in which nothing may stand still.
      await publishing.more(300);
      await lost.start({ awaited: kafka.nodes.map(({ id }) => id) });
      await untilInSync(data, kafka);
    }
    await run.check();
  });
});

/** Two of each; which one of two gets work first is left open. */
async function startAll(data: FaultData): Promise<void> {
  const names = ['projector', 'projector', 'writer', 'writer'] as const;
  const services = names.map((name) => ({ name, service: data.start(name) }));
  for (const { name, service } of services) await untilSaid(data, service, `${name} started`);
  await untilBothPassed(data);
}

async function leaderOf({ admin }: FaultData, kafka: KafkaCluster, topic: string) {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const leader = topics[0]!.partitions[0]!.leader;
  return kafka.nodes.find(({ id }) => id === leader)!;
}

/** Killing the next one too early would leave a partition without a majority: that is another fault. */
async function untilInSync({ admin, runtime, topicPrefix }: FaultData, kafka: KafkaCluster): Promise<void> {
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata({
      topics: [
        `${topicPrefix}events`,
        `${topicPrefix}steps`,
        `${topicPrefix}dead-letters`,
        '__consumer_offsets',
      ],
    });
    const partitions = topics.flatMap((topic) => topic.partitions);
    if (partitions.every(({ isr }) => isr.length === kafka.nodes.length)) return;
    await sleep(runtime, 100);
  }
}
