export type { EmbeddedLog } from './embedded-log.js';
export { openEmbeddedLog, type EmbeddedLogOptions } from './open-embedded-log.js';
export { FRAME_BYTES_MAX } from './record-frame.js';
export type { RetentionLimits } from './retention.js';
