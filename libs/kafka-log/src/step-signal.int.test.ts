import { expect, it, jest } from '@jest/globals';
import { createPublisher } from '@stepfold/publisher';
import { openKafkaLog } from './open-kafka-log.js';
import { connectDevKafka } from './testing/dev-kafka.js';

jest.setTimeout(60_000);

it('tells one publisher of the stop button that was pressed through another', async () => {
  await using dev = await connectDevKafka();
  const { brokers, runtime, topicPrefix } = dev;
  await using log = await openKafkaLog({ brokers, runtime, topicPrefix, partitionCount: 2 });
  await using publisher = createPublisher({ log, runtime });
  await using other = createPublisher({ log, runtime });
  const { signal, opened } = publisher.openStep({ chatId: 'c', stepId: 's' });
  const aborted = new Promise((resolve) => {
    signal.addEventListener('abort', resolve);
  });
  await opened.acknowledged;
  await other.joinStep({ chatId: 'c', stepId: 's' }).interrupt('user').acknowledged;
  await aborted;
  expect(signal.reason).toMatchObject({ name: 'AbortError', ending: 'user' });
});
