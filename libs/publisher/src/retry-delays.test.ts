import { expect, it } from '@jest/globals';
import type { Runtime } from '@stepfold/runtime';
import { createPublisher } from './create-publisher.js';
import { FailingLog } from './testing/failing-log.js';

const FAILURES = 12;

it('the pauses between sends of what failed grow from retryDelayMinMs to retryDelayMaxMs, and no further', async () => {
  const [retryDelayMinMs, retryDelayMaxMs] = [40, 3_000];
  const pausesMs: number[] = [];
  let failures = 0;
  const log = new FailingLog(1, () => (failures++ < FAILURES ? { appended: 0 } : 'none'));
  const runtime: Runtime = {
    nowMicros: () => 1_775_822_400_000_000,
    monotonicMs: () => 0,
    setTimer(delayMs, callback) {
      pausesMs.push(delayMs);
      queueMicrotask(callback);
      return () => undefined;
    },
    // The longest that a pause may be.
    random: () => 1,
  };
  const publisher = createPublisher({ log, runtime, producer: 'p', retryDelayMinMs, retryDelayMaxMs });
  await publisher.publish({ chat_id: 'c', step_id: 's', type: 'step-start' } as never);
  await publisher.flush();
  expect(pausesMs.slice(0, 3)).toEqual([1, 2, 4].map((times) => times * retryDelayMinMs));
  expect(pausesMs).toHaveLength(FAILURES);
  expect(pausesMs.slice(-3)).toEqual(Array(3).fill(retryDelayMaxMs));
});
