import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition, ReadLimits } from '@stepfold/event-log';
import { createSystemRuntime, InMemoryMetrics } from '@stepfold/runtime';
import { createAssignedPartition } from './assigned-partition.js';
import { createFetcher } from './fetcher.js';
import type { GroupMember } from './group-member.js';
import { createInMemoryLeader, type InMemoryLeader } from './testing/in-memory-leader.js';

function assign(leader: InMemoryLeader, limits: ReadLimits): AssignedPartition {
  const { client } = leader;
  return createAssignedPartition(
    {
      client,
      fetcher: createFetcher(client, createSystemRuntime()),
      member: { whenHeard: async () => undefined } as unknown as GroupMember,
      metrics: new InMemoryMetrics(),
      groupId: 'group',
      fullName: () => 't',
    },
    {
      topic: 'events',
      partition: 0,
      committed: { nextOffset: 0, metadata: '' },
      limits,
      signal: new AbortController().signal,
      isOurs: () => true,
    },
  );
}

describe('polling several batches that came in one answer', () => {
  it.each([1, 2, 3, 4, 100])(
    'gives every record once and in order, at most %i at a time, and then the end',
    async (recordsMax) => {
      const leader = createInMemoryLeader();
      leader.append(0, 'a', 'b', 'c');
      leader.append(0, 'd');
      leader.append(0, 'e', 'f');
      const partition = assign(leader, { recordsMax });
      const texts: string[] = [];
      let fetches = 0;
      for (;;) {
        const { records, nextOffset, endOffset } = await partition.poll();
        if (records.length === 0) {
          expect([nextOffset, endOffset]).toEqual([6, 6]);
          break;
        }
        expect(records.length).toBeLessThanOrEqual(recordsMax);
        expect(nextOffset).toBe(records.at(-1)!.offset + 1);
        texts.push(...records.map(({ value }) => Buffer.from(value!).toString()));
        fetches = leader.asked.length;
      }
      expect(texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      // What was fetched is not fetched again.
      expect(fetches).toBe(1);
    },
  );
});

describe('a poll', () => {
  it('fetches FETCH_BYTES_MIN where its limit is below that, and keeps what it does not give', async () => {
    const leader = createInMemoryLeader();
    for (let batch = 0; batch < 5; batch++) leader.append(0, 'x'.repeat(1_000));
    const partition = assign(leader, { bytesMax: 1_500 });
    for (let poll = 0; poll < 5; poll++) expect((await partition.poll()).records).toHaveLength(1);
    expect(leader.asked).toHaveLength(1);
    expect(leader.asked[0]!.partitions).toMatchObject([{ bytesMax: 1024 * 1024 }]);
  });

  it('fetches no more than its limit where that is above FETCH_BYTES_MIN', async () => {
    const leader = createInMemoryLeader();
    for (let batch = 0; batch < 5; batch++) leader.append(0, 'x'.repeat(1024 * 1024));
    const bytesMax = 3 * 1024 * 1024;
    const partition = assign(leader, { bytesMax });
    expect((await partition.poll()).records).toHaveLength(2);
    expect(leader.asked[0]!.partitions).toMatchObject([{ bytesMax }]);
    expect(leader.answeredBytes[0]).toBeLessThanOrEqual(bytesMax);
  });
});
