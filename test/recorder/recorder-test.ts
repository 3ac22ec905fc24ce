import type { Event } from '@stepfold/events';
import { createRecorder, type RecorderOptions } from '@stepfold/recorder';
import { HandDrivenRuntime } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';

export function setUp(options: Partial<RecorderOptions> = {}) {
  const runtime = new HandDrivenRuntime();
  const log = new RecordingLog();
  const errors: Error[] = [];
  const recorder = createRecorder({ log, runtime, onError: (error) => void errors.push(error), ...options });
  return { runtime, log, errors, recorder, run: recorder.openRun({ chatId: 'chat', runId: 'run' }) };
}

/** Without what the publisher adds. */
export function plain(events: readonly Event[]): Event[] {
  return events.map(({ producer: _producer, seq: _seq, ...event }) => event as Event);
}

export const brief = (events: readonly Event[]): string[] =>
  events.map(({ type, step_id }) => `${step_id} ${type}`);

export function streamOf(
  parts: readonly Readonly<Record<string, unknown>>[],
): ReadableStream<Readonly<Record<string, unknown>>> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
