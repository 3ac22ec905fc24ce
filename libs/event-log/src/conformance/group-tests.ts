import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition } from '../event-log.js';
import type { Suite } from './harness.js';
import { startMember, type RecordingMember } from './member.js';
import { record } from './records.js';

export function groupTests(suite: Suite): void {
  const namesOf = (topic: string): string[] =>
    Array.from({ length: suite.log().partitionCount }, (_, i) => `${topic}:${i}`);

  /** All partitions of `events` are worked on, each by one, and the shares differ by one at most. */
  function isShared(members: readonly RecordingMember[]): boolean {
    const owned = members.flatMap((member) => [...member.owned]).toSorted();
    const sizes = members.map((member) => member.owned.size);
    return (
      JSON.stringify(owned) === JSON.stringify(namesOf('events').toSorted()) &&
      Math.max(...sizes) - Math.min(...sizes) <= 1
    );
  }

  describe('groups', () => {
    it('share the partitions fairly, and keep what need not move (2 members)', async () => {
      const first = startMember(suite.log(), { group: 'group' });
      await suite.until('the first has all', () => isShared([first]));
      const before = new Set(first.owned);
      const second = startMember(await suite.connect(), { group: 'group' });
      await suite.until('both have their share', () => isShared([first, second]));
      for (const name of first.owned) expect(before.has(name)).toBe(true);
      await Promise.all([first.stop(), second.stop()]);
    });

    it('hand everything to the other when a member leaves or closes', async () => {
      const leaving = startMember(suite.log(), { group: 'group' });
      const closing = await suite.connect();
      const closed = startMember(closing, { group: 'group' });
      const staying = startMember(await suite.connect(), { group: 'group' });
      await suite.until('all three have their share', () => isShared([leaving, closed, staying]));
      await leaving.stop();
      await suite.until('the two have their share', () => isShared([closed, staying]));
      await closing.close();
      await expect(closed.ended).rejects.toMatchObject({ code: 'log-closed' });
      await suite.until('the last has all', () => isShared([staying]));
      await staying.stop();
    });

    it('give a partition to one member at a time, and lose nothing, while members come and go', async () => {
      const conflicts: string[] = [];
      const owners = new Map<string, RecordingMember>();
      const options = { group: 'group', conflicts, owners, limits: { recordsMax: 7 } };
      const logs = [suite.log(), await suite.connect(), await suite.connect()];
      const all: RecordingMember[] = [];
      const join = (i: number): RecordingMember => {
        const member = startMember(logs[i]!, options);
        all.push(member);
        return member;
      };

      const enough = new AbortController();
      const appended = namesOf('events').map((): string[] => []);
      const appending = (async () => {
        for (let i = 0; !enough.signal.aborted; i++) {
          const partition = i % appended.length;
          await suite.log().append('events', partition, [record(String(i))]);
          appended[partition]!.push(String(i));
        }
      })();

      let members = [join(0)];
      await suite.until('one works', () => isShared(members));
      members = [...members, join(1), join(2)];
      await suite.until('three work', () => isShared(members));
      await members[0]!.stop();
      members = members.slice(1);
      await suite.until('two work', () => isShared(members));
      members = [...members, join(0)];
      await suite.until('three work again', () => isShared(members));
      enough.abort();
      await appending;

      for (const [partition, texts] of appended.entries()) {
        const last = texts.at(-1)!;
        await suite.until(`${last} has come`, () =>
          all.some((member) => member.texts('events', partition).includes(last)),
        );
        const seen = new Set(all.flatMap((member) => member.texts('events', partition)));
        expect(texts.filter((text) => !seen.has(text))).toEqual([]);
      }
      for (const { partition, records } of all.flatMap(({ assignments }) => assignments)) {
        const offsets = records.map(({ offset }) => offset);
        expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
        if (records.length > 0)
          expect(offsets[0]).toBeGreaterThanOrEqual(partition.committed?.nextOffset ?? 0);
      }
      await Promise.all(members.map((member) => member.stop()));
      expect(conflicts).toEqual([]);
    });

    it('take the commit of a former owner, or refuse it, but never mix up the positions', async () => {
      const former = startMember(suite.log(), { group: 'group' });
      await suite.until('the former owner works', () => isShared([former]));
      const stale = partitionOf(former);
      await former.stop();
      const present = startMember(await suite.connect(), { group: 'group' });
      await suite.until('the present owner works', () => isShared([present]));
      const current = partitionOf(present);
      await current.commit({ nextOffset: 5, metadata: '' });
      const committing = stale.commit({ nextOffset: 3, metadata: '' });
      if (suite.capabilities.fencesFormerOwners) await expect(committing).rejects.toBeInstanceOf(Error);
      else await committing;
      expect(await suite.log().committed('group', 'events', 0)).toMatchObject({
        nextOffset: suite.capabilities.fencesFormerOwners ? 5 : 3,
      });
      await present.stop();
    });
  });
}

function partitionOf(member: RecordingMember): AssignedPartition {
  return member.assignments.find(({ partition }) => partition.partition === 0)!.partition;
}
