import { createHash } from 'node:crypto';
import {
  partitionOf,
  type AssignedPartition,
  type EventLog,
  type ReadResult,
  type RecordToAppend,
  type Topic,
} from '@stepfold/event-log';
import type { EventCodec } from '@stepfold/events';
import { encodeStepRecord } from '@stepfold/fold';
import {
  InvariantViolation,
  isAbortError,
  retryTransient,
  type Logger,
  type Metrics,
  type Runtime,
} from '@stepfold/runtime';
import {
  checkpointOf,
  countOutcomes,
  createProjection,
  emitDueSteps,
  foldRecord,
  passTo,
  type Projection,
  type ProjectionContext,
} from './projection.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.js';
import type { ProjectorConfig } from './config.js';
import { createInbox } from './inbox.js';
import {
  closingsDue,
  createReaper,
  noteAppendTime,
  noteConnectionLost,
  noteLook,
  type Reaper,
} from './reaper.js';

/**
 * The life of one assigned partition: poll, fold, append, commit, always in this order, in one loop.
 *
 * 1. Nothing is committed before everything made from the events below it has been acknowledged.
 * 2. The commit never passes the first event of a step that is open (the low-water mark).
 * 3. A progress record is appended behind the versions that it speaks of, to the same partition.
 * 4. The loop waits in one place: for records, for the answer of a look, or for the next timer.
 * 5. When the partition is taken away, what was made is handed over within `drainTimeoutMs`, or left: the
 *    next owner makes it again.
 */
export interface PartitionLoopOptions {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly config: ProjectorConfig;
  readonly codec: EventCodec;
  readonly version: string;
}

interface Loop extends PartitionLoopOptions {
  readonly assigned: AssignedPartition;
  readonly projection: Projection;
  readonly context: ProjectionContext;
  readonly reaper: Reaper;
  /** What was committed last. */
  committed: Checkpoint | undefined;
  checkpointAtMs: number;
}

export async function runPartition(
  assigned: AssignedPartition,
  options: PartitionLoopOptions,
): Promise<void> {
  const start = decodeCheckpoint(assigned.committed);
  const { log, runtime, config, codec, metrics, version } = options;
  const loop: Loop = {
    ...options,
    assigned,
    projection: createProjection(start, config),
    context: {
      config,
      codec,
      generation: log.generation,
      partition: assigned.partition,
      partitionCount: log.partitionCount,
      topic: `${log.topicPrefix}events`,
      version,
      metrics,
      nowMicros: () => runtime.nowMicros(),
      monotonicMs: () => runtime.monotonicMs(),
      createSha256: () => createHash('sha256'),
    },
    reaper: createReaper(runtime),
    committed: undefined,
    checkpointAtMs: -Infinity,
  };
  options.logger.info(
    { partition: assigned.partition, low_water_mark: start.lowWaterMark, folded_to: start.foldedTo },
    'partition assigned',
  );
  try {
    await work(loop);
  } catch (error) {
    const { signal } = assigned;
    if (!signal.aborted || !(isAbortError(error) || error === signal.reason)) throw error;
    await drain(loop);
  }
  options.logger.info(
    { partition: assigned.partition, next_offset: loop.projection.nextOffset },
    'partition left',
  );
}

