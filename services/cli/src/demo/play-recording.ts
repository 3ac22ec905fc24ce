import type { RecordedEvent } from '@stepfold/formats';
import type { Publisher } from '@stepfold/publisher';
import type { Runtime } from '@stepfold/runtime';
import {
  publishRecordings,
  type CheckedRecordings,
  type PublishingOptions,
} from '../publishing/publish-recordings.js';

export interface PlayRecordingOptions {
  readonly checked: CheckedRecordings;
  readonly publishing: PublishingOptions;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** How many times faster than a person can watch. */
  readonly speed: number;
  readonly onChat: (chatId: string) => void;
  /** Called once, when a good part of the events is published and a good part is not. */
  readonly onMidStream: () => void;
}

/** Milliseconds for a line of a recording without times, if that makes neither too short a play nor too long. */
const LINE_MS = 60;
const PLAY_MS_MIN = 4_000;
const PLAY_MS_MAX = 20_000;
/** Where the middle is: the rest has to be long enough for what is done there to be seen. */
const MIDDLE = 0.4;

/**
 * Plays a recording at a pace at which a person can watch it.
 * @throws the signal's reason when it is aborted: what came before is published
 */
export async function playRecording(options: PlayRecordingOptions): Promise<void> {
  const { checked, publishing, publisher, runtime, signal, speed, onChat, onMidStream } = options;
  const extent = extentOf(checked);
  const middle = Math.ceil(extent.events * MIDDLE);
  let events = 0;
  const note = (chatId: string): void => {
    onChat(chatId);
    if (++events === middle) onMidStream();
  };
  const watched: Pick<Publisher, 'publish' | 'publishAsIs' | 'flush'> = {
    publish(event) {
      note(event.chat_id);
      return publisher.publish(event);
    },
    publishAsIs(event) {
      note(event.chat_id);
      return publisher.publishAsIs(event);
    },
    flush: () => publisher.flush(),
  };
  const paced = { ...publishing, speed: extent.speed * speed };
  await publishRecordings(checked, paced, watched, runtime, signal);
}

interface Extent {
  readonly events: number;
  /** The multiple of the recorded pace that a person can watch. */
  readonly speed: number;
}

function extentOf({ recordings }: CheckedRecordings): Extent {
  const all = recordings.map((recording) => spanOf(recording.events()));
  const events = all.reduce((sum, span) => sum + span.events, 0);
  if (recordings.some(({ plan }) => plan.format === 'stepfold')) {
    const recordedMs = Math.max(1, ...all.map((span) => span.ms));
    return { events, speed: recordedMs / playMs(recordedMs) };
  }
  // A line counts as one millisecond of a recording.
  const lines = Math.max(1, ...all.map((span) => span.lines));
  return { events, speed: lines / playMs(lines * LINE_MS) };
}

function playMs(naturalMs: number): number {
  return Math.min(PLAY_MS_MAX, Math.max(PLAY_MS_MIN, naturalMs));
}

function spanOf(recorded: Iterable<RecordedEvent>): { events: number; lines: number; ms: number } {
  let events = 0;
  let lines = 0;
  let first: number | undefined;
  let last = 0;
  for (const { lineIndex, event } of recorded) {
    events++;
    lines = lineIndex + 1;
    first ??= event.at;
    last = Math.max(last, event.at);
  }
  return { events, lines, ms: (last - (first ?? last)) / 1_000 };
}
