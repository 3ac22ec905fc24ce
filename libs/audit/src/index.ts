export { partitionOfChat, type RecordProblemCode } from './checked-record.js';
export {
  explainPart,
  type ExplainPartOptions,
  type PartEvent,
  type PartExplanation,
} from './explain-part.js';
export { foldChat, type FoldChatOptions } from './fold-chat.js';
export { followEvents, type EventFollower, type FollowOptions } from './follow-events.js';
export type { OnProgress } from './read-progress.js';
export {
  rebuildChats,
  type ChatsRebuild,
  type RebuildChatsOptions,
  type RefusedStep,
} from './rebuild-chats.js';
export { readEvents, type EventSource, type ReadEvent, type ReadEventsOptions } from './read-events.js';
export {
  readLag,
  type FoldedPosition,
  type Lag,
  type LagReading,
  type PartitionLag,
  type ReadLagOptions,
} from './read-lag.js';
export { scanEvents } from './scan-events.js';
export type { DifferenceKind, StepDifference, Verification } from './tally.js';
export {
  isSettled,
  retryDeadLetters,
  type RetriedLetter,
  type RetryOptions,
  type RetryOutcome,
} from './retry-dead-letters.js';
export { mayBeCut, originOf, type LetterOrigin } from './dead-letter-origin.js';
export { happenedAt, type Until } from './until.js';
export { verify, type VerifyOptions } from './verify.js';
