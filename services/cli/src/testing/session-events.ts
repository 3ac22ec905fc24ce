import type { EventLog } from '@stepfold/event-log';
import { createEventCodec, type Event } from '@stepfold/events';
import { createPublisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { HandDrivenRuntime } from '../../../../libs/publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../../../libs/publisher/src/testing/recording-log.js';
import { playAgentSession } from '../demo/agent-session.js';

/** The demo's session as it is on the log, and what was said of it. */
export interface SessionEvents {
  readonly events: readonly Event[];
  /** Virtual milliseconds that it took. */
  readonly durationMs: number;
  readonly told: readonly string[];
  /** How many events were published when the accident happened. */
  readonly accidents: readonly number[];
}

/** Plays the session on a clock that is driven by hand: its times are exact, and it takes no time. */
export async function playSessionAtOnce(): Promise<SessionEvents> {
  const runtime = new HandDrivenRuntime();
  const log = new RecordingLog();
  const publisher = createPublisher({ log: log as EventLog, runtime, producer: 'demo' });
  const told: string[] = [];
  const accidents: number[] = [];
  const beganAtMs = runtime.monotonicMs();
  await runtime.runUntil(
    playAgentSession({
      publisher,
      runtime,
      chatId: 'c',
      wait: (storyMs) => sleep(runtime, storyMs),
      tell: (what) => told.push(what),
      onMidStream: () => accidents.push(log.valuesOf().length),
    }),
  );
  const durationMs = runtime.monotonicMs() - beganAtMs;
  await runtime.runUntil(publisher.close());
  const codec = createEventCodec();
  const events = log.valuesOf().map((text) => {
    const decoded = codec.decode(new TextEncoder().encode(text));
    if (!decoded.ok) throw new Error(decoded.detail);
    return decoded.event;
  });
  return { events, durationMs, told, accidents };
}
