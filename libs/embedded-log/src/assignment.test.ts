import { describe, expect, it } from '@jest/globals';
import { topics, type Topic } from '@stepfold/event-log';
import * as fc from 'fast-check';
import { assignPartitions, type Candidate, type PartitionName } from './assignment.js';

const ids = ['a', 'b', 'c', 'd', 'e'];

const candidates: fc.Arbitrary<Candidate[]> = fc
  .uniqueArray(fc.constantFrom(...ids), { maxLength: 5 })
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((id) =>
        fc.subarray([...topics], { minLength: 1 }).map((topics): Candidate => ({ id, topics })),
      ),
    ),
  );
const partitionCounts = fc.integer({ min: 1, max: 9 });

/** Any owners, also such that have gone, or want the topic no longer. */
function ownersOf(partitionCount: number): fc.Arbitrary<Map<PartitionName, string>> {
  const names = topics.flatMap((topic) => namesOf(topic, partitionCount));
  return fc
    .array(fc.option(fc.constantFrom(...ids, 'gone'), { nil: undefined }), {
      minLength: names.length,
      maxLength: names.length,
    })
    .map(
      (owners) =>
        new Map(names.flatMap((name, i) => (owners[i] === undefined ? [] : [[name, owners[i]] as const]))),
    );
}

const situations = fc
  .tuple(candidates, partitionCounts)
  .chain(([members, count]) => ownersOf(count).map((owners) => ({ members, count, owners })));

describe('the assignment of partitions', () => {
  it('gives every partition that anybody wants to one member that wants it, in equal shares', () => {
    fc.assert(
      fc.property(situations, ({ members, count, owners }) => {
        const assigned = assignPartitions(members, count, owners);
        for (const topic of topics) {
          const wanting = members.filter((member) => member.topics.includes(topic));
          const shares = wanting.map(
            ({ id }) => namesOf(topic, count).filter((name) => assigned.get(name) === id).length,
          );
          const given = namesOf(topic, count).filter((name) => assigned.has(name)).length;
          expect(given).toBe(wanting.length === 0 ? 0 : count);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(given);
          if (shares.length > 0) expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('moves nothing that is fair already', () => {
    fc.assert(
      fc.property(situations, ({ members, count, owners }) => {
        const assigned = assignPartitions(members, count, owners);
        expect(assignPartitions(members, count, assigned)).toEqual(assigned);
      }),
    );
  });

  it('takes from a member no more than what it has above its share', () => {
    fc.assert(
      fc.property(situations, ({ members, count, owners }) => {
        const assigned = assignPartitions(members, count, owners);
        for (const topic of topics) {
          const wanting = members.filter((member) => member.topics.includes(topic));
          for (const { id } of wanting) {
            const owned = namesOf(topic, count).filter((name) => owners.get(name) === id);
            const kept = owned.filter((name) => assigned.get(name) === id);
            expect(kept.length).toBeGreaterThanOrEqual(
              Math.min(owned.length, Math.floor(count / wanting.length)),
            );
          }
        }
      }),
    );
  });

  it('is the same in whatever order the members come', () => {
    fc.assert(
      fc.property(situations, ({ members, count, owners }) => {
        expect(assignPartitions(members.toReversed(), count, owners)).toEqual(
          assignPartitions(members, count, owners),
        );
      }),
    );
  });

  it('gives the odd partition of one topic and that of another to different members', () => {
    const members = ['a', 'b'].map((id): Candidate => ({ id, topics: ['steps', 'dead-letters'] }));
    const assigned = assignPartitions(members, 1, new Map());
    expect(new Set(assigned.values())).toEqual(new Set(['a', 'b']));
  });
});

function namesOf(topic: Topic, count: number): PartitionName[] {
  return Array.from({ length: count }, (_, i): PartitionName => `${topic}:${i}`);
}
