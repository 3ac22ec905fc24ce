import type { Position } from '@stepfold/event-log';
import type { Publication, Publisher } from '@stepfold/publisher';
import type { Runtime } from '@stepfold/runtime';
import type { Host } from '../host.js';
import type { LogOptions } from '../open-logger.js';
import { DEFAULT_TICK_MICROS, type RecordingOptions } from '../recordings/recording-options.js';
import { openRecordings } from '../recordings/open-recordings.js';
import type { Recording } from '../recordings/recording.js';
import { playAsRecorded, playInRealTime, type Playback } from './playback.js';

export interface PublishingOptions extends RecordingOptions {
  /** How many times faster than recorded the files are played. Without it, as fast as the log takes them. */
  readonly speed?: number;
}

/** What was published. */
export interface Published {
  /** Where the last event lies, if there was one. */
  readonly position: Position | undefined;
  readonly events: number;
  readonly chatIds: readonly string[];
}

/** Files that were read to their ends and found good. */
export interface CheckedRecordings extends Disposable {
  readonly recordings: readonly Recording[];
  /** In all of them. */
  readonly events: number;
}

/**
 * Reads every file as a whole, so that nothing is published of files of which one is bad.
 * @throws UsageError naming file, line and field
 */
export async function checkRecordings(
  fileNames: readonly string[],
  options: PublishingOptions & Partial<LogOptions>,
  host: Pick<Host, 'stdin' | 'stderr'>,
): Promise<CheckedRecordings> {
  // In real time a stamp is the number of its line; see `playInRealTime`.
  const lineMicros = options.start === undefined ? 1 : undefined;
  const recordings = await openRecordings(fileNames, options, host, lineMicros);
  let events = 0;
  try {
    for (const recording of recordings) for (const _ of recording.events()) events++;
  } catch (error) {
    recordings[Symbol.dispose]();
    throw error;
  }
  return { recordings: recordings.all, events, [Symbol.dispose]: recordings[Symbol.dispose] };
}

/**
 * Publishes files that have been checked, one after the other, and waits until the log has everything.
 * `onPublished` hears of each event that was handed over.
 * @throws the signal's reason when it is aborted: what came before is published
 */
export async function publishRecordings(
  checked: CheckedRecordings,
  options: PublishingOptions,
  publisher: Pick<Publisher, 'publish' | 'publishAsIs' | 'flush'>,
  runtime: Runtime,
  signal?: AbortSignal,
  onPublished?: (events: number, of: number) => void,
): Promise<Published> {
  const chatIds = new Set<string>();
  let events = 0;
  let last: Publication | undefined;
  for (const recording of checked.recordings) {
    const playback = playbackOf(recording, options, runtime, signal);
    for (const recorded of recording.events()) {
      signal?.throwIfAborted();
      const event = await playback.play(recorded);
      last = recording.plan.format === 'stepfold' ? publisher.publishAsIs(event) : publisher.publish(event);
      // Awaited for the back-pressure: the queue is bounded.
      await last;
      chatIds.add(event.chat_id);
      events++;
      onPublished?.(events, checked.events);
    }
  }
  await publisher.flush();
  return { position: await last?.acknowledged, events, chatIds: [...chatIds] };
}

function playbackOf(
  { plan }: Recording,
  options: PublishingOptions,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): Playback {
  const { speed, start, tick = DEFAULT_TICK_MICROS } = options;
  if (plan.format === 'stepfold' || start !== undefined) return playAsRecorded({ runtime, speed, signal });
  const lineMs = speed === undefined ? 0 : tick / 1_000 / speed;
  return playInRealTime({ runtime, startMicros: plan.startMicros, lineMs, signal });
}
