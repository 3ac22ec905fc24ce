import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { runProjector, type ProjectorConfig } from '@stepfold/projector';
import { InMemoryMetrics, silentLogger, type Runtime } from '@stepfold/runtime';
import { runWriter, type WriterConfig } from '@stepfold/writer';

/** What the services of a test run on. */
export interface Places {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly runtime: Runtime;
}

export interface RunningServices {
  readonly metrics: InMemoryMetrics;
  /** Stops them and waits for them. @throws what one of them has thrown */
  stop(): Promise<void>;
}

/** A projector and a writer in this process. */
export function startServices(
  places: Places,
  config: { readonly projector?: Partial<ProjectorConfig>; readonly writer?: Partial<WriterConfig> } = {},
): RunningServices {
  const { log, store, runtime } = places;
  const abort = new AbortController();
  const metrics = new InMemoryMetrics();
  const options = { log, store, runtime, metrics, logger: silentLogger, signal: abort.signal };
  const ended = Promise.all([
    runProjector({ ...options, config: config.projector ?? {} }),
    runWriter({ ...options, config: config.writer ?? {} }),
  ]);
  // Seen by `stop`; until then it is nobody's.
  ended.catch(() => undefined);
  return {
    metrics,
    async stop() {
      abort.abort();
      await ended;
    },
  };
}
