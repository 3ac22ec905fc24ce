/**
 * A projector of the old or the new release (made-up-version.mjs) that runs until SIGTERM. What the new one
 * emits has a higher `fold_version` and a field that nobody had before, as if the fold had changed too.
 *
 * node release-projector.mjs LOG_PLACE_JSON old|new CONFIG_JSON
 */
import { runProjector } from '@stepfold/projector';
import { createSystemRuntime, InMemoryMetrics } from '@stepfold/runtime';
import { codecs } from './made-up-version.mjs';
import { openLog } from './open-log.mjs';
import { stderrLogger } from './stderr-logger.mjs';

const [place, release, config] = process.argv.slice(2);
const runtime = createSystemRuntime();
const log = await openLog(place, runtime);

function asNewVersion({ key, value }) {
  const version = JSON.parse(new TextDecoder().decode(value));
  // Progress records have none.
  if (version.fold_version === undefined) return { key, value };
  const changed = { ...version, fold_version: version.fold_version + 1, made_up: release };
  return { key, value: new TextEncoder().encode(JSON.stringify(changed)) };
}

const emitting = {
  generation: log.generation,
  partitionCount: log.partitionCount,
  topicPrefix: log.topicPrefix,
  bounds: (...args) => log.bounds(...args),
  subscribe: (...args) => log.subscribe(...args),
  append: (topic, partition, records) =>
    log.append(topic, partition, topic === 'steps' ? records.map(asNewVersion) : records),
};

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

await runProjector({
  log: release === 'new' ? emitting : log,
  codec: codecs[release],
  runtime,
  logger: stderrLogger,
  metrics: new InMemoryMetrics(),
  signal: stop.signal,
  config: JSON.parse(config),
});
await log.close();
