export { createEventCodec, decodeEvent, encodeEvent, type DecodedEvent, type EventCodec } from './codec.js';
export {
  deadLetterCatalogue,
  deadLetterCodes,
  type DeadLetterCode,
  type EventProblem,
} from './dead-letter-code.js';
export {
  eventSchemas,
  eventTypes,
  type Event,
  type EventOf,
  type EventType,
  type FinishReason,
  type InterruptReason,
  type Role,
  type Usage,
} from './event.js';
export { eventExamples } from './event-examples.js';
export { idProblem, isId, isProviderId, isStamp } from './fields.js';
export { eventJsonSchema } from './json-schema.js';
export {
  copyWellFormed,
  jsonProblem,
  setOwn,
  type JsonObject,
  type JsonValue,
  type Metadata,
} from './json-value.js';
export {
  ATTEMPT_MAX,
  EVENT_BYTES_MAX,
  JSON_DEPTH_MAX,
  PARTS_MAX,
  STAMP_MICROS_END,
  STAMP_MICROS_MIN,
} from './limits.js';
export type { GivenPart } from './part.js';
export { formatStamp, parseStamp } from './stamp.js';
export { mayEndStep, surelyEndsStep } from './step-end.js';
export type { Upcaster, Upcasters } from './upcasters.js';
export { utf8Length } from './utf8-length.js';
