export { isDiskFull } from './disk-room.js';
export { openSharedFile, type SharedFile, type SharedFileOptions } from './shared-file.js';
