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
