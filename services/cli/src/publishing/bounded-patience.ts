import type { EventLog } from '@stepfold/event-log';
import { TransientError, type Runtime } from '@stepfold/runtime';

/** The log was away for longer than a command waits. Not transient: a publisher must not send again. */
export class LogGivenUp extends Error {
  override readonly name = 'LogGivenUp';
}

/**
 * A log on which `append` fails for good once it has failed for `patienceMs` without a success between. A
 * publisher sends again for as long as it takes, which is right for an application; but somebody sits before
 * a command.
 */
export function withBoundedPatience(log: EventLog, runtime: Runtime, patienceMs: number): EventLog {
  let failingSinceMs: number | undefined;
  return {
    generation: log.generation,
    partitionCount: log.partitionCount,
    topicPrefix: log.topicPrefix,
    async append(topic, partition, records) {
      const startedAtMs = runtime.monotonicMs();
      try {
        const range = await log.append(topic, partition, records);
        failingSinceMs = undefined;
        return range;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        failingSinceMs ??= startedAtMs;
        const awayMs = runtime.monotonicMs() - failingSinceMs;
        if (awayMs < patienceMs) throw error;
        const seconds = Math.round(awayMs / 1_000);
        throw new LogGivenUp(`the log was away for ${seconds} s: ${error.message}`, { cause: error });
      }
    },
    read: (topic, partition, fromOffset, limits) => log.read(topic, partition, fromOffset, limits),
    bounds: (topic, partition) => log.bounds(topic, partition),
    committed: (group, topic, partition) => log.committed(group, topic, partition),
    subscribe: (options, consume) => log.subscribe(options, consume),
    close: () => log.close(),
    [Symbol.asyncDispose]: () => log.close(),
  };
}
