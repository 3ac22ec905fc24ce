import type {
  AppendedRange,
  AssignedPartition,
  CommittedPosition,
  EventLog,
  RecordToAppend,
  Topic,
} from '@stepfold/event-log';
import type { Message } from '@stepfold/fold';
import type { GuardedWritePort, MessageStore } from '@stepfold/message-store';
import type { Outbox, PublisherLimits } from '@stepfold/publisher';
import type { Runtime } from '@stepfold/runtime';
import type { Guard } from './store-server.js';

/** A known bug, planted between the production code and the simulated world, to see that it is noticed. */
export interface Canary {
  readonly name: string;
  /** The log as the projectors, or the writers, see it. */
  readonly projectorLog?: (log: EventLog) => EventLog;
  readonly writerLog?: (log: EventLog) => EventLog;
  /** The log as the production publishers see it. */
  readonly publisherLog?: (log: EventLog) => EventLog;
  /** Clock and timers as the projectors see them. */
  readonly projectorRuntime?: (runtime: Runtime) => Runtime;
  /** The store as the writers see it, and the outbox as the production publishers do. */
  readonly writerStore?: (store: MessageStore) => MessageStore;
  readonly outbox?: (outbox: Outbox) => Outbox;
  /** Limits of the production publishers that are none. */
  readonly clientLimits?: Partial<PublisherLimits>;
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
  {
    name: 'tells progress before the write',
    writerStore: (store) =>
      Object.assign(Object.create(store) as MessageStore, {
        write: (collection: string, versions: readonly Message[]) => {
          store.write(collection, versions).catch(() => undefined);
          return Promise.resolve(versions.map(() => ({ kind: 'applied' })));
        },
      }),
  },
  {
    name: 'reaper on the wall clock',
    projectorRuntime: (runtime) =>
      Object.assign(Object.create(runtime) as Runtime, { monotonicMs: () => runtime.nowMicros() / 1_000 }),
  },
  {
    name: 'publisher drops the end of a coalesced delta',
    publisherLog: withAppend((_topic, records, append) => append(records.map(withoutEndOfMerged))),
  },
  {
    name: 'publisher takes what failed for sent',
    publisherLog: withAppend((_topic, records, append) => append(records).catch(() => nowhere)),
  },
  {
    name: 'publisher numbers anew what it sends again',
    publisherLog: withAppend(
      (
        (sent) => (_topic, records, append) =>
          append(
            records.map((record) => (sent.has(record.value!) ? numberedAnew(record) : noted(sent, record))),
          )
      )(new WeakSet<Uint8Array>()),
    ),
  },
  {
    name: 'publisher reorders what it sends together',
    publisherLog: withAppend((_topic, records, append) => append(records.toReversed())),
  },
  { name: 'publisher without a bound of its queue', clientLimits: { queueEventsMax: 1_000_000 } },
  {
    name: 'outbox forgets what it was given',
    outbox: (outbox) => ({ ...outbox, keep: () => () => undefined }),
  },
];

const textOf = ({ value }: RecordToAppend): string => new TextDecoder().decode(value ?? new Uint8Array());

function withoutEndOfMerged(record: RecordToAppend): RecordToAppend {
  if (!textOf(record).includes('"merged":')) return record;
  return changed(record, (fields) => ({ ...fields, text: String(fields['text']).slice(0, -1) }));
}

function noted(sent: WeakSet<Uint8Array>, record: RecordToAppend): RecordToAppend {
  if (record.value !== null) sent.add(record.value);
  return record;
}

function numberedAnew(record: RecordToAppend): RecordToAppend {
  return changed(record, (fields) => ({ ...fields, seq: Number(fields['seq'] ?? 0) + 1_000 }));
}

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
