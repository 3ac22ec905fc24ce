import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import type { EventLog } from '@stepfold/event-log';
import { elideLargest, type Message } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { createSystemRuntime, sleep, type Runtime } from '@stepfold/runtime';

/** A log and a store in a folder of their own, as one process of several sees them. */
export interface EmbeddedData extends AsyncDisposable {
  readonly directory: string;
  readonly runtime: Runtime;
  readonly log: EventLog;
  readonly store: MessageStore;
  /** Waits until the stored progress of every partition is the end of the log of events. */
  untilStored(): Promise<void>;
  /** All stored messages of a chat without what depends on the log. */
  messagesOf(chatId: string): Promise<readonly unknown[]>;
}

export async function openEmbeddedData(): Promise<EmbeddedData> {
  const runtime = createSystemRuntime();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-e2e-'));
  const log = await openEmbeddedLog({ directory: path.join(directory, 'log'), runtime });
  const store = await openEmbeddedStore({ directory: path.join(directory, 'store'), runtime });
  return {
    directory,
    runtime,
    log,
    store,
    untilStored: () => untilStored(log, store, runtime),
    async messagesOf(chatId) {
      const { items, nextCursor } = await store.messages(chatId, { limit: 1_000 });
      if (nextCursor !== undefined) throw new Error(`${chatId} has more than a thousand messages`);
      return items.map(({ log: _log, digest: _digest, ...message }) => message);
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await log.close();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilStored(log: EventLog, store: MessageStore, runtime: Runtime): Promise<void> {
  for (;;) {
    const progress = await store.progress(log.generation);
    const stored = new Map(progress.map(({ partition, folded_to }) => [partition, folded_to]));
    let isStored = true;
    for (let partition = 0; partition < log.partitionCount; partition++) {
      const { end } = await log.bounds('events', partition);
      isStored &&= (stored.get(partition) ?? 0) >= end;
    }
    if (isStored) return;
    await sleep(runtime, 50);
  }
}

/** A message as a store gives it back: it fits, and it has been JSON, so −0 is 0. */
export function asStored(message: Message): unknown {
  const fitting = elideLargest(message, (text) => createHash('sha256').update(text).digest('hex'));
  return JSON.parse(JSON.stringify(fitting)) as unknown;
}
