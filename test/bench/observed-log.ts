import type {
  AssignedPartition,
  CommittedPosition,
  EventLog,
  LogRecord,
  ReadResult,
  RecordToAppend,
  Topic,
} from '@stepfold/event-log';

export interface LogObserver {
  onAssigned?(partition: AssignedPartition): void;
  /** The log has taken the commit. */
  onCommitted?(partition: AssignedPartition, position: CommittedPosition): void;
  /** The log has taken the records. */
  onAppended?(topic: Topic, records: readonly RecordToAppend[]): void;
  /** Whether the reader is to see a record at all. */
  isSeen?(record: LogRecord): boolean;
}

/** The same log; tells what is done with it. */
export function observeLog(log: EventLog, observer: LogObserver): EventLog {
  return {
    ...log,
    async append(topic, partition, records) {
      const range = await log.append(topic, partition, records);
      observer.onAppended?.(topic, records);
      return range;
    },
    subscribe: (options, consume) =>
      log.subscribe(options, (assigned) => {
        observer.onAssigned?.(assigned);
        return consume({
          ...assigned,
          poll: async () =>
            observer.isSeen === undefined ? assigned.poll() : seen(await assigned.poll(), observer),
          async commit(position) {
            await assigned.commit(position);
            observer.onCommitted?.(assigned, position);
          },
        });
      }),
  };
}

function seen(result: ReadResult, observer: LogObserver): ReadResult {
  return { ...result, records: result.records.filter((record) => observer.isSeen?.(record) !== false) };
}
