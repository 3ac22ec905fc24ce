import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { runProjector, type ProjectorConfig } from '@stepfold/projector';
import { InMemoryMetrics, type Logger, type Runtime } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';

export interface ServicesContext {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Projector and writer in one process. Resolves when both have drained. */
export async function runProjectorAndWriter(
  context: ServicesContext & {
    readonly store: MessageStore;
    readonly projectorConfig?: Partial<ProjectorConfig>;
  },
): Promise<void> {
  await runTogether(context.signal, [
    (signal) => runProjectorService({ ...context, signal }, context.projectorConfig ?? {}),
    (signal) => runWriterService({ ...context, signal }),
  ]);
}

export async function runProjectorService(
  context: ServicesContext,
  config: Partial<ProjectorConfig>,
): Promise<void> {
  const { logger } = context;
  const metrics = new InMemoryMetrics();
  logger.info(
    { generation: context.log.generation, partitions: context.log.partitionCount },
    'projector started',
  );
  await runProjector({ ...context, metrics, config });
  logger.info({ metrics: Object.fromEntries(metrics.values) }, 'projector stopped');
}

export async function runWriterService(
  context: ServicesContext & { readonly store: MessageStore },
): Promise<void> {
  const { logger } = context;
  const metrics = new InMemoryMetrics();
  logger.info(
    { generation: context.log.generation, partitions: context.log.partitionCount },
    'writer started',
  );
  await runWriter({ ...context, metrics });
  logger.info({ metrics: Object.fromEntries(metrics.values) }, 'writer stopped');
}

/**
 * Runs several things until the signal is aborted. When one fails the others are stopped too, and have
 * drained before its error is thrown.
 */
export async function runTogether(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const outcomes = await Promise.allSettled(
    works.map(async (work) => {
      try {
        await work(either);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
