import { FIRST_COLLECTION } from '@stepfold/message-store';
import type { Reads, Writes } from './database.js';
import { settingKey } from './keys.js';

/** The name of the collection that is live. */
export function readLiveCollection(reads: Reads): string {
  return reads.get(settingKey('live'))?.toString('utf8') ?? FIRST_COLLECTION;
}

/** Makes `to` live if `from` is; answers whether it was. */
export function switchLive(writes: Writes, from: string, to: string): boolean {
  if (readLiveCollection(writes) !== from) return false;
  if (from !== to) writes.put(settingKey('live'), Buffer.from(to, 'utf8'));
  return true;
}
