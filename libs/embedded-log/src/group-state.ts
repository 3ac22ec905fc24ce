import type { Topic } from '@stepfold/event-log';
import { assignPartitions, type PartitionName } from './assignment.js';
import type { ProcessIdentity } from './process-identity.js';

/** A consumer group as it is stored: who belongs to it, and who owns what. */
export interface GroupState {
  readonly members: ReadonlyMap<string, GroupMember>;
  readonly owners: ReadonlyMap<PartitionName, string>;
}

export interface GroupMember {
  readonly topics: readonly Topic[];
  /** Raised at every heartbeat. Others measure with their own clock for how long it stays the same. */
  readonly beat: number;
  readonly process: ProcessIdentity;
  /** It gives up what it owns, and is to be given nothing. */
  readonly isLeaving: boolean;
}

export const emptyGroup: GroupState = { members: new Map(), owners: new Map() };

/** What one member wants to change, and what it knows that the state does not say. */
export interface MemberView {
  readonly id: string;
  readonly topics: readonly Topic[];
  readonly process: ProcessIdentity;
  readonly partitionCount: number;
  readonly isBeatDue: boolean;
  readonly isLeaving: boolean;
  /** Other members that are known to be dead, or were silent for too long. */
  readonly gone: ReadonlySet<string>;
  /** Owned partitions that are no longer worked on. */
  readonly released: ReadonlySet<PartitionName>;
  /** Partitions that this member works on, owned or not: it must not take them once more. */
  readonly busy: ReadonlySet<PartitionName>;
}

export interface GroupPlan {
  readonly state: GroupState;
  readonly hasChanged: boolean;
  /** Partitions that this member is to give up once it has stopped working on them. */
  readonly surplus: ReadonlySet<PartitionName>;
}

/**
 * The next state of the group as one member wants it. A member removes only what is gone, gives up only
 * what it owns, and takes only what nobody owns: so a partition passes from one to the other when the
 * former has let go, or is gone.
 */
export function planGroup(state: GroupState, view: MemberView): GroupPlan {
  const members = new Map(state.members);
  const owners = new Map(state.owners);
  let hasChanged = false;

  for (const id of view.gone) hasChanged = members.delete(id) || hasChanged;
  for (const [name, owner] of owners) {
    if (members.has(owner) && !(owner === view.id && view.released.has(name))) continue;
    owners.delete(name);
    hasChanged = true;
  }

  const { id, topics, process, isLeaving } = view;
  const self = members.get(id);
  const isMember = !isLeaving || ownsAny(owners, id);
  if (!isMember) {
    hasChanged = members.delete(id) || hasChanged;
  } else if (self?.isLeaving !== isLeaving) {
    members.set(id, { topics, process, isLeaving, beat: self?.beat ?? 0 });
    hasChanged = true;
  }

  const candidates = [...members]
    .filter(([, member]) => !member.isLeaving)
    .map(([id, member]) => ({ id, topics: member.topics }));
  const targets = assignPartitions(candidates, view.partitionCount, owners);
  for (const [name, target] of targets) {
    if (target !== id || owners.has(name) || view.busy.has(name)) continue;
    owners.set(name, id);
    hasChanged = true;
  }
  // Whatever is written says that its writer lives.
  if (isMember && (hasChanged || view.isBeatDue)) {
    const member = members.get(id)!;
    members.set(id, { ...member, beat: member.beat + 1 });
    hasChanged = true;
  }
  const surplus = new Set<PartitionName>();
  for (const [name, owner] of owners) if (owner === id && targets.get(name) !== id) surplus.add(name);
  return { state: { members, owners }, hasChanged, surplus };
}

export function encodeGroup(state: GroupState): Buffer {
  const members = Object.fromEntries(
    [...state.members].map(([id, { topics, beat, process, isLeaving }]) => [
      id,
      { topics, beat, process, is_leaving: isLeaving },
    ]),
  );
  return Buffer.from(JSON.stringify({ members, owners: Object.fromEntries(state.owners) }));
}

interface GroupDocument {
  readonly members: Readonly<
    Record<string, Omit<GroupMember, 'isLeaving'> & { readonly is_leaving: boolean }>
  >;
  readonly owners: Readonly<Record<PartitionName, string>>;
}

export function decodeGroup(bytes: Buffer): GroupState {
  const document = JSON.parse(bytes.toString()) as GroupDocument;
  return {
    members: new Map(
      Object.entries(document.members).map(([id, { is_leaving: isLeaving, ...member }]) => [
        id,
        { ...member, isLeaving },
      ]),
    ),
    owners: new Map(Object.entries(document.owners) as [PartitionName, string][]),
  };
}

function ownsAny(owners: ReadonlyMap<PartitionName, string>, id: string): boolean {
  for (const owner of owners.values()) if (owner === id) return true;
  return false;
}
