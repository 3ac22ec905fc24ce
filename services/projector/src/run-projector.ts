import { type EventLog } from '@stepfold/event-log';
import { createEventCodec, type EventCodec } from '@stepfold/events';
import type { Logger, Metrics, Runtime } from '@stepfold/runtime';
import { checkProjectorConfig, projectorDefaults, type ProjectorConfig } from './config.js';
import { runPartition } from './partition-loop.js';

export interface ProjectorOptions {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the projector: it drains and leaves its group. */
  readonly signal: AbortSignal;
  readonly config?: Partial<ProjectorConfig>;
  /**
   * Reads events, and writes those of the reaper. Default: the standard one, with the `eventBytesMax` of the
   * configuration; one that is given has its own limit.
   */
  readonly codec?: EventCodec;
}

/** The product version that dead letters name. */
export const PROJECTOR_VERSION = '0.1.0';

/**
 * Folds the events of the partitions that its group gives it, until the signal is aborted. Resolves when
 * everything has been handed over.
 * @throws UsageError if the configuration contradicts itself
 * @throws CorruptStateError if the log no longer has what the group has not read
 */
export async function runProjector(options: ProjectorOptions): Promise<void> {
  const { log, signal } = options;
  const config: ProjectorConfig = { ...projectorDefaults, ...options.config };
  checkProjectorConfig(config);
  const codec = options.codec ?? createEventCodec({ eventBytesMax: config.eventBytesMax });
  await log.subscribe(
    {
      group: config.group,
      topics: ['events'],
      signal,
      limits: { recordsMax: config.batchEventsMax, bytesMax: config.batchBytesMax },
    },
    (partition) => runPartition(partition, { ...options, config, codec, version: PROJECTOR_VERSION }),
  );
}
