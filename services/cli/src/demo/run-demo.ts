import { createHash } from 'node:crypto';
import { verify, type Verification } from '@stepfold/audit';
import type { EventLog } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { createPublisher, type Publisher } from '@stepfold/publisher';
import { isAbortError, randomSuffix, sleep, type Logger, type Runtime } from '@stepfold/runtime';
import type { Output } from '../output.js';
import type { CheckedRecordings, PublishingOptions } from '../publishing/publish-recordings.js';
import type { Screen } from '../render/screen.js';
import { runTogether, runWriterService } from '../running/run-services.js';
import { whenStored } from '../running/when-stored.js';
import { createAccidentReport, lastPositions, type Accident } from './accident.js';
import { playAgentSession } from './agent-session.js';
import { createLiveDisplay, type LiveDisplay } from './live-display.js';
import { playRecording } from './play-recording.js';
import { createProjectorKeeper, type ProjectorKeeper } from './projector-keeper.js';
import type { StartProjector } from './projector-process.js';

export interface DemoOptions {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly output: Output;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly startProjector: StartProjector;
  /** How many times faster than it should be watched. */
  readonly speed: number;
  /** A recording to play in the place of the session. */
  readonly recording:
    { readonly checked: CheckedRecordings; readonly options: PublishingOptions } | undefined;
  /** Called before anything is played, with the process that folds. */
  readonly onBegin: (projectorPid: number | undefined) => Promise<void>;
  /** Called when everything that was played is stored, and compared with the log. */
  readonly onStored: (played: PlayedDemo) => Promise<void>;
  /** Called when it was stopped before everything was played. */
  readonly onStopped: (stopped: StoppedDemo) => Promise<void>;
  /** Ends the demo when it has played, instead of waiting for the signal. */
  readonly isShort: boolean;
}

export interface PlayedDemo {
  readonly chatIds: readonly string[];
  readonly accidents: readonly Accident[];
  readonly verification: Verification;
}

export interface StoppedDemo {
  readonly chatIds: readonly string[];
  /** Everything that was published is stored. */
  readonly isStored: boolean;
}

/** From the death of the projector to the start of the next one, at speed 1. */
const ABSENCE_MS = 2_500;
/** How long somebody who has stopped the demo waits for the last messages to be stored. */
const SETTLE_MS = 2_000;
/** Chats of a recording that are shown while it is played. */
const CHATS_WATCHED_MAX = 3;

interface Show extends DemoOptions {
  readonly chatIds: Set<string>;
  readonly display: LiveDisplay;
  readonly keeper: ProjectorKeeper;
}

/**
 * Plays something through a publisher, with the writer in this process and the projector in one of its own,
 * which is killed in the middle; and shows what is stored. Resolves when the signal is aborted, or with
 * `isShort` when everything is stored, and nothing that it started runs any more.
 * @throws ProjectorFailed if the projector ends by itself
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { log, store, runtime, output, screen, startProjector, speed } = options;
  const services = new AbortController();
  const chatIds = new Set<string>();
  const watched = (): Iterable<string> => [...chatIds].slice(0, CHATS_WATCHED_MAX);
  const display = createLiveDisplay({ store, runtime, output, screen, chatIds: watched });
  const report = createAccidentReport({ log, runtime, tell: (what) => display.tell(what) });
  let projectorPid: number | undefined;
  const keeper = createProjectorKeeper({
    ...report,
    start: startProjector,
    runtime,
    pauseMs: ABSENCE_MS / speed,
    onStarted(pid) {
      projectorPid ??= pid;
      report.onStarted(pid);
    },
  });
  const show: Show = { ...options, chatIds, display, keeper };
  await runTogether(services.signal, [
    // Started first: the introduction names the process.
    (either) => keeper.run(either),
    (either) => runWriterService({ ...options, signal: either }),
    async (either) => {
      const signal = AbortSignal.any([options.signal, either]);
      try {
        await options.onBegin(projectorPid);
        await playAndShow(show, signal);
        await options.onStored({
          chatIds: [...chatIds],
          accidents: await report.accidents(),
          verification: await verifyChats(options, [...chatIds], signal),
        });
        if (!options.isShort) await aborted(signal);
      } catch (error) {
        // Stopped in the middle: that is how a demo ends too.
        if (!signal.aborted || !(isAbortError(error) || error === signal.reason)) throw error;
        if (!either.aborted) await settle(show);
      } finally {
        // Only now: they have stored what was published last.
        services.abort();
      }
    },
  ]);
}

async function playAndShow(show: Show, signal: AbortSignal): Promise<void> {
  const { log, store, runtime, logger, display } = show;
  const stored = new AbortController();
  await runTogether(signal, [
    (either) => display.run(AbortSignal.any([either, stored.signal])),
    async (either) => {
      const publisher = createPublisher({ log, runtime, logger, name: 'demo' });
      try {
        await play(show, publisher, either);
        await whenStored(store, log.generation, await publisher.flush(), runtime, either);
      } finally {
        stored.abort();
        // Steps that are open because somebody stopped the demo are interrupted, as an application should do.
        await publisher.shutdown();
      }
    },
  ]);
  await display.finish();
}

async function play(show: Show, publisher: Publisher, signal: AbortSignal): Promise<void> {
  const { runtime, chatIds, display, keeper, recording, speed } = show;
  const onMidStream = (): void => keeper.kill();
  if (recording !== undefined) {
    const { checked, options: publishing } = recording;
    const onChat = (chatId: string): void => void chatIds.add(chatId);
    await playRecording({ checked, publishing, publisher, runtime, signal, speed, onChat, onMidStream });
    return;
  }
  const chatId = `demo-${randomSuffix(runtime, 6)}`;
  chatIds.add(chatId);
  await playAgentSession({
    publisher,
    runtime,
    chatId,
    wait: (storyMs) => sleep(runtime, storyMs / speed, signal),
    tell: (what) => display.tell(what),
    onMidStream,
  });
}

function verifyChats(
  { log, store }: DemoOptions,
  chats: readonly string[],
  signal: AbortSignal,
): Promise<Verification> {
  return verify({ log, store, chats, createSha256: () => createHash('sha256'), signal });
}

/** Waits, if not for long, until what was published is stored, and says how that went. */
async function settle({ log, store, runtime, chatIds, display, onStopped }: Show): Promise<void> {
  const patience = new AbortController();
  const cancel = runtime.setTimer(SETTLE_MS, () => patience.abort());
  let isStored = true;
  try {
    await whenStored(store, log.generation, await lastPositions(log), runtime, patience.signal);
    await display.finish();
  } catch (error) {
    if (!patience.signal.aborted) throw error;
    isStored = false;
  } finally {
    cancel();
  }
  await onStopped({ chatIds: [...chatIds], isStored });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
