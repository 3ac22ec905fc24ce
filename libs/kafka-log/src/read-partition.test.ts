import { expect, it } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { createFetcher } from './fetcher.js';
import { readPartition } from './read-partition.js';
import { createInMemoryLeader } from './testing/in-memory-leader.js';

it('a read takes the silence of a broker over a quota for no end', async () => {
  const leader = createInMemoryLeader();
  leader.append(0, 'a', 'b');
  leader.throttle();
  const { records, nextOffset, endOffset } = await readPartition(leader.client, 't', 0, 0);
  expect([records.length, nextOffset, endOffset]).toEqual([2, 2, 2]);
});

it('nor does a poll', async () => {
  const leader = createInMemoryLeader();
  leader.append(0, 'a', 'b');
  leader.throttle();
  const fetcher = createFetcher(leader.client, createSystemRuntime());
  const want = { topic: 't', partition: 0, offset: 0, bytesMax: 1_000, isEndKnown: false };
  expect((await fetcher.fetch(want, new AbortController().signal)).records).toHaveLength(2);
});
