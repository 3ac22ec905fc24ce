export { recordStreamText } from './record-stream-text.js';
export {
  recordingMiddleware,
  runOfCall,
  type RecordingMiddleware,
  type RunOfCall,
} from './recording-middleware.js';
