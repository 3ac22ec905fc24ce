import { expect, it } from '@jest/globals';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { createSystemRuntime } from '@stepfold/runtime';
import { createProtocolClient } from './protocol-client.js';

interface Queue {
  readonly pending: unknown[];
  readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

function newQueue(): Queue {
  const logger = { debug: () => undefined };
  const Constructor = RequestQueue as unknown as new (options: object) => Queue;
  return new Constructor({ maxInFlightRequests: null, requestTimeout: 1, logger });
}

it('an idle connection sets no timer, and one with a request that waits does (L9)', async () => {
  const client = createProtocolClient({
    config: { brokers: ['127.0.0.1:1'] },
    runtime: createSystemRuntime(),
    topics: [],
  });
  const queue = newQueue();
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId).toBeNull();
  queue.pending.push({});
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId).not.toBeNull();
  queue.destroy();
  await client.close();
});
