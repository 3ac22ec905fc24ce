import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Needed at once, where an event is too large: the platforms that are not Node only have one that is awaited. */
export function sha256(text: string): string {
  return bytesToHex(digest(utf8ToBytes(text)));
}
