import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import type { Arm, ArmJob } from '../arm.js';
import { topicPrefixOf } from '../bench-places.js';
import { createEventUnion } from '../event-union.js';
import { makeWorkload } from '../workload.js';

/**
 * kafkajs by its public interface: `eachBatch` over the topic of events in a fresh group, its settings left as they
 * are. Counts only, or parses, or parses and checks with zod.
 */
export async function createDrainArm(job: ArmJob): Promise<Arm> {
  const kafka = new Kafka({ brokers: [...job.brokers], clientId: 'bench', logLevel: logLevel.NOTHING });
  const topic = `${topicPrefixOf(job, 'consume')}events`;
  const expected = totalsOf(job);
  let totals = { records: 0, textUnits: 0 };
  const take = handlerOf(job.arm, () => totals);

  return {
    async run(round, stopwatch) {
      totals = { records: 0, textUnits: 0 };
      const consumer = kafka.consumer({ groupId: `${job.prefix}.${job.arm}.${round}` });
      consumer.on(consumer.events.GROUP_JOIN, () => stopwatch.start());
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      let seen = 0;
      await new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
        consumer
          .run({
            async eachBatch({ batch }) {
              for (const message of batch.messages) {
                seen++;
                if (!(job.isSpoilt && seen === 10)) take(message);
              }
              if (seen < expected.records) return;
              stopwatch.stop();
              resolve();
            },
          })
          .catch(reject);
      });
      await consumer.disconnect();
      return seen;
    },
    async check() {
      if (totals.records !== expected.records) return `${totals.records} records and not ${expected.records}`;
      if (job.arm === 'drain' || totals.textUnits === expected.textUnits) return undefined;
      return `${totals.textUnits} characters of text and not ${expected.textUnits}`;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Totals {
  records: number;
  /** Of the deltas, in UTF-16 units: nobody knows them without having parsed. */
  textUnits: number;
}

function totalsOf({ seed, events }: ArmJob): Totals {
  const workload = makeWorkload({ seed, events, chatPrefix: 'chat-' });
  return {
    records: workload.length,
    textUnits: workload.reduce((sum, event) => sum + ('text' in event ? event.text.length : 0), 0),
  };
}

function handlerOf(arm: ArmJob['arm'], totals: () => Totals): (message: KafkaMessage) => void {
  const union = createEventUnion();
  switch (arm) {
    case 'drain-parse':
      return ({ value }) => {
        const event = JSON.parse(value!.toString()) as { readonly text?: string };
        totals().records++;
        if (event.text !== undefined) totals().textUnits += event.text.length;
      };
    case 'drain-parse-zod':
      return ({ value }) => {
        const event = union.parse(JSON.parse(value!.toString()));
        totals().records++;
        if ('text' in event) totals().textUnits += event.text.length;
      };
    default:
      return () => void totals().records++;
  }
}
