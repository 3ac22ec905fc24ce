export { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.js';
export { checkProjectorConfig, projectorDefaults, type ProjectorConfig } from './config.js';
export { runProjector, type ProjectorOptions } from './run-projector.js';
