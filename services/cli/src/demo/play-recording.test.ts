import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import type { RecordedEvent } from '@stepfold/formats';
import type { Publisher } from '@stepfold/publisher';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import type { CheckedRecordings } from '../publishing/publish-recordings.js';
import { playRecording } from './play-recording.js';

const start = 1_767_225_600_000_000;

/** Plays one event a line, and answers how long it took, and what came before the middle. */
async function play(format: 'ai-sdk' | 'stepfold', lines: number, microsBetween: number, speed = 1) {
  const runtime = createInstantRuntime();
  const recorded = Array.from({ length: lines }, (_, lineIndex): RecordedEvent => {
    const at = start + lineIndex * microsBetween;
    const event = { v: 1, chat_id: 'c', step_id: 's', at, type: 'heartbeat' } as Event;
    return { lineIndex, event };
  });
  const recording = { plan: { format, startMicros: start }, events: () => recorded };
  const checked = { recordings: [recording] } as unknown as CheckedRecordings;
  let published = 0;
  const take = (): Promise<void> & { acknowledged: Promise<unknown> } => {
    published++;
    return Object.assign(Promise.resolve(), { acknowledged: Promise.resolve() });
  };
  const publisher = { publish: take, publishAsIs: take, flush: () => Promise.resolve([]) };
  const middles: number[] = [];
  const chats = new Set<string>();
  await playRecording({
    checked,
    publishing: { format },
    publisher: publisher as unknown as Publisher,
    runtime,
    signal: new AbortController().signal,
    speed,
    onChat: (chatId) => void chats.add(chatId),
    onMidStream: () => middles.push(published),
  });
  expect(published).toBe(lines);
  expect([...chats]).toEqual(['c']);
  return { seconds: runtime.monotonicMs() / 1_000, middles };
}

describe('a recording that is played to a person', () => {
  it.each([
    ['ai-sdk', 2, 1, 1, 4],
    ['ai-sdk', 100, 1, 3, 7],
    ['ai-sdk', 40_000, 1, 18, 20.1],
    ['stepfold', 100, 10, 3, 4.1],
    ['stepfold', 100, 50_000, 4, 5.1],
    ['stepfold', 100, 3_600_000_000, 18, 20.1],
  ] as const)('of format %s, %d lines and %d µs between them takes %d to %d s', async (...row) => {
    const [format, lines, micros, atLeast, atMost] = row;
    const { seconds } = await play(format, lines, micros);
    expect(seconds).toBeGreaterThanOrEqual(atLeast);
    expect(seconds).toBeLessThanOrEqual(atMost);
  });

  it('is as much faster as is asked for', async () => {
    const { seconds } = await play('ai-sdk', 100, 1);
    const fast = await play('ai-sdk', 100, 1, 5);
    expect(seconds / fast.seconds).toBeCloseTo(5, 0);
  });

  it('has one middle, also if it has but one event or no time at all', async () => {
    expect((await play('ai-sdk', 100, 1)).middles).toEqual([39]);
    expect((await play('ai-sdk', 1, 1)).middles).toEqual([0]);
    expect((await play('stepfold', 10, 0)).middles).toEqual([3]);
  });
});
