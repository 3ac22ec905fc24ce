export { coderMessages, type CoderMessage, type CoderRole } from './coder.js';
export type { CoderPart } from './coder-part.js';
export { uiMessages, type UiMessage } from './ui-message.js';
export type { UiPart } from './ui-message-part.js';
export type { OtlpAttribute, OtlpEvent, OtlpSpan, OtlpTraces, OtlpValue } from './otlp.js';
export { createSpansView, type SpansOptions } from './spans.js';
