import { createHash } from 'node:crypto';
import { deadLetterRecord, type AssignedPartition, type EventLog, type LogRecord } from '@stepfold/event-log';
import type { DeadLetterCode } from '@stepfold/events';
import type { MessageStore } from '@stepfold/message-store';
import {
  InvariantViolation,
  isAbortError,
  retryTransient,
  type Logger,
  type Metrics,
  type Runtime,
} from '@stepfold/runtime';
import { readDeadLetter } from './dead-letter-batch.js';
import { collapse, type StepBatch } from './step-batch.js';

/**
 * The life of one assigned partition of steps or dead letters: poll, write, commit, in one loop.
 *
 * 1. A batch is committed when every version of it is settled: taken, stale, or a dead letter on the log.
 * 2. Progress is told to the store after everything before it has been stored.
 * 3. A batch goes to the collection that is live before it, and to the one that is live after it.
 * 4. What the store cannot do now is tried again for as long as it takes; what it can never do is a dead letter.
 */
export interface PartitionLoopOptions {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly version: string;
}

interface Loop extends PartitionLoopOptions {
  readonly assigned: AssignedPartition;
}

export async function runPartition(
  assigned: AssignedPartition,
  options: PartitionLoopOptions,
): Promise<void> {
  const loop: Loop = { ...options, assigned };
  const { topic, partition, signal } = assigned;
  options.logger.info(
    { topic, partition, next_offset: assigned.committed?.nextOffset ?? 0 },
    'partition assigned',
  );
  let committedOffset = assigned.committed?.nextOffset ?? 0;
  try {
    for (;;) {
      const batch = await retry(loop, 'poll', () => assigned.poll());
      if (topic === 'steps') await writeSteps(loop, batch.records);
      else await writeDeadLetters(loop, batch.records);
      if (batch.nextOffset === committedOffset) continue;
      // An empty batch may have moved too: past a hole at the end.
      await retry(loop, 'commit', () => assigned.commit({ nextOffset: batch.nextOffset, metadata: '' }));
      committedOffset = batch.nextOffset;
    }
  } catch (error) {
    if (!signal.aborted || !(isAbortError(error) || error === signal.reason)) throw error;
  }
  options.logger.info({ topic, partition }, 'partition left');
}

async function writeSteps(loop: Loop, records: readonly LogRecord[]): Promise<void> {
  const { store, metrics, log } = loop;
  const batch = collapse(records);
  for (const { record, detail } of batch.unreadable) await giveUp(loop, record, 'bad-json', detail);
  if (batch.versions.length > 0) await writeVersions(loop, batch);
  for (const progress of batch.progress) {
    if (progress.generation !== log.generation) continue;
    await retry(loop, 'raise progress', () => store.raiseProgress(progress));
    metrics.gauge('stored_to', progress.folded_to, { partition: progress.partition });
  }
}

async function writeVersions(loop: Loop, batch: StepBatch): Promise<void> {
  const { store } = loop;
  let collection = await retry(loop, 'live collection', () => store.liveCollection());
  for (;;) {
    await writeTo(loop, collection, batch);
    const live = await retry(loop, 'live collection', () => store.liveCollection());
    if (live === collection) return;
    // Switched in the middle: readers look at the new collection from now on.
    collection = live;
  }
}

async function writeTo(loop: Loop, collection: string, batch: StepBatch): Promise<void> {
  const { store, metrics, logger } = loop;
  const outcomes = await retry(loop, 'write', () =>
    store.write(
      collection,
      batch.versions.map(({ message }) => message),
    ),
  );
  for (const [index, { message, record }] of batch.versions.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined)
      throw new InvariantViolation('the store answered fewer outcomes than versions');
    metrics.count('versions_written_total', { outcome: outcome.outcome });
    if (outcome.outcome !== 'refused') continue;
    logger.error({ chat_id: message.chat_id, step_id: message.step_id, rev: message.rev }, 'version refused');
    await giveUp(loop, record, 'store-refused', outcome.detail, message);
  }
}

async function writeDeadLetters(loop: Loop, records: readonly LogRecord[]): Promise<void> {
  const { store, metrics, logger, assigned } = loop;
  const letters = records.flatMap((record) => {
    const letter = readDeadLetter(record);
    if (letter !== undefined) return [letter];
    metrics.count('dead_letters_unreadable_total');
    logger.error(
      { partition: assigned.partition, offset: record.offset },
      'a dead letter without its headers',
    );
    return [];
  });
  if (letters.length > 0) await retry(loop, 'write dead letters', () => store.writeDeadLetters(letters));
}

async function giveUp(
  loop: Loop,
  record: LogRecord,
  reason: DeadLetterCode,
  detail: string,
  ids?: { readonly chat_id: string; readonly step_id: string },
): Promise<void> {
  const { log, assigned, runtime, version, metrics } = loop;
  const letter = deadLetterRecord(record, {
    reason,
    detail,
    stage: 'writer',
    topic: `${log.topicPrefix}${assigned.topic}`,
    partition: assigned.partition,
    at: runtime.nowMicros(),
    version,
    sha256: (value) => createHash('sha256').update(value).digest('hex'),
    ...(ids === undefined ? {} : { ids: { chat_id: ids.chat_id, step_id: ids.step_id } }),
  });
  metrics.count('dead_letters_total', { reason });
  await retry(loop, 'append to dead-letters', () => log.append('dead-letters', assigned.partition, [letter]));
}

function retry<T>(loop: Loop, operation: string, run: () => Promise<T>): Promise<T> {
  return retryTransient(run, {
    runtime: loop.runtime,
    signal: loop.assigned.signal,
    onRetry: (error, attempt) => {
      const { topic, partition } = loop.assigned;
      loop.metrics.count('retries_total', { operation });
      loop.logger.warn({ topic, partition, operation, attempt, error: error.message }, 'trying again');
    },
  });
}
