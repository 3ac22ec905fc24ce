export { boundedBatches } from './bounded-batches.js';
export {
  chatCursor,
  isDeadLetterId,
  messageCursor,
  parseChatCursor,
  parseDeadLetterCursor,
  parseMessageCursor,
  type ActivityPlace,
  type MessagePlace,
} from './cursor.js';
export { registeredAfter, requireGenerationClaim, type GenerationClaim } from './generation-claim.js';
export { headOf, isRaisedBy, isRepairedBy, type Guard, type Head } from './guard.js';
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
export { itemsMaxOf, PAGE_BYTES_MAX, PAGE_ITEMS_MAX } from './page-limits.js';
export { versionProblem } from './version-problem.js';
