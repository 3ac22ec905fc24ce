import { describe, expect, it } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { createFetcher, type Fetched, type Fetcher } from './fetcher.js';
import { createInMemoryLeader, type InMemoryLeader } from './testing/in-memory-leader.js';

const never = new AbortController().signal;

function want(partition: number, offset: number, isEndKnown = true) {
  return { topic: 't', partition, offset, bytesMax: 1_000_000, isEndKnown };
}

function textsOf({ records }: Fetched): string[] {
  return records.map(({ value }) => Buffer.from(value!).toString());
}

function start(partitionCount: number): { readonly leader: InMemoryLeader; readonly fetcher: Fetcher } {
  const leader = createInMemoryLeader();
  const fetcher = createFetcher(leader.client, createSystemRuntime());
  for (let partition = 0; partition < partitionCount; partition++) fetcher.register('t', partition);
  return { leader, fetcher };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('a fetcher', () => {
  it('answers at once what is there, and that the end is reached to who does not know it', async () => {
    const { leader, fetcher } = start(1);
    leader.append(0, 'a', 'b');
    const first = await fetcher.fetch(want(0, 0, false), never);
    expect([textsOf(first), first.nextOffset, first.endOffset]).toEqual([['a', 'b'], 2, 2]);
    expect(await fetcher.fetch(want(0, 2, false), never)).toEqual({
      records: [],
      nextOffset: 2,
      endOffset: 2,
    });
  });

  it('makes a broker wait only when all of its partitions are at their end, and want more (L11)', async () => {
    const { leader, fetcher } = start(2);
    const idle = fetcher.fetch(want(0, 0), never);
    // The other one is at work: whoever came back from it would stand behind a long question.
    await until(() => leader.asked.length >= 3);
    expect(leader.asked.map(({ waitMaxMs }) => waitMaxMs)).toEqual(leader.asked.map(() => 0));
    expect(leader.waiting).toBe(0);

    leader.append(1, 'x');
    expect(textsOf(await fetcher.fetch(want(1, 0), never))).toEqual(['x']);
    const other = fetcher.fetch(want(1, 1), never);
    await until(() => leader.waiting === 1);
    const long = leader.asked.at(-1)!;
    expect(long.waitMaxMs).toBeGreaterThan(0);
    expect(long.partitions.map(({ partition }) => partition).toSorted()).toEqual([0, 1]);

    leader.append(0, 'y');
    expect(textsOf(await idle)).toEqual(['y']);
    leader.append(1, 'z');
    expect(textsOf(await other)).toEqual(['z']);
  });

  it('asks for nothing that nobody wants', async () => {
    const { leader, fetcher } = start(3);
    for (const partition of [0, 1, 2]) leader.append(partition, 'a');
    await fetcher.fetch(want(1, 0), never);
    await fetcher.fetch(want(1, 0), never);
    expect(
      new Set(leader.asked.flatMap(({ partitions }) => partitions.map(({ partition }) => partition))),
    ).toEqual(new Set([1]));
  });

  it('tells the trouble of a partition to that one alone', async () => {
    const { leader, fetcher } = start(2);
    leader.append(0, 'a');
    leader.fail(1, 'KAFKA_STORAGE_ERROR');
    const [good, bad] = await Promise.allSettled([
      fetcher.fetch(want(0, 0), never),
      fetcher.fetch(want(1, 0), never),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled' });
    expect(bad).toMatchObject({ status: 'rejected', reason: { type: 'KAFKA_STORAGE_ERROR' } });
    leader.fail(1, undefined);
    leader.append(1, 'b');
    expect(textsOf(await fetcher.fetch(want(1, 0), never))).toEqual(['b']);
  });

  it('tells a broken connection to all that asked by it, and goes on when they ask again', async () => {
    const { leader, fetcher } = start(2);
    leader.append(0, 'a');
    leader.cut();
    const failed = await Promise.allSettled([
      fetcher.fetch(want(0, 0), never),
      fetcher.fetch(want(1, 0), never),
    ]);
    expect(failed.filter(({ status }) => status === 'rejected')).not.toHaveLength(0);
    expect(failed[0]).toMatchObject({ reason: { code: 'log-unavailable' } });
    expect(textsOf(await fetcher.fetch(want(0, 0), never))).toEqual(['a']);
  });

  it('forgets a want that is given up, and takes the next of the same partition', async () => {
    const { leader, fetcher } = start(1);
    const given = new AbortController();
    const up = fetcher.fetch(want(0, 0), given.signal);
    await until(() => leader.waiting === 1);
    given.abort(new Error('given up'));
    await expect(up).rejects.toThrow('given up');
    const next = fetcher.fetch(want(0, 0), never);
    leader.append(0, 'a');
    expect(textsOf(await next)).toEqual(['a']);
    const aborted = fetcher.fetch(want(0, 1), given.signal);
    await expect(aborted).rejects.toThrow('given up');
  });

  it('lets no other partition wait until a look has shown who leads one in trouble', async () => {
    const { leader, fetcher } = start(2);
    let endRefresh = (): void => undefined;
    leader.refreshing = new Promise<void>((resolve) => {
      endRefresh = resolve;
    });
    leader.fail(0, 'NOT_LEADER_FOR_PARTITION');
    leader.append(1, 'a');
    const given = new AbortController();
    const bad = Promise.allSettled([fetcher.fetch(want(0, 0), never)]);
    expect(textsOf(await fetcher.fetch(want(1, 0), never))).toEqual(['a']);
    leader.append(1, 'b');
    expect(textsOf(await fetcher.fetch(want(1, 1), never))).toEqual(['b']);
    endRefresh();
    expect(await bad).toMatchObject([{ reason: { type: 'NOT_LEADER_FOR_PARTITION' } }]);
    // Nor does whoever gives up.
    leader.refreshing = new Promise(() => undefined);
    const aborted = fetcher.fetch(want(0, 0), given.signal);
    await until(() => leader.asked.at(-1)?.partitions.some(({ partition }) => partition === 0) === true);
    given.abort(new Error('given up'));
    await expect(aborted).rejects.toThrow('given up');
  });

  it('gives a batch larger than an answer to who has waited longest, however the others come and go', async () => {
    const { leader, fetcher } = start(3);
    leader.answerBytesMax = 1_000;
    leader.append(0, 'x'.repeat(5_000));
    for (const partition of [1, 2]) for (let i = 0; i < 100; i++) leader.append(partition, String(i));
    let served = 0;
    let isServed = false;
    const large = fetcher.fetch(want(0, 0), never).finally(() => {
      isServed = true;
    });
    const keepAsking = async (partition: number): Promise<void> => {
      for (let offset = 0; !isServed && offset < 100; served++) {
        offset = (await fetcher.fetch({ ...want(partition, offset), recordsMax: 1 }, never)).nextOffset;
      }
    };
    await Promise.all([large, keepAsking(1), keepAsking(2)]);
    expect(served).toBeLessThan(5);
  });
});
