import { topics, type Topic } from '@stepfold/event-log';

/** `topic:partition`, with the short name of the topic. */
export type PartitionName = `${Topic}:${number}`;

export function partitionName(topic: Topic, partition: number): PartitionName {
  return `${topic}:${partition}`;
}

export function partitionOfName(name: PartitionName): { readonly topic: Topic; readonly partition: number } {
  const colon = name.lastIndexOf(':');
  return { topic: name.slice(0, colon) as Topic, partition: Number(name.slice(colon + 1)) };
}

/** What a member says of itself when it joins. */
export interface MemberClaims {
  readonly topics: readonly Topic[];
  /** Partitions that it works on. */
  readonly owned: readonly PartitionName[];
  /** Partitions that were taken from it, and on which it still works. */
  readonly releasing: readonly PartitionName[];
  /** The generation of the group by which it has them. */
  readonly generation: number;
}

/**
 * Shares the partitions out among the members of a group: sticky, fair to one partition of each topic, and
 * never from hand to hand. A partition that has to move is first given to nobody; its owner sees that,
 * finishes, and joins again, and only then is it given to another. So no two members work on one partition,
 * and whoever keeps a partition does not even notice that the group has changed.
 *
 * Each topic is shared by itself: of two writers, one would else get all the steps, and the other one the dead
 * letters, and nothing to do.
 *
 * Of two members that claim the same partition the one with the later generation has it; the other one was
 * frozen and does not know yet. Gives the same answer whichever member computes it.
 */
export function assignPartitions(
  members: ReadonlyMap<string, MemberClaims>,
  partitionCount: number,
): ReadonlyMap<string, readonly PartitionName[]> {
  const ids = [...members.keys()].sort();
  const shares = new Map<string, PartitionName[]>(ids.map((id) => [id, []]));
  for (const topic of topics) {
    const subscribers = ids.filter((id) => members.get(id)!.topics.includes(topic));
    if (subscribers.length === 0) continue;
    const all = Array.from({ length: partitionCount }, (_, i) => partitionName(topic, i));
    const { ownerOf, taken } = settleClaims(ids, members, new Set(all));
    const kept = keepFairShares(subscribers, ownerOf, all.length);
    for (const name of all) {
      if (taken.has(name)) continue;
      // Of those who have least of this topic, who has least of all.
      const poorest = subscribers.toSorted(
        (a, b) => kept.get(a)!.length - kept.get(b)!.length || shares.get(a)!.length - shares.get(b)!.length,
      )[0]!;
      kept.get(poorest)!.push(name);
    }
    for (const [id, names] of kept) shares.get(id)!.push(...names);
  }
  return shares;
}

function settleClaims(
  ids: readonly string[],
  members: ReadonlyMap<string, MemberClaims>,
  all: ReadonlySet<PartitionName>,
): { readonly ownerOf: ReadonlyMap<PartitionName, string>; readonly taken: ReadonlySet<PartitionName> } {
  const ownerOf = new Map<PartitionName, string>();
  const taken = new Set<PartitionName>();
  const latestFirst = ids.toSorted((a, b) => members.get(b)!.generation - members.get(a)!.generation);
  for (const id of latestFirst) {
    const { owned, releasing } = members.get(id)!;
    for (const name of owned) {
      if (taken.has(name) || !all.has(name)) continue;
      ownerOf.set(name, id);
      taken.add(name);
    }
    for (const name of releasing) if (all.has(name)) taken.add(name);
  }
  return { ownerOf, taken };
}

/** What each member keeps of its own: at most a fair share, whoever has most keeping the odd ones. */
function keepFairShares(
  ids: readonly string[],
  ownerOf: ReadonlyMap<PartitionName, string>,
  total: number,
): Map<string, PartitionName[]> {
  const owned = new Map<string, PartitionName[]>(ids.map((id) => [id, []]));
  // One that no longer subscribes to the topic keeps nothing of it.
  for (const [name, id] of ownerOf) owned.get(id)?.push(name);
  const share = Math.floor(total / ids.length);
  let odd = total % ids.length;
  for (const id of ids.toSorted((a, b) => owned.get(b)!.length - owned.get(a)!.length)) {
    const names = owned.get(id)!;
    const mayKeep = names.length > share && odd > 0 ? share + 1 : share;
    if (mayKeep > share) odd -= 1;
    owned.set(id, names.slice(0, mayKeep));
  }
  return owned;
}

const VERSION = 0;

/** In the frame of Kafka's own consumers, so that its tools show the members and their partitions. */
export function encodeClaims(claims: MemberClaims, fullName: (topic: Topic) => string): Buffer {
  const { topics: subscribed, ...rest } = claims;
  const names = subscribed.map((topic) => Buffer.from(fullName(topic)));
  const userData = Buffer.from(JSON.stringify({ topics: subscribed, ...rest }));
  return Buffer.concat([
    int16(VERSION),
    int32(names.length),
    ...names.flatMap(withInt16),
    ...withInt32(userData),
  ]);
}

/** What cannot be read is a member that claims nothing: another version of the product, or a stranger. */
export function decodeClaims(bytes: Buffer): MemberClaims {
  try {
    let at = 6;
    for (let left = bytes.readInt32BE(2); left > 0; left--) at += 2 + bytes.readInt16BE(at);
    const claims = JSON.parse(bytes.toString('utf8', at + 4)) as MemberClaims;
    return {
      topics: claims.topics.filter((topic) => topics.includes(topic)),
      owned: [...claims.owned],
      releasing: [...claims.releasing],
      generation: claims.generation,
    };
  } catch {
    return { topics: [], owned: [], releasing: [], generation: -1 };
  }
}

export function encodeAssignment(
  names: readonly PartitionName[],
  fullName: (topic: Topic) => string,
): Buffer {
  const byTopic = topics
    .map((topic) => ({
      name: Buffer.from(fullName(topic)),
      partitions: names.map(partitionOfName).filter((each) => each.topic === topic),
    }))
    .filter(({ partitions }) => partitions.length > 0);
  return Buffer.concat([
    int16(VERSION),
    int32(byTopic.length),
    ...byTopic.flatMap(({ name, partitions }) => [
      ...withInt16(name),
      int32(partitions.length),
      ...partitions.map(({ partition }) => int32(partition)),
    ]),
    ...withInt32(Buffer.from(JSON.stringify(names))),
  ]);
}

/** Nothing where there is nothing, or nothing that can be read. */
export function decodeAssignment(bytes: Buffer): readonly PartitionName[] {
  try {
    let at = 6;
    for (let left = bytes.readInt32BE(2); left > 0; left--) {
      at += 2 + bytes.readInt16BE(at);
      at += 4 + 4 * bytes.readInt32BE(at);
    }
    return JSON.parse(bytes.toString('utf8', at + 4)) as PartitionName[];
  } catch {
    return [];
  }
}

function withInt16(bytes: Buffer): readonly Buffer[] {
  return [int16(bytes.length), bytes];
}

function withInt32(bytes: Buffer): readonly Buffer[] {
  return [int32(bytes.length), bytes];
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
