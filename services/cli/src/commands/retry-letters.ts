import { createHash } from 'node:crypto';
import { isSettled, retryDeadLetters, type RetriedLetter } from '@stepfold/audit';
import type { EventLog } from '@stepfold/event-log';
import type { DeadLetterCode } from '@stepfold/events';
import type { DeadLetter, MessageStore } from '@stepfold/message-store';
import { UsageError } from '@stepfold/runtime';
import type { AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import type { JsonOptions } from '../render/output-options.js';
import { retriedRow } from '../render/render-dead-letters.js';
import { screenOf } from '../render/screen.js';
import { writeJsonArray } from '../render/write-json.js';
import { requireDeadLetter } from '../store-pages.js';
import { allLetters } from './all-letters.js';

export interface RetryLettersOptions extends AdapterOptions, JsonOptions {
  readonly all?: boolean;
  readonly reason?: DeadLetterCode;
}

/** Letters that are retried together: their steps are held in memory, and each partition is read once for them. */
const LETTERS_AT_ONCE = 25;

/** Retries letters by their ids, or all. Sets exit code 1 if one of them is still nowhere. */
export async function retryLetters(
  ids: readonly string[],
  options: RetryLettersOptions,
  host: Host,
): Promise<void> {
  const isAll = options.all === true;
  if (isAll === ids.length > 0) {
    throw new UsageError('bad-usage', 'name the dead letters to retry, or --all, but not both');
  }
  if (options.reason !== undefined && !isAll) {
    throw new UsageError('bad-usage', '--reason goes with --all');
  }
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await using store = await openStore(context);
  await checkGeneration(log, store, context, 'join');
  const letters = isAll ? allLetters(log, store, options.reason) : lettersById(store, ids);
  const counts = { all: 0, settled: 0 };
  const retried = counting(retryInTurn(log, store, letters), counts);
  if (options.json === true) {
    await writeJsonArray(host.stdout, retried);
  } else {
    const screen = screenOf(host);
    for await (const each of retried) await host.stdout.write(`${retriedRow(each, screen)}\n`);
    await host.stdout.write(summary(counts));
  }
  if (counts.settled < counts.all) host.exitCode = 1;
}

function summary({ all, settled }: { readonly all: number; readonly settled: number }): string {
  if (all === 0) return 'no dead letters to retry\n';
  const rest = all - settled;
  return `${settled} of ${all} done${rest === 0 ? '' : `; ${rest} cannot be helped by a retry`}\n`;
}

/** Every one is looked up before the first is retried, so that a wrong id changes nothing. */
async function* lettersById(store: MessageStore, ids: readonly string[]): AsyncGenerator<DeadLetter> {
  for (const id of ids) await requireDeadLetter(store, id);
  for (const id of new Set(ids)) yield await requireDeadLetter(store, id);
}

async function* retryInTurn(
  log: EventLog,
  store: MessageStore,
  letters: AsyncIterable<DeadLetter>,
): AsyncGenerator<RetriedLetter> {
  const options = { log, store, createSha256: () => createHash('sha256') };
  let batch: DeadLetter[] = [];
  for await (const letter of letters) {
    batch.push(letter);
    if (batch.length < LETTERS_AT_ONCE) continue;
    yield* await retryDeadLetters(options, batch);
    batch = [];
  }
  yield* await retryDeadLetters(options, batch);
}

async function* counting(
  retried: AsyncIterable<RetriedLetter>,
  counts: { all: number; settled: number },
): AsyncGenerator<RetriedLetter> {
  for await (const each of retried) {
    counts.all++;
    if (isSettled(each)) counts.settled++;
    yield each;
  }
}
