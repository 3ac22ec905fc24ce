export {
  guardedWrite,
  type GuardedWritePort,
  type RefusedAnswer,
  type ReplaceAnswer,
  type UpsertAnswer,
} from './guarded-write.js';
export {
  FIRST_COLLECTION,
  orderOf,
  type ChatSummary,
  type DeadLetter,
  type MessageStore,
  type Page,
  type PageOptions,
  type Progress,
  type WriteOutcome,
} from './message-store.js';
