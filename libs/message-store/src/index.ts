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
