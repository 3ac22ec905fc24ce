export {
  decide,
  isKnownDuplicate,
  outcomeMeanings,
  outcomes,
  PRODUCERS_MAX,
  STEP_BYTES_MAX,
  type Outcome,
  type SeenEvents,
} from './acceptance.js';
export { createEventDigest, type CreateSha256, type EventDigest, type IncrementalHash } from './digest.js';
export { elideLargest, MESSAGE_BYTES_MAX, surelyFits, type Sha256 } from './elide.js';
export { evolve } from './evolve.js';
export { evolvePart, type PartChange } from './evolve-part.js';
export { messageFromJson, messageToJson, type MessageJson } from './message-json.js';
export {
  anomalyCodes,
  FOLD_VERSION,
  revOf,
  type Anomaly,
  type AnomalyCode,
  type Approval,
  type DataPart,
  type Elided,
  type EndReason,
  type FilePart,
  type Gap,
  type Interrupt,
  type LogRange,
  type Message,
  type NotedError,
  type Part,
  type ReasoningPart,
  type SourcePart,
  type TextPart,
  type ToolApprovalPart,
  type ToolCallPart,
  type ToolResultPart,
} from './message.js';
export { initialState, type StepState } from './state.js';
export { decodeStepRecord, encodeStepRecord, type FoldedTo, type StepRecord } from './step-record.js';
export { toMessage } from './to-message.js';
export {
  IMPORT_METADATA,
  importedMessageId,
  isUntimed,
  knownCreatedAt,
  withoutUnknownTimes,
  type ImportMarks,
} from './untimed.js';
