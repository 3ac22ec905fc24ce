import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { topics, type Topic } from '@stepfold/event-log';
import {
  assignPartitions,
  decodeAssignment,
  decodeClaims,
  encodeAssignment,
  encodeClaims,
  partitionName,
  type MemberClaims,
  type PartitionName,
} from './assignment.js';

const fullName = (topic: Topic): string => `prefix.${topic}`;

function claims(fields: Partial<MemberClaims> = {}): MemberClaims {
  return { topics: ['events'], owned: [], releasing: [], generation: 1, ...fields };
}

function names(...partitions: number[]): PartitionName[] {
  return partitions.map((partition) => partitionName('events', partition));
}

/** What each member of a group has, with rounds of joining until nothing changes any more. */
function settle(members: Map<string, MemberClaims>, partitionCount: number): { rounds: number } {
  for (let rounds = 1; ; rounds++) {
    const shares = assignPartitions(members, partitionCount);
    let hasChanged = false;
    for (const [id, member] of members) {
      const owned = [...shares.get(id)!];
      hasChanged ||= owned.toSorted().join() !== member.owned.toSorted().join();
      // Whoever lost something finishes its work and joins again without it.
      members.set(id, { ...member, owned, generation: member.generation + 1 });
    }
    if (!hasChanged) return { rounds };
    if (rounds > 5) throw new Error('the group does not settle');
  }
}

describe('assigning partitions', () => {
  it('gives a single member everything', () => {
    const shares = assignPartitions(new Map([['a', claims({ topics: ['steps', 'dead-letters'] })]]), 2);
    expect(shares.get('a')).toEqual(['steps:0', 'steps:1', 'dead-letters:0', 'dead-letters:1']);
  });

  it('shares each topic by itself, so that no writer has the dead letters only', () => {
    const writer = (fields: Partial<MemberClaims> = {}): MemberClaims =>
      claims({ topics: ['steps', 'dead-letters'], ...fields });
    for (const partitionCount of [4, 5, 12]) {
      const members = new Map([['a', writer()]]);
      settle(members, partitionCount);
      members.set('b', writer({ generation: -1 }));
      settle(members, partitionCount);
      const countOf = (id: string, topic: Topic): number =>
        members.get(id)!.owned.filter((name) => name.startsWith(`${topic}:`)).length;
      for (const topic of ['steps', 'dead-letters'] as const) {
        expect(Math.abs(countOf('a', topic) - countOf('b', topic))).toBeLessThanOrEqual(1);
        expect(countOf('a', topic) + countOf('b', topic)).toBe(partitionCount);
      }
      expect(Math.abs(members.get('a')!.owned.length - partitionCount)).toBeLessThanOrEqual(1);
    }
  });

  it('never gives from hand to hand: what moves is first given to nobody', () => {
    const members = new Map([
      ['a', claims({ owned: names(0, 1, 2, 3) })],
      ['b', claims({ generation: -1 })],
    ]);
    const shares = assignPartitions(members, 4);
    expect(shares.get('a')).toEqual(names(0, 1));
    expect(shares.get('b')).toEqual([]);
    const next = new Map([
      ['a', claims({ owned: names(0, 1), releasing: names(2) })],
      ['b', claims()],
    ]);
    // 3 has been handed back, 2 is still worked on.
    expect(assignPartitions(next, 4).get('b')).toEqual(names(3));
    expect(assignPartitions(next, 4).get('a')).toEqual(names(0, 1));
  });

  it('believes the later of two members that claim the same', () => {
    const members = new Map([
      ['frozen', claims({ owned: names(0, 1), generation: 3 })],
      ['present', claims({ owned: names(0), generation: 7 })],
    ]);
    const shares = assignPartitions(members, 2);
    expect(shares.get('present')).toEqual(names(0));
    expect(shares.get('frozen')).toEqual(names(1));
  });

  it('gives nothing to a member that subscribes to nothing it knows', () => {
    const members = new Map([
      ['stranger', decodeClaims(Buffer.from('of another version'))],
      ['ours', claims()],
    ]);
    const shares = assignPartitions(members, 3);
    expect(shares.get('ours')).toEqual(names(0, 1, 2));
    expect(shares.get('stranger')).toEqual([]);
  });

  it('settles in few rounds, fairly, leaves out nothing and moves no more than it has to', () => {
    const group = fc.record({
      partitionCount: fc.integer({ min: 1, max: 40 }),
      before: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      leaving: fc.nat({ max: 5 }),
      coming: fc.uniqueArray(fc.string({ minLength: 5, maxLength: 8 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(group, ({ partitionCount, before, leaving, coming }) => {
        const members = new Map(before.map((id) => [id, claims()]));
        settle(members, partitionCount);
        for (const id of before.slice(0, Math.min(leaving, before.length - 1))) members.delete(id);
        for (const id of coming) members.set(id, claims({ generation: -1 }));
        const former = new Map([...members].map(([id, { owned }]) => [id, new Set(owned)]));
        settle(members, partitionCount);

        const owned = [...members.values()].flatMap((member) => member.owned);
        expect(owned.toSorted()).toEqual(names(...Array(partitionCount).keys()).toSorted());
        const sizes = [...members.values()].map((member) => member.owned.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const share = Math.floor(partitionCount / members.size);
        for (const [id, member] of members) {
          const kept = member.owned.filter((name) => former.get(id)!.has(name)).length;
          expect(kept).toBeGreaterThanOrEqual(Math.min(share, former.get(id)!.size));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never gives a partition to two, or one that somebody works on to another, whatever is claimed', () => {
    const name = fc.integer({ min: 0, max: 7 }).map((partition) => partitionName('events', partition));
    const member = fc.record({
      owned: fc.uniqueArray(name, { maxLength: 8 }),
      releasing: fc.uniqueArray(name, { maxLength: 3 }),
      generation: fc.integer({ min: -1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), member, { minKeys: 1, maxKeys: 5 }), (group) => {
        const members = new Map(Object.entries(group).map(([id, fields]) => [id, claims(fields)]));
        const shares = assignPartitions(members, 8);
        const given = [...shares.values()].flat();
        expect(new Set(given).size).toBe(given.length);
        for (const [id, share] of shares) {
          for (const [other, { owned, releasing }] of members) {
            if (other === id) continue;
            for (const each of share) {
              const isClaimed = owned.includes(each) || releasing.includes(each);
              const own = members.get(id)!;
              if (isClaimed) expect(own.owned.includes(each)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('what members tell each other', () => {
  it('comes back as it was, in the frame of Kafka’s own consumers', () => {
    const told = claims({ topics: [...topics], owned: names(3), releasing: names(4), generation: 12 });
    const bytes = encodeClaims(told, fullName);
    expect(decodeClaims(bytes)).toEqual(told);
    expect(bytes.readInt16BE(0)).toBe(0);
    expect(bytes.readInt32BE(2)).toBe(3);
    expect(bytes.toString('utf8', 8, 8 + bytes.readInt16BE(6))).toBe('prefix.events');
  });

  it('is nothing if it cannot be read', () => {
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
    expect(decodeAssignment(encodeAssignment(['steps:1', 'events:0'], fullName))).toEqual([
      'steps:1',
      'events:0',
    ]);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(40), Buffer.from('{"topics":1}')]) {
      expect(decodeClaims(bytes)).toEqual({ topics: [], owned: [], releasing: [], generation: -1 });
    }
  });
});
