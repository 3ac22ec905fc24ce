import type {
  AppendedRange,
  AssignedPartition,
  CommittedPosition,
  EventLog,
  RecordToAppend,
  Topic,
} from '@stepfold/event-log';
import type { Message } from '@stepfold/fold';
import type { GuardedWritePort } from '@stepfold/message-store';
import type { Guard } from './store-server.js';

/** A known bug, planted between the production code and the simulated world, to see that it is noticed. */
export interface Canary {
  readonly name: string;
  /** The log as the projectors, or the writers, see it. */
  readonly projectorLog?: (log: EventLog) => EventLog;
  readonly writerLog?: (log: EventLog) => EventLog;
  readonly storePort?: (port: GuardedWritePort<Message>) => GuardedWritePort<Message>;
  readonly guard?: Guard;
}

export const canaries: readonly Canary[] = [
  {
    name: 'commits what was folded, not the low-water mark',
    projectorLog: withCommit((position) => ({ ...position, nextOffset: foldedToOf(position) })),
  },
  {
    name: 'calls a duplicate stale without the second try',
    storePort: (port) => ({
      upsert: (collection, versions) => port.upsert(collection, versions),
      replace: (_collection, versions) => Promise.resolve(versions.map(() => ({ answer: 'unmatched' }))),
    }),
  },
  {
    name: 'guards with ≤ instead of <',
    guard: (stored, offered) => stored.rev <= offered.rev,
  },
  {
    name: 'commits without folded_to',
    projectorLog: withCommit((position) => ({ ...position, metadata: '' })),
  },
  {
    name: 'ignores the folded_to that was committed',
    projectorLog: withAssigned((assigned) => ({
      ...passOn(assigned),
      committed: assigned.committed && { ...assigned.committed, metadata: '' },
    })),
  },
  {
    name: 'takes a folded_to that lies beyond what was folded',
    projectorLog: withCommit((position) => ({
      ...position,
      metadata: JSON.stringify({ folded_to: foldedToOf(position) + 1 }),
    })),
  },
  {
    name: 'does not wait until the log has the versions',
    projectorLog: withAppend((topic, records, append) => {
      const answer = append(records);
      return topic === 'steps' && !records.some(isProgress) ? answered(answer) : answer;
    }),
  },
  {
    name: 'tells progress that it has not reached',
    projectorLog: withAppend((topic, records, append) =>
      append(
        topic === 'steps' ? records.map((record) => (isProgress(record) ? ahead(record) : record)) : records,
      ),
    ),
  },
  {
    name: 'closes steps whatever has come since (no if_events)',
    projectorLog: withAppend((topic, records, append) =>
      append(topic === 'events' ? records.map(withoutCondition) : records),
    ),
  },
  {
    name: 'writer commits what it has read, not what it has written',
    writerLog: withAssigned((assigned) => ({
      ...passOn(assigned),
      async poll() {
        const result = await assigned.poll();
        if (result.records.length > 0) {
          await assigned.commit({ nextOffset: result.nextOffset, metadata: '' }).catch(() => undefined);
        }
        return result;
      },
    })),
  },
  {
    name: 'loses dead letters that the log did not take at once',
    projectorLog: withAppend((topic, records, append) => {
      const answer = append(records);
      return topic === 'dead-letters' ? answer.catch(() => nowhere) : answer;
    }),
  },
];

const nowhere: AppendedRange = { firstOffset: 0, lastOffset: 0, appendedAtMs: 0 };

/** An answer that does not wait for the real one, nor for its failure. */
function answered(answer: Promise<AppendedRange>): Promise<AppendedRange> {
  answer.catch(() => undefined);
  return Promise.resolve(nowhere);
}

type Append = (records: readonly RecordToAppend[]) => ReturnType<EventLog['append']>;

function withAppend(
  change: (
    topic: Topic,
    records: readonly RecordToAppend[],
    append: Append,
  ) => ReturnType<EventLog['append']>,
): (log: EventLog) => EventLog {
  return (log) =>
    overriding(log, {
      append: (topic, partition, records) =>
        change(topic, records, (changed) => log.append(topic, partition, changed)),
    });
}

function withAssigned(
  change: (assigned: AssignedPartition) => AssignedPartition,
): (log: EventLog) => EventLog {
  return (log) =>
    overriding(log, {
      subscribe: (options, consume) => log.subscribe(options, (assigned) => consume(change(assigned))),
    });
}

function withCommit(change: (position: CommittedPosition) => CommittedPosition): (log: EventLog) => EventLog {
  return withAssigned((assigned) => ({
    ...passOn(assigned),
    commit: (position) => assigned.commit(change(position)),
  }));
}

function overriding(log: EventLog, methods: Partial<EventLog>): EventLog {
  return Object.assign(Object.create(log) as EventLog, methods);
}

function passOn(assigned: AssignedPartition): AssignedPartition {
  return {
    topic: assigned.topic,
    partition: assigned.partition,
    committed: assigned.committed,
    signal: assigned.signal,
    poll: () => assigned.poll(),
    commit: (position) => assigned.commit(position),
  };
}

function foldedToOf(position: CommittedPosition): number {
  return (JSON.parse(position.metadata) as { folded_to: number }).folded_to;
}

const isProgress = (record: RecordToAppend): boolean =>
  new TextDecoder().decode(record.key ?? new Uint8Array()) === ':progress';

type Fields = Record<string, unknown>;

function changed(record: RecordToAppend, change: (fields: Fields) => Fields): RecordToAppend {
  const fields = JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array())) as Fields;
  return { ...record, value: new TextEncoder().encode(JSON.stringify(change(fields))) };
}

function ahead(record: RecordToAppend): RecordToAppend {
  return changed(record, (fields) => ({ ...fields, folded_to: Number(fields['folded_to']) + 2 }));
}

function withoutCondition(record: RecordToAppend): RecordToAppend {
  return changed(record, ({ if_events: _if, ...fields }) => fields);
}
