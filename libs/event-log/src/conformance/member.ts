import { isAbortError } from '@stepfold/runtime';
import type { AssignedPartition, EventLog, LogRecord, ReadLimits, Topic } from '../event-log.js';
import { textsOf } from './records.js';

/** A member of a group that notes what it is given, and commits after each batch. */
export interface RecordingMember {
  /** Partitions that it works on now, as `topic:partition`. */
  readonly owned: Set<string>;
  /** Every assignment so far, in order, with what came by it. */
  readonly assignments: RecordedAssignment[];
  /** `topic:partition` of each answer that said that the end was reached. */
  readonly ends: string[];
  /** Values received, by whichever assignment. */
  texts(topic: Topic, partition: number): string[];
  /** Ends the subscription; resolves when it has ended. */
  stop(): Promise<void>;
  readonly ended: Promise<void>;
}

export interface RecordedAssignment {
  readonly partition: AssignedPartition;
  readonly records: LogRecord[];
}

export interface MemberOptions {
  readonly group: string;
  readonly topics?: readonly Topic[];
  readonly limits?: ReadLimits;
  /** Filled with a sentence whenever two members work on one partition at a time. */
  readonly conflicts?: string[];
  /** Shared by the members that watch each other. */
  readonly owners?: Map<string, RecordingMember>;
}

export function startMember(log: EventLog, options: MemberOptions): RecordingMember {
  const { group, topics = ['events'], limits, conflicts = [], owners = new Map() } = options;
  const controller = new AbortController();
  const owned = new Set<string>();
  const assignments: RecordedAssignment[] = [];
  const ends: string[] = [];

  async function consume(partition: AssignedPartition): Promise<void> {
    const name = `${partition.topic}:${partition.partition}`;
    if (owners.has(name)) conflicts.push(`${name} has two owners`);
    owners.set(name, member);
    owned.add(name);
    const records: LogRecord[] = [];
    assignments.push({ partition, records });
    try {
      for (;;) {
        const result = await partition.poll();
        records.push(...result.records);
        if (result.records.length === 0) ends.push(name);
        else await partition.commit({ nextOffset: result.nextOffset, metadata: '' });
      }
    } catch (error) {
      if (!(isAbortError(error) && partition.signal.aborted)) throw error;
    } finally {
      owned.delete(name);
      owners.delete(name);
    }
  }

  const member: RecordingMember = {
    owned,
    assignments,
    ends,
    texts: (topic, partition) =>
      assignments
        .filter((each) => each.partition.topic === topic && each.partition.partition === partition)
        .flatMap(({ records }) => textsOf(records)),
    async stop() {
      controller.abort();
      await member.ended;
    },
    ended: log.subscribe(
      { group, topics, signal: controller.signal, ...(limits === undefined ? {} : { limits }) },
      consume,
    ),
  };
  // A failure is seen by whoever awaits `ended`, not by the process.
  member.ended.catch(() => undefined);
  return member;
}
