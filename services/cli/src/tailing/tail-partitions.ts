import { followEvents, type EventFollower, type ReadEvent } from '@stepfold/audit';
import type { EventLog } from '@stepfold/event-log';
import { decodeCheckpoint, projectorDefaults } from '@stepfold/projector';
import { retryTransient, sleep } from '@stepfold/runtime';
import type { Host } from '../host.js';
import type { EventPrinter } from './event-printer.js';

/** How often the end of each partition is looked at: below what a person notices as a delay. */
const LOOK_MS = 250;

/** What of the past is shown first: nothing, the last so many events, or all that the log has. */
export type TailStart = { readonly last: number } | 'beginning';

export interface TailOptions {
  readonly log: EventLog;
  readonly partitions: readonly number[];
  /** Only this chat; all of them without it. */
  readonly chatId?: string;
  readonly start: TailStart;
  readonly host: Pick<Host, 'runtime' | 'stdout' | 'stderr'>;
  readonly signal: AbortSignal;
  /** One for each partition: each has its own past. */
  readonly createPrinter: () => EventPrinter;
}

interface TailedPartition {
  readonly partition: number;
  readonly follower: EventFollower;
  readonly printer: EventPrinter;
  /** Of the past: what is shown. */
  past: readonly ReadEvent[];
  /** Came while the past was read. */
  present: readonly ReadEvent[];
}

/**
 * Shows the events of partitions as they come, until the signal is aborted.
 *
 * 1. The past is folded silently up to the end that the log had: outcomes depend on it. If none of it is shown,
 *    from the low-water mark of the projector, before which no open step began; else from the beginning.
 * 2. What of the past is shown comes in the order in which the log took it, across the partitions.
 * 3. Then each partition is looked at on its own; what is shown is in order within each.
 *
 * While the log is away it warns once, and goes on where it was when the log is back.
 * @throws the signal's reason when it is aborted; OutputClosed when the reader has gone away
 */
export async function tailPartitions(options: TailOptions): Promise<void> {
  // One loop that fails ends the others.
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const bounded = { ...options, signal };
  const tailed = await inParallel(options.partitions, ending, (partition) =>
    openPartition(bounded, partition),
  );
  await showPast(bounded, tailed);
  try {
    await inParallel(tailed, ending, (each) => follow(bounded, each));
  } finally {
    if (options.signal.aborted) {
      await options.host.stdout.write(tailed.map(({ printer }) => printer.finish()).join(''));
    }
  }
}

async function inParallel<T, R>(
  items: readonly T[],
  ending: AbortController,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const running = items.map(async (item) => {
    try {
      return await work(item);
    } catch (error) {
      ending.abort(error);
      throw error;
    }
  });
  // The log stays open until nobody reads it any more.
  await Promise.allSettled(running);
  return await Promise.all(running);
}

async function openPartition(options: TailOptions, partition: number): Promise<TailedPartition> {
  const { log, chatId, start, createPrinter } = options;
  // Asked for before the end, so that it does not lie behind it.
  const committed = await log.committed(projectorDefaults.group, 'events', partition);
  const { begin, end } = await log.bounds('events', partition);
  const { lowWaterMark } = decodeCheckpoint(committed);
  const isUsable = committed !== undefined && lowWaterMark >= begin && lowWaterMark <= end;
  const from = start !== 'beginning' && start.last === 0 && isUsable ? lowWaterMark : begin;
  const source = chatId === undefined ? { partition } : { chatId };
  const tailed: TailedPartition = {
    partition,
    follower: followEvents(log, source, { from }),
    printer: createPrinter(),
    past: [],
    present: [],
  };
  if (start !== 'beginning') await readPast(options, tailed, end, start.last);
  return tailed;
}

/** Folds what lies before `end`, and keeps the last events of it. */
async function readPast(
  options: TailOptions,
  tailed: TailedPartition,
  end: number,
  last: number,
): Promise<void> {
  const { follower, printer } = tailed;
  let past: ReadEvent[] = [];
  while (follower.nextOffset < end) {
    options.signal.throwIfAborted();
    const before = follower.nextOffset;
    const { events } = await look(options, follower);
    past.push(...events.filter(({ record }) => record.offset < end));
    tailed.present = events.filter(({ record }) => record.offset >= end);
    const silent = past.slice(0, Math.max(0, past.length - last));
    for (const read of silent) printer.event(read);
    // What the printer would say of them by now is not shown, and must not pile up.
    printer.settle();
    past = past.slice(silent.length);
    // A log that has no more than it had would be asked for ever.
    if (follower.nextOffset <= before) break;
  }
  tailed.past = past;
}

/** Shows the last events of all partitions together. */
async function showPast({ start, host }: TailOptions, tailed: readonly TailedPartition[]): Promise<void> {
  const all = tailed.flatMap(({ past, printer }) => past.map((read) => ({ read, printer })));
  all.sort((a, b) => a.read.record.appendedAtMs - b.read.record.appendedAtMs);
  const silent = start === 'beginning' ? 0 : Math.max(0, all.length - start.last);
  for (const { read, printer } of all.slice(0, silent)) printer.event(read);
  // What was gathered of text so far belongs to the past that is not shown.
  for (const { printer } of tailed) printer.finish();
  for (const { read, printer } of all.slice(silent)) await host.stdout.write(printer.event(read));
  for (const each of tailed) each.past = [];
  await host.stdout.flush();
}

async function follow(options: TailOptions, tailed: TailedPartition): Promise<never> {
  const { signal, host } = options;
  const { follower, printer } = tailed;
  let events = tailed.present;
  tailed.present = [];
  for (let isAtEnd = false; ;) {
    let text = '';
    for (const read of events) text += printer.event(read);
    text += printer.settle();
    if (text !== '') {
      await host.stdout.write(text);
      await host.stdout.flush();
    }
    if (isAtEnd) await sleep(host.runtime, LOOK_MS, signal);
    signal.throwIfAborted();
    ({ events, isAtEnd } = await look(options, follower));
  }
}

/** The next events; waits for a log that is away. */
async function look(options: TailOptions, follower: EventFollower): ReturnType<EventFollower['next']> {
  const { signal, host } = options;
  return await retryTransient(() => follower.next(), {
    runtime: host.runtime,
    signal,
    onRetry(error, attempt) {
      if (attempt === 1) host.stderr.write(`stepfold: ${error.message}; waiting for it\n`);
    },
  });
}
