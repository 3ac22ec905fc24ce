import type { Progress } from '@stepfold/message-store';
import type { Reads, Writes } from './database.js';
import { progressKey, progressRange } from './keys.js';

/** Raises the progress of a partition, and never lowers it: writers may repeat and overtake each other. */
export function raiseStoredProgress(writes: Writes, progress: Progress): void {
  const key = progressKey(progress.generation, progress.partition);
  const bytes = writes.get(key);
  if (bytes !== undefined && decodeProgress(bytes).folded_to >= progress.folded_to) return;
  const { generation, partition, folded_to } = progress;
  writes.put(key, Buffer.from(JSON.stringify({ generation, partition, folded_to })));
}

/** The progress of every partition of a generation, in order of partitions. */
export function readProgress(reads: Reads, generation: number): readonly Progress[] {
  return Array.from(reads.entries(progressRange(generation)), ({ value }) => decodeProgress(value));
}

function decodeProgress(bytes: Buffer): Progress {
  return JSON.parse(bytes.toString('utf8')) as Progress;
}
