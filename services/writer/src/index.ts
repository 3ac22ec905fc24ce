export { writerDefaults, type WriterConfig } from './config.js';
export { runWriter, type WriterOptions } from './run-writer.js';
