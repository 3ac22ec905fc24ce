import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** A disk with less room than this counts as full: a new store would not fit. */
const ROOM_BYTES_MIN = 256 * 1024;

/** Whether the disk of a file has no room left; false where the system does not say. */
export function isDiskFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < ROOM_BYTES_MIN;
  } catch {
    return false;
  }
}
