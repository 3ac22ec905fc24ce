import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { UsageError } from '@stepfold/runtime';
import { openStore, type AdapterContext } from './open-adapters.js';

/**
 * What a command may do about the generation of the log. The services `begin` a new one: theirs is the first
 * that the store hears of. Every other command only `join`s: a number typed wrong by somebody who wants to
 * read must not shut out everybody else for good.
 */
export type GenerationRole = 'begin' | 'join';

/**
 * Makes sure that log and store belong together: messages of two generations, or of one log under two
 * numbers of partitions, would get places in their chats that mean nothing.
 * @throws UsageError `generation-differs`, `partition-count-differs`
 * @throws TransientError if the store is away
 */
export async function checkGeneration(
  log: EventLog,
  store: MessageStore,
  { adapters }: Pick<AdapterContext, 'adapters'>,
  role: GenerationRole,
): Promise<void> {
  const own = { generation: log.generation, partition_count: log.partitionCount };
  // The embedded log keeps its generation itself, and lets nobody open it with another.
  const begins = role === 'begin' || adapters.kind === 'embedded';
  // A claim of generation 0 changes nothing once anything is registered.
  const registered = await store.claimGeneration(begins ? own : { ...own, generation: 0 });
  if (registered.generation > own.generation) {
    throw new UsageError(
      'generation-differs',
      `the store is at generation ${registered.generation} of the log, and this is generation ` +
        `${own.generation}: give --generation ${registered.generation} with the log that belongs to it`,
    );
  }
  if (registered.generation < own.generation) {
    throw new UsageError(
      'generation-differs',
      `the store knows of no generation ${own.generation} of the log, the last is ${registered.generation}: ` +
        'begin it by starting projector and writer with it, or give the one that is meant',
    );
  }
  if (registered.partition_count !== own.partition_count) {
    throw new UsageError(
      'partition-count-differs',
      `the log has ${own.partition_count} partitions, and the store knows generation ${own.generation} with ` +
        `${registered.partition_count}: this is another log, or partitions were added to its topics; ` +
        `begin a new generation (--generation ${own.generation + 1}, see docs/kafka.md)`,
    );
  }
}

/** The same for a command that works on the log alone, if a server was named as its store. */
export async function checkGenerationOfStore(
  log: EventLog,
  context: AdapterContext,
  role: GenerationRole,
): Promise<void> {
  const { adapters } = context;
  if (adapters.kind === 'embedded' || adapters.mongodb === undefined) return;
  await using store = await openStore(context);
  await checkGeneration(log, store, context, role);
}
