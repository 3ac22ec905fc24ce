/**
 * A projector that stops itself (SIGSTOP) the nth time that it comes to a named point, none of which lies
 * inside a write to the log, and says so on stderr. Whoever started it lets it go on.
 *
 * node freezing-projector.mjs LOG_PLACE_JSON POINT NTH CONFIG_JSON
 * POINT: after-poll, after-fold, after-append, before-commit
 */
import { runProjector } from '@stepfold/projector';
import { createSystemRuntime, InMemoryMetrics } from '@stepfold/runtime';
import { openLog } from './open-log.mjs';
import { stderrLogger } from './stderr-logger.mjs';

const [place, point, nth, config] = process.argv.slice(2);
const runtime = createSystemRuntime();
let visits = 0;

function visit(name) {
  if (name !== point || ++visits !== Number(nth)) return;
  process.stderr.write(`frozen ${name}\n`);
  process.kill(process.pid, 'SIGSTOP');
  process.stderr.write(`thawed ${name}\n`);
}

const log = await openLog(place, runtime);

const watched = {
  generation: log.generation,
  partitionCount: log.partitionCount,
  topicPrefix: log.topicPrefix,
  bounds: (...args) => log.bounds(...args),
  async append(topic, ...args) {
    // What was folded is about to be emitted.
    if (topic === 'steps') visit('after-fold');
    const appended = await log.append(topic, ...args);
    if (topic === 'steps') visit('after-append');
    return appended;
  },
  subscribe: (options, consume) =>
    log.subscribe(options, (assigned) =>
      consume({
        topic: assigned.topic,
        partition: assigned.partition,
        committed: assigned.committed,
        signal: assigned.signal,
        async poll() {
          const batch = await assigned.poll();
          if (batch.records.length > 0) visit('after-poll');
          return batch;
        },
        async commit(position) {
          visit('before-commit');
          await assigned.commit(position);
        },
      }),
    ),
};

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

await runProjector({
  log: watched,
  runtime,
  logger: stderrLogger,
  metrics: new InMemoryMetrics(),
  signal: stop.signal,
  config: JSON.parse(config),
});
await log.close();
