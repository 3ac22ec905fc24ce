import { topics, type Topic } from '@stepfold/event-log';

export interface Candidate {
  readonly id: string;
  readonly topics: readonly Topic[];
}

/** A partition of a topic as text, `topic:partition`. */
export type PartitionName = `${Topic}:${number}`;

export function partitionOfName(name: PartitionName): { readonly topic: Topic; readonly partition: number } {
  const separator = name.lastIndexOf(':');
  return { topic: name.slice(0, separator) as Topic, partition: Number(name.slice(separator + 1)) };
}

/**
 * Who should own which partition.
 *
 * 1. **Fair.** Of each topic, two members that want it differ by one partition at most.
 * 2. **Sticky.** A member keeps what it owns unless fairness takes it; an assignment that is fair stays as it is.
 * 3. **The same for everybody.** It depends on nothing but its arguments, whatever their order, so members
 *    that see the same state agree without talking.
 */
export function assignPartitions(
  candidates: readonly Candidate[],
  partitionCount: number,
  owners: ReadonlyMap<PartitionName, string>,
): Map<PartitionName, string> {
  const assigned = new Map<PartitionName, string>();
  const total = new Map<string, number>();
  for (const topic of topics) {
    const members = candidates.filter((candidate) => candidate.topics.includes(topic)).map(({ id }) => id);
    if (members.length === 0) continue;
    const names = Array.from({ length: partitionCount }, (_, i): PartitionName => `${topic}:${i}`);
    const owned = new Map(members.map((id) => [id, names.filter((name) => owners.get(name) === id)]));
    // Whoever owns most keeps the odd ones; among equals, whoever has least of the other topics gets them.
    const ranked = members.toSorted(
      (a, b) =>
        owned.get(b)!.length - owned.get(a)!.length ||
        (total.get(a) ?? 0) - (total.get(b) ?? 0) ||
        (a < b ? -1 : 1),
    );
    const share = Math.floor(partitionCount / members.length);
    const rest = partitionCount % members.length;
    const room = ranked.flatMap((id, rank) => {
      const quota = share + (rank < rest ? 1 : 0);
      const kept = owned.get(id)!.slice(0, quota);
      for (const name of kept) assigned.set(name, id);
      total.set(id, (total.get(id) ?? 0) + quota);
      return Array.from({ length: quota - kept.length }, () => id);
    });
    for (const [i, name] of names.filter((name) => !assigned.has(name)).entries())
      assigned.set(name, room[i]!);
  }
  return assigned;
}