/** Works until the partition's signal is aborted, which it shows by an AbortError. */
async function work(loop: Loop): Promise<never> {
  const { assigned, runtime, config, projection, reaper } = loop;
  const inbox = createInbox<Woken>();
  let isPolling = false;
  let isLooking = false;
  let nextLookAtMs = runtime.monotonicMs();
  for (;;) {
    if (!isPolling) {
      isPolling = true;
      pollWithRetry(loop).then(
        (batch) => inbox.put({ by: 'poll', batch }),
        (error: unknown) => inbox.fail(error),
      );
    }
    if (!isLooking && runtime.monotonicMs() >= nextLookAtMs) {
      isLooking = true;
      nextLookAtMs = runtime.monotonicMs() + config.reaperLookMs;
      void askForEnd(loop).then((endOffset) => {
        // At once, and not when this loop comes to it: what the look before has allowed is not to be done any more.
        if (endOffset === undefined) noteConnectionLost(reaper);
        inbox.put({ by: 'look', endOffset });
      });
    }
    const emitAtMs = (await emitAndAppend(loop)) ?? Infinity;
    await appendClosings(loop);
    const checkpointAtMs = (await checkpointIfDue(loop)) ?? Infinity;

    const wakeAtMs = Math.min(isLooking ? Infinity : nextLookAtMs, emitAtMs, checkpointAtMs);
    const cancelTimer = Number.isFinite(wakeAtMs)
      ? runtime.setTimer(Math.max(0, wakeAtMs - runtime.monotonicMs()), () => inbox.put({ by: 'timer' }))
      : undefined;
    let woken: Woken;
    try {
      woken = await inbox.take();
    } finally {
      // A timer that outlived the partition would hold up the end of the process.
      cancelTimer?.();
    }
    assigned.signal.throwIfAborted();
    if (woken.by === 'poll') {
      isPolling = false;
      await foldBatch(loop, woken.batch);
    } else if (woken.by === 'look') {
      isLooking = false;
      if (woken.endOffset !== undefined)
        noteLook(reaper, projection, config, woken.endOffset, runtime.monotonicMs());
    }
  }
}

type Woken =
  | { readonly by: 'poll'; readonly batch: ReadResult }
  | { readonly by: 'look'; readonly endOffset: number | undefined }
  | { readonly by: 'timer' };

function pollWithRetry(loop: Loop): Promise<ReadResult> {
  return retryTransient(() => loop.assigned.poll(), {
    runtime: loop.runtime,
    signal: loop.assigned.signal,
    onRetry: (error, attempt) => {
      noteConnectionLost(loop.reaper);
      warnOfRetry(loop, 'poll', error, attempt);
    },
  });
}

/** Asks for the end of the partition; undefined means that nobody answered. */
async function askForEnd(loop: Loop): Promise<number | undefined> {
  try {
    return (await loop.log.bounds('events', loop.assigned.partition)).end;
  } catch {
    return undefined;
  }
}

async function foldBatch(loop: Loop, batch: ReadResult): Promise<void> {
  const { projection, context, config } = loop;
  for (const record of batch.records) {
    foldRecord(projection, context, record);
    if (projection.outputBytes >= config.outputBytesMax) await appendOutput(loop);
  }
  passTo(projection, batch.nextOffset);
  countOutcomes(projection, loop.metrics);
  noteAppendTime(loop.reaper, projection, loop.runtime.monotonicMs());
  loop.metrics.gauge('open_steps', projection.openSteps.size, { partition: loop.assigned.partition });
}

/**
 * Makes the versions that are due, and waits until the log has them and whatever else was made; no more than
 * `outputBytesMax` and one version at a time. Answers when the next version is due, or undefined.
 */
async function emitAndAppend(loop: Loop): Promise<number | undefined> {
  for (;;) {
    const nextMs = emitDueSteps(loop.projection, loop.context);
    await appendOutput(loop);
    if (nextMs !== -Infinity) return nextMs;
  }
}

/** Appends what was made and waits until the log has it. */
async function appendOutput(loop: Loop): Promise<void> {
  const { projection } = loop;
  await append(loop, 'steps', projection.versions);
  await append(loop, 'dead-letters', projection.deadLetters);
  projection.versions = [];
  projection.deadLetters = [];
  projection.outputBytes = 0;
}

async function appendClosings(loop: Loop): Promise<void> {
  const { reaper, projection, config, runtime, codec } = loop;
  const closings = closingsDue(reaper, projection, config, runtime);
  if (closings.length === 0) return;
  const records = closings.map((event) => ({
    key: new TextEncoder().encode(event.chat_id),
    value: codec.encode(event),
  }));
  for (const { key } of records) {
    if (partitionOf(key, loop.log.partitionCount) !== loop.assigned.partition) {
      throw new InvariantViolation(
        `a step of another partition is open in partition ${loop.assigned.partition}`,
      );
    }
  }
  await append(loop, 'events', records);
  for (const event of closings) {
    loop.metrics.count('steps_reaped_total');
    loop.logger.warn({ chat_id: event.chat_id, step_id: event.step_id }, 'step closed by the reaper');
  }
}

