export { DEAD_LETTER_BYTES_KEPT, deadLetterRecord, type DeadLetterCause } from './dead-letter-record.js';
export {
  topics,
  type AppendedRange,
  type AssignedPartition,
  type CommittedPosition,
  type EventLog,
  type LogRecord,
  type PartitionBounds,
  type ReadLimits,
  type ReadResult,
  type RecordHeaders,
  type RecordToAppend,
  type SubscribeOptions,
  type Topic,
} from './event-log.js';
export { murmur2, partitionOf } from './partition.js';
export { formatPosition, parsePosition, type Position } from './position.js';
