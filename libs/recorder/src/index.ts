export { createRecorder } from './create-recorder.js';
export type {
  Recorder,
  RecorderErrorPlace,
  RecorderOptions,
  Redact,
  Run,
  RunOptions,
  StreamTap,
  TapOptions,
  ToolResult,
} from './recorder.js';
export { recordIterable } from './record-iterable.js';
export { recordResponse } from './record-response.js';
export { recordStream } from './record-stream.js';
