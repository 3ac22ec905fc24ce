export { createRecorder } from './create-recorder.js';
export type {
  Recorder,
  RecorderErrorPlace,
  RecorderOptions,
  Run,
  ResponseOptions,
  RunOptions,
  StreamTap,
  TapOptions,
  ToolApproval,
  ToolResult,
} from './recorder.js';
export { createPatternRedactor, type PatternRedactorOptions, type Redact } from '@stepfold/publisher';
export { handSignal, type SdkRequest } from './hand-signal.js';
export { recordFetch, type FetchRecording } from './record-fetch.js';
export { recordIterable } from './record-iterable.js';
export { recordResponse } from './record-response.js';
export { recordStream } from './record-stream.js';
