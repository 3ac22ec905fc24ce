import type { EventLog, Position } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { createPublisher } from '@stepfold/publisher';
import { isAbortError, randomSuffix, type Logger, type Runtime } from '@stepfold/runtime';
import {
  publishRecordings,
  type CheckedRecordings,
  type PublishingOptions,
} from '../publishing/publish-recordings.js';
import { runProjectorAndWriter, runTogether } from '../running/run-services.js';
import { whenStored } from '../running/when-stored.js';
import { playAgentSession } from './agent-session.js';

export interface DemoOptions {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** A recording to play in the place of the session. */
  readonly recording:
    { readonly checked: CheckedRecordings; readonly options: PublishingOptions } | undefined;
  /** Called when everything that was played is stored. */
  readonly onStored: (chatIds: readonly string[]) => Promise<void>;
  /** Ends the demo when it has played, instead of waiting for the signal. */
  readonly isShort: boolean;
}

/**
 * Runs projector and writer and plays something to them. Resolves when the signal is aborted, or with `isShort`
 * when everything is stored, and the services have drained.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  await runTogether(signal, [
    (either) => runProjectorAndWriter({ ...options, signal: either }),
    async (either) => {
      try {
        await playAndShow(options, either);
        if (options.isShort) done.abort();
      } catch (error) {
        // Stopped in the middle: that is how a demo ends too.
        if (!either.aborted || !(isAbortError(error) || error === either.reason)) throw error;
      }
    },
  ]);
}

async function playAndShow(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { log, store, runtime } = options;
  const { chatIds, positions } = await play(options, signal);
  await whenStored(store, log.generation, positions, runtime, signal);
  await options.onStored(chatIds);
}

interface Played {
  readonly chatIds: readonly string[];
  readonly positions: readonly Position[];
}

async function play(options: DemoOptions, signal: AbortSignal): Promise<Played> {
  const { log, runtime, logger, recording } = options;
  const publisher = createPublisher({ log, runtime, logger, name: 'demo' });
  try {
    if (recording !== undefined) {
      const { checked, options: publishing } = recording;
      const { chatIds } = await publishRecordings(checked, publishing, publisher, runtime, signal);
      return { chatIds, positions: await publisher.flush() };
    }
    const chatId = `demo-${randomSuffix(runtime, 6)}`;
    await playAgentSession({ publisher, runtime, chatId, signal });
    return { chatIds: [chatId], positions: await publisher.flush() };
  } finally {
    // Steps that are open because somebody stopped the demo are interrupted, as an application should do.
    await publisher.shutdown();
  }
}
