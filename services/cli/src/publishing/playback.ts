import type { Event } from '@stepfold/events';
import type { RecordedEvent } from '@stepfold/formats';
import { sleep, type Runtime } from '@stepfold/runtime';

/** When the events of a recording are played, and with which stamps. */
export interface Playback {
  /** Waits until the event's turn has come and answers it as it is to be published. To be called in order. */
  play(recorded: RecordedEvent): Promise<Event>;
}

/** Longest single wait: the timers of Node fire at once beyond 2^31 ms. */
const SLEEP_MS_MAX = 3_600_000;

/** Fields of events that are stamps. */
const stampFields = ['at', 'until', 'detected_at', 'execution_started_at'] as const;

interface PlaybackOptions {
  readonly runtime: Runtime;
  /** Ends a wait. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Plays events as they are. With a speed, the time between two of them is that between their stamps, divided by
 * it; a stamp that goes back is not waited for.
 */
export function playAsRecorded(options: PlaybackOptions & { readonly speed: number | undefined }): Playback {
  const { runtime, speed } = options;
  let began: { readonly atMs: number; readonly stamp: number } | undefined;
  return {
    async play({ event }) {
      if (speed === undefined) return event;
      began ??= { atMs: runtime.monotonicMs(), stamp: event.at };
      await waitUntil(options, began.atMs + (event.at - began.stamp) / 1_000 / speed);
      return event;
    },
  };
}

export interface RealTimeOptions extends PlaybackOptions {
  /**
   * The stamp that line 0 has in the recording. It has to be read with a tick of one microsecond, so that a
   * stamp says which line it is of.
   */
  readonly startMicros: number;
  /** Real milliseconds from line to line; 0 plays as fast as possible. */
  readonly lineMs: number;
}

/**
 * Plays the lines of a recording in real time: each gets the time of the real clock at which it was reached.
 * An event may tell of an earlier line than the one at which it was known, and then gets that line's time.
 */
export function playInRealTime(options: RealTimeOptions): Playback {
  const { runtime, startMicros, lineMs } = options;
  const reachedAt: number[] = [];
  let beganAtMs: number | undefined;

  async function reach(lineIndex: number): Promise<void> {
    beganAtMs ??= runtime.monotonicMs();
    while (reachedAt.length <= lineIndex) {
      await waitUntil(options, beganAtMs + reachedAt.length * lineMs);
      // The stamps of one stream never go back, whatever somebody does to the clock.
      reachedAt.push(Math.max(reachedAt.at(-1) ?? 0, runtime.nowMicros()));
    }
  }

  return {
    async play({ lineIndex, event }) {
      await reach(lineIndex);
      const stamped: Record<string, unknown> = { ...event };
      for (const field of stampFields) {
        const micros = stamped[field];
        if (typeof micros === 'number') stamped[field] = reachedAt[micros - startMicros] ?? reachedAt.at(-1);
      }
      return stamped as unknown as Event;
    },
  };
}

/** Less than a millisecond is not waited for: timers count in them, and the waits add up before long. */
async function waitUntil({ runtime, signal }: PlaybackOptions, atMs: number): Promise<void> {
  for (;;) {
    const waitMs = atMs - runtime.monotonicMs();
    if (waitMs < 1) return;
    await sleep(runtime, Math.min(waitMs, SLEEP_MS_MAX), signal);
  }
}
