export { createRecorder } from './create-recorder.js';
export type {
  Recorder,
  RecorderErrorPlace,
  RecorderOptions,
  Redact,
  Run,
  ResponseOptions,
  RunOptions,
  StreamTap,
  TapOptions,
  ToolApproval,
  ToolResult,
} from './recorder.js';
export { createPatternRedactor, type PatternRedactorOptions } from './pattern-redactor.js';
export { recordFetch, type FetchRecording } from './record-fetch.js';
export { recordIterable } from './record-iterable.js';
export { recordResponse } from './record-response.js';
export { recordStream } from './record-stream.js';
