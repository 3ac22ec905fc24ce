import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition, SubscribeOptions } from '../event-log.js';
import type { Suite } from './harness.js';
import { startMember } from './member.js';
import { createGate, record, textsOf } from './records.js';

export function subscribeTests(suite: Suite): void {
  /** Subscribes to `events`, and settles as `subscribe` does. */
  function subscribe(
    controller: AbortController,
    consume: (partition: AssignedPartition) => Promise<void>,
    options: Partial<SubscribeOptions> = {},
  ): Promise<void> {
    const { signal } = controller;
    return suite.log().subscribe({ group: 'group', topics: ['events'], signal, ...options }, consume);
  }

  describe('subscribe', () => {
    it('gives every partition of every topic once, and everything that is there', async () => {
      const { partitionCount } = suite.log();
      for (let partition = 0; partition < partitionCount; partition++) {
        await suite.log().append('steps', partition, [record(`steps ${partition}`)]);
        await suite.log().append('dead-letters', partition, [record(`dead-letters ${partition}`)]);
      }
      const member = startMember(suite.log(), { group: 'group', topics: ['steps', 'dead-letters'] });
      await suite.until(
        'every partition has come to its end',
        () => member.ends.length === 2 * partitionCount,
      );
      expect(member.assignments).toHaveLength(2 * partitionCount);
      for (let partition = 0; partition < partitionCount; partition++) {
        expect(member.texts('steps', partition)).toEqual([`steps ${partition}`]);
        expect(member.texts('dead-letters', partition)).toEqual([`dead-letters ${partition}`]);
      }
      await member.stop();
    });

    it('says once that the end was reached, and then waits for records of any client', async () => {
      await suite.log().append('events', 0, [record('a')]);
      const member = startMember(suite.log(), { group: 'group' });
      const ends = (): number => member.ends.filter((name) => name === 'events:0').length;
      await suite.until('the end is reached', () => ends() === 1);
      const other = await suite.connect();
      for (const text of ['b', 'c', 'd']) {
        const log = text === 'c' ? other : suite.log();
        await log.append('events', 0, [record(text)]);
        await suite.until(`${text} has come`, () => member.texts('events', 0).at(-1) === text);
      }
      expect(member.texts('events', 0)).toEqual(['a', 'b', 'c', 'd']);
      expect(ends()).toBe(1);
      await member.stop();
    });

    it('begins where the group has committed, and tells what that was', async () => {
      const metadata = suite.capabilities.keepsMetadata ? 'ä'.repeat(500) : '';
      const range = await suite.log().append('events', 0, ['a', 'b', 'c'].map(record));
      const first = new AbortController();
      await subscribe(first, async (partition) => {
        if (partition.partition !== 0) return;
        expect(partition.committed).toBeUndefined();
        await partition.commit({ nextOffset: range.firstOffset + 2, metadata });
        first.abort();
      });
      const position = { nextOffset: range.firstOffset + 2, metadata };
      expect(await suite.log().committed('group', 'events', 0)).toEqual(position);

      const member = startMember(await suite.connect(), { group: 'group' });
      await suite.until('the rest has come', () => member.texts('events', 0).length > 0);
      expect(member.texts('events', 0)).toEqual(['c']);
      const assignment = member.assignments.find(({ partition }) => partition.partition === 0);
      expect(assignment?.partition.committed).toEqual(position);
      await member.stop();
    });

    it('keeps the positions of groups, topics and partitions apart', async () => {
      const { partitionCount } = suite.log();
      const controller = new AbortController();
      let committedCount = 0;
      await subscribe(
        controller,
        async (partition) => {
          const nextOffset =
            partition.topic === 'steps' ? 100 + partition.partition : 200 + partition.partition;
          await partition.commit({ nextOffset, metadata: '' });
          committedCount += 1;
          if (committedCount === 2 * partitionCount) controller.abort();
        },
        { topics: ['steps', 'dead-letters'] },
      );
      for (let partition = 0; partition < partitionCount; partition++) {
        const committed = (group: string, topic: 'steps' | 'dead-letters'): Promise<unknown> =>
          suite.log().committed(group, topic, partition);
        expect(await committed('group', 'steps')).toMatchObject({ nextOffset: 100 + partition });
        expect(await committed('group', 'dead-letters')).toMatchObject({ nextOffset: 200 + partition });
        expect(await committed('other', 'steps')).toBeUndefined();
      }
    });

    it('keeps the last commit, also when that goes back', async () => {
      const controller = new AbortController();
      await subscribe(controller, async (partition) => {
        if (partition.partition !== 0) return;
        await partition.commit({ nextOffset: 7, metadata: '' });
        await partition.commit({ nextOffset: 3, metadata: '' });
        controller.abort();
      });
      expect(await suite.log().committed('group', 'events', 0)).toMatchObject({ nextOffset: 3 });
    });

    it('gives every group everything', async () => {
      await suite.log().append('events', 1, ['a', 'b'].map(record));
      const members = ['one', 'two'].map((group) => startMember(suite.log(), { group }));
      for (const member of members) {
        await suite.until('both records have come', () => member.texts('events', 1).length === 2);
        expect(member.texts('events', 1)).toEqual(['a', 'b']);
      }
      await Promise.all(members.map((member) => member.stop()));
    });

    it('gives no more records at a time than the limits allow', async () => {
      await suite.log().append('events', 0, ['a', 'b', 'c', 'd', 'e'].map(record));
      const controller = new AbortController();
      const batches: string[][] = [];
      await subscribe(
        controller,
        async (partition) => {
          if (partition.partition !== 0) return;
          while (batches.flat().length < 5) batches.push(textsOf((await partition.poll()).records));
          controller.abort();
        },
        { limits: { recordsMax: 2 } },
      );
      expect(batches.flat()).toEqual(['a', 'b', 'c', 'd', 'e']);
      for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(2);
    });

    it('lets a slow partition hold up no other one', async () => {
      const gate = createGate();
      const controller = new AbortController();
      const texts: string[] = [];
      const ended = subscribe(controller, async (partition) => {
        if (partition.partition === 0) await gate.opened;
        while (partition.partition === 1 && texts.length < 2) {
          texts.push(...textsOf((await partition.poll()).records));
        }
      });
      await suite.log().append('events', 1, [record('a')]);
      await suite.until('the first record has come', () => texts.length === 1);
      await suite.log().append('events', 1, [record('b')]);
      await suite.until('the second record has come', () => texts.length === 2);
      controller.abort();
      gate.open();
      await ended;
      expect(texts).toEqual(['a', 'b']);
    });

    it('ends a waiting poll with an AbortError, and itself when every consume has returned', async () => {
      const gate = createGate();
      const controller = new AbortController();
      const happened: string[] = [];
      const errors: unknown[] = [];
      const ended = subscribe(controller, async (partition) => {
        try {
          for (;;) {
            const { records } = await partition.poll();
            if (records.length === 0) happened.push('end');
          }
        } catch (error) {
          errors.push(error);
        }
        await gate.opened;
        happened.push('returned');
      }).then(() => happened.push('ended'));
      const { partitionCount } = suite.log();
      await suite.until('all polls wait', () => happened.length === partitionCount);
      controller.abort();
      await suite.until('all polls have ended', () => errors.length === partitionCount);
      expect(errors.map((error) => (error as Error).name)).toEqual(Array(partitionCount).fill('AbortError'));
      happened.length = 0;
      gate.open();
      await ended;
      expect(happened).toEqual([...Array<string>(partitionCount).fill('returned'), 'ended']);
    });

    it('resolves at once when its signal is aborted already', async () => {
      const controller = new AbortController();
      controller.abort();
      let assigned = 0;
      await subscribe(controller, async () => {
        assigned += 1;
      });
      expect(assigned).toBe(0);
    });

    it('ends with the error of a consume, after it has stopped the others', async () => {
      const stopped: number[] = [];
      const failure = new Error('cannot go on');
      const ended = subscribe(new AbortController(), async (partition) => {
        if (partition.partition === 0) {
          await suite.until('the others run', async () => (await partition.poll()).records.length > 0);
          throw failure;
        }
        await suite.log().append('events', 0, [record(`from ${partition.partition}`)]);
        // What one has appended may end all of them while another one still waits for its own.
        const { signal } = partition;
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        stopped.push(partition.partition);
      });
      await expect(ended).rejects.toBe(failure);
      expect(stopped.length).toBeGreaterThan(0);
      const after = startMember(suite.log(), { group: 'group' });
      await suite.until('the group can be joined', () => after.owned.size === suite.log().partitionCount);
      await after.stop();
    });
  });

  describe('close', () => {
    it('fails what is used afterwards, and what waits', async () => {
      const log = await suite.connect();
      const polling: unknown[] = [];
      const ended = log.subscribe(
        { group: 'group', topics: ['events'], signal: new AbortController().signal },
        async (partition) => {
          await partition.poll();
          polling.push(partition.poll().catch((error: unknown) => error));
          await polling.at(-1);
        },
      );
      const settled = ended.catch((error: unknown) => error);
      await suite.until('a poll waits', () => polling.length > 0);
      await log.close();
      for (const error of await Promise.all(polling)) expect(error).toMatchObject({ code: 'log-closed' });
      expect(await settled).toMatchObject({ code: 'log-closed' });
      const signal = new AbortController().signal;
      for (const use of [
        () => log.append('events', 0, [record('a')]),
        () => log.read('events', 0, 0),
        () => log.bounds('events', 0),
        () => log.committed('group', 'events', 0),
        () => log.subscribe({ group: 'group', topics: ['events'], signal }, async () => undefined),
      ]) {
        await expect(use()).rejects.toMatchObject({ code: 'log-closed' });
      }
      await log.close();
      await suite.log().append('events', 0, [record('other clients go on')]);
    });
  });
}