async function append(loop: Loop, topic: Topic, records: readonly RecordToAppend[]): Promise<void> {
  if (records.length === 0) return;
  await retryTransient(() => loop.log.append(topic, loop.assigned.partition, records), {
    runtime: loop.runtime,
    signal: loop.assigned.signal,
    onRetry: (error, attempt) => warnOfRetry(loop, `append to ${topic}`, error, attempt),
  });
}

/**
 * Takes a checkpoint if there is something new and the last one is long enough ago. Answers when the next
 * one is due, or undefined if nothing is new.
 */
async function checkpointIfDue(loop: Loop): Promise<number | undefined> {
  const checkpoint = checkpointOf(loop.projection);
  const { committed } = loop;
  const isNew =
    committed === undefined ||
    checkpoint.foldedTo !== committed.foldedTo ||
    checkpoint.lowWaterMark !== committed.lowWaterMark;
  // After an assignment nothing is told until the former owner's work has been folded again.
  if (!isNew || (committed === undefined && loop.projection.isSilent)) return undefined;
  const dueAtMs = loop.checkpointAtMs + loop.config.checkpointIntervalMs;
  if (loop.runtime.monotonicMs() < dueAtMs) return dueAtMs;
  await takeCheckpoint(loop, checkpoint);
  return undefined;
}

async function takeCheckpoint(loop: Loop, checkpoint: Checkpoint): Promise<void> {
  const { assigned, runtime } = loop;
  loop.checkpointAtMs = runtime.monotonicMs();
  if (checkpoint.foldedTo !== loop.committed?.foldedTo)
    await append(loop, 'steps', [progressRecord(loop, checkpoint)]);
  await retryTransient(() => assigned.commit(encodeCheckpoint(checkpoint)), {
    runtime,
    signal: assigned.signal,
    onRetry: (error, attempt) => warnOfRetry(loop, 'commit', error, attempt),
  });
  loop.committed = checkpoint;
  loop.metrics.gauge('folded_to', checkpoint.foldedTo, { partition: assigned.partition });
  loop.metrics.gauge('low_water_mark', checkpoint.lowWaterMark, { partition: assigned.partition });
}

function progressRecord(loop: Loop, checkpoint: Checkpoint): RecordToAppend {
  return encodeStepRecord({
    kind: 'progress',
    progress: {
      generation: loop.log.generation,
      partition: loop.assigned.partition,
      folded_to: checkpoint.foldedTo,
    },
  });
}

/** Hands over what was made, if that is possible in time. Leaving it costs only that it is made again. */
async function drain(loop: Loop): Promise<void> {
  const { assigned, log, projection, context, runtime, config, logger } = loop;
  // Stopped in the middle of an append, or before the former owner's work was folded again.
  const isUnsettled = projection.versions.length > 0 || projection.deadLetters.length > 0;
  if (isUnsettled || projection.isSilent) return;
  let cancelTimer = (): void => undefined;
  const timeOut = new Promise<'timed-out'>((resolve) => {
    cancelTimer = runtime.setTimer(config.drainTimeoutMs, () => resolve('timed-out'));
  });
  const handOver = (async () => {
    for (const step of projection.openSteps.values()) step.emission.atMs = -Infinity;
    while (emitDueSteps(projection, context) === -Infinity) {
      await log.append('steps', assigned.partition, projection.versions);
      projection.versions = [];
      projection.outputBytes = 0;
    }
    const checkpoint = checkpointOf(projection);
    const records = [...projection.versions, progressRecord(loop, checkpoint)];
    await log.append('steps', assigned.partition, records);
    await assigned.commit(encodeCheckpoint(checkpoint));
    return 'done' as const;
  })();
  try {
    const ended = await Promise.race([handOver, timeOut]);
    if (ended === 'timed-out')
      logger.warn({ partition: assigned.partition }, 'gave up draining: the log is slow');
  } catch (error) {
    logger.warn({ partition: assigned.partition, error: String(error) }, 'gave up draining');
  } finally {
    cancelTimer();
  }
}

function warnOfRetry(loop: Loop, operation: string, error: Error, attempt: number): void {
  loop.metrics.count('log_retries_total', { operation });
  loop.logger.warn(
    { partition: loop.assigned.partition, operation, attempt, error: error.message },
    'log is away',
  );
}
