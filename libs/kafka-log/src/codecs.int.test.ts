import { describe, expect, it, jest } from '@jest/globals';
import type { CompressionTypes } from 'kafkajs';
import { compressionTypes, registerCodecs } from './codecs.js';
import { compressions } from './kafka-log-options.js';
import { connectDevKafka } from './testing/dev-kafka.js';

jest.setTimeout(60_000);
registerCodecs();

describe('records on a broker', () => {
  it('come back as they were sent, however their batches are compressed', async () => {
    await using dev = await connectDevKafka();
    const topic = `${dev.topicPrefix}compressed`;
    // The broker opens every batch to stamp it, so it has to understand them too.
    const configEntries = [{ name: 'message.timestamp.type', value: 'CreateTime' }];
    await dev.createTopics([{ topic, numPartitions: 1, configEntries }]);
    const producer = dev.kafka.producer();
    await producer.connect();
    const sent: string[] = [];
    for (const name of compressions) {
      const values = Array.from({ length: 200 }, (_, index) => `${name} ${index} ${'text '.repeat(50)}`);
      const compression: CompressionTypes = compressionTypes[name];
      const messages = values.map((value) => ({ value, partition: 0 }));
      await producer.send({ topic, compression, messages });
      sent.push(...values);
    }
    await producer.disconnect();

    const consumer = dev.kafka.consumer({ groupId: `${dev.topicPrefix}reader` });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const received: string[] = [];
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
      void consumer.run({
        eachMessage: ({ message }) => {
          received.push(message.value?.toString() ?? '');
          if (received.length === sent.length) resolve();
          return Promise.resolve();
        },
      });
    });
    await consumer.disconnect();
    await dev.admin.deleteGroups([`${dev.topicPrefix}reader`]);
    expect(received).toEqual(sent);
  });
});
