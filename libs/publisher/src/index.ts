export { createPublisher } from './create-publisher.js';
export { elideEvent, type Sha256 } from './elide-event.js';
export type { EventFields, StampOption, UsageFields } from './event-fields.js';
export type { Outbox, RecoveredEvent } from './outbox.js';
export { createPatternRedactor, type PatternRedactorOptions } from './pattern-redactor.js';
export type { Publication } from './publication.js';
export type {
  EventToPublish,
  OpenStep,
  OpenStepFields,
  OpenStepOptions,
  Publisher,
  PublisherOptions,
  StepAddress,
} from './publisher.js';
export { publisherLimitDefaults, type PublisherLimits } from './publisher-limits.js';
export { createStampClock } from './stamp-clock.js';
export type { JoinedStep } from './step-handle.js';
export type { StepEnding, StepStopped } from './step-stopped.js';
export type { Redact } from './redaction.js';
