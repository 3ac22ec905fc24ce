import { registeredAfter, type GenerationClaim } from '@stepfold/message-store';
import type { Writes } from './database.js';
import { settingKey } from './keys.js';

/** Registers a claim if it raises the generation, and answers what is registered then. */
export function claimStoredGeneration(writes: Writes, claim: GenerationClaim): GenerationClaim {
  const bytes = writes.get(settingKey('log'));
  const stored = bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as GenerationClaim);
  const { generation, partition_count } = registeredAfter(stored, claim);
  if (generation !== stored?.generation) {
    writes.put(settingKey('log'), Buffer.from(JSON.stringify({ generation, partition_count })));
  }
  return { generation, partition_count };
}
