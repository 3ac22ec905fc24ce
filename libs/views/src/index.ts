export { coderMessages, type CoderMessage, type CoderRole } from './coder.js';
export type { CoderPart } from './coder-part.js';
