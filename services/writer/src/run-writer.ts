import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import type { Logger, Metrics, Runtime } from '@stepfold/runtime';
import { writerDefaults, type WriterConfig } from './config.js';
import { runPartition } from './partition-loop.js';

export interface WriterOptions {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the writer: it finishes its batches and leaves its group. */
  readonly signal: AbortSignal;
  readonly config?: Partial<WriterConfig>;
}

/** The product version that dead letters name. */
const WRITER_VERSION = '0.1.0';

/**
 * Stores the versions and dead letters of the partitions that its group gives it, until the signal is
 * aborted. Resolves when the last batches are committed.
 * @throws CorruptStateError if the log no longer has versions that were never stored: a rebuild is needed
 */
export async function runWriter(options: WriterOptions): Promise<void> {
  const config: WriterConfig = { ...writerDefaults, ...options.config };
  await options.log.subscribe(
    {
      group: config.group,
      topics: ['steps', 'dead-letters'],
      signal: options.signal,
      limits: { recordsMax: config.batchRecordsMax, bytesMax: config.batchBytesMax },
    },
    (partition) => runPartition(partition, { ...options, version: WRITER_VERSION }),
  );
}
