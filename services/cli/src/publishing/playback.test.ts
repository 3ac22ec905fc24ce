import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { playAsRecorded, playInRealTime } from './playback.js';

const start = 1_767_225_600_000_000;
const signal = undefined;

function eventAt(at: number, fields: object = {}): Event {
  return { v: 1, chat_id: 'c', step_id: 's', at, type: 'heartbeat', ...fields } as Event;
}

describe('playing events as they are', () => {
  it('takes no time and changes nothing without a speed', async () => {
    const runtime = createInstantRuntime();
    const playback = playAsRecorded({ runtime, speed: undefined, signal });
    const events = [eventAt(start), eventAt(start + 60_000_000)];
    for (const event of events) expect(await playback.play({ lineIndex: 0, event })).toBe(event);
    expect(runtime.waitsMs).toEqual([]);
  });

  it('waits for the time between their stamps, divided by the speed', async () => {
    const runtime = createInstantRuntime();
    const playback = playAsRecorded({ runtime, speed: 4, signal });
    for (const at of [start, start + 8_000_000, start + 6_000_000, start + 10_000_000]) {
      await playback.play({ lineIndex: 0, event: eventAt(at) });
    }
    expect(runtime.waitsMs).toEqual([2_000, 500]);
  });

  it('waits longer than a timer of Node can', async () => {
    const runtime = createInstantRuntime();
    const playback = playAsRecorded({ runtime, speed: 1, signal });
    const days = 60 * 86_400_000;
    for (const at of [start, start + days * 1_000]) await playback.play({ lineIndex: 0, event: eventAt(at) });
    expect(Math.max(...runtime.waitsMs)).toBeLessThan(2 ** 31);
    expect(runtime.monotonicMs()).toBe(days);
  });

  it('ends its wait when the signal is aborted', async () => {
    const runtime = { ...createInstantRuntime(), setTimer: () => () => undefined };
    const controller = new AbortController();
    const playback = playAsRecorded({ runtime, speed: 1, signal: controller.signal });
    await playback.play({ lineIndex: 0, event: eventAt(start) });
    const waiting = playback.play({ lineIndex: 1, event: eventAt(start + 1_000_000) });
    controller.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});

describe('playing a recording in real time', () => {
  const play = async (lineMs: number, recorded: readonly { lineIndex: number; event: Event }[]) => {
    const runtime = createInstantRuntime(2_000_000_000_000_000);
    const playback = playInRealTime({ runtime, startMicros: start, lineMs, signal });
    const played: number[] = [];
    for (const one of recorded) {
      played.push((await playback.play(one)).at - 2_000_000_000_000_000);
      runtime.advance(0.25);
    }
    return { runtime, played };
  };

  it('gives each event the real time at which its line was reached', async () => {
    const { played } = await play(10, [
      { lineIndex: 0, event: eventAt(start) },
      { lineIndex: 1, event: eventAt(start + 1) },
      { lineIndex: 3, event: eventAt(start + 3) },
    ]);
    expect(played).toEqual([0, 10_000, 30_000]);
  });

  it('gives an event that tells of an earlier line the time of that line', async () => {
    const { played } = await play(10, [
      { lineIndex: 0, event: eventAt(start) },
      { lineIndex: 2, event: eventAt(start + 1) },
      { lineIndex: 2, event: eventAt(start + 2) },
    ]);
    expect(played).toEqual([0, 10_000, 20_000]);
  });

  it('stamps what is sent as fast as possible with the clock as it goes', async () => {
    const { played, runtime } = await play(0, [
      { lineIndex: 0, event: eventAt(start) },
      { lineIndex: 0, event: eventAt(start) },
      { lineIndex: 5, event: eventAt(start + 5) },
    ]);
    expect(played).toEqual([0, 0, 500]);
    expect(runtime.waitsMs).toEqual([]);
  });

  it('maps every stamp of an event', async () => {
    const runtime = createInstantRuntime(2_000_000_000_000_000);
    const playback = playInRealTime({ runtime, startMicros: start, lineMs: 1, signal });
    const event = eventAt(start + 1, { until: start + 2, execution_started_at: start });
    expect(await playback.play({ lineIndex: 2, event })).toMatchObject({
      at: 2_000_000_000_001_000,
      until: 2_000_000_000_002_000,
      execution_started_at: 2_000_000_000_000_000,
    });
  });

  it('never lets a stamp go back, even if the clock is set back', async () => {
    let nowMicros = 2_000_000_000_000_000;
    const runtime = { ...createInstantRuntime(), nowMicros: () => (nowMicros -= 1_000_000) };
    const playback = playInRealTime({ runtime, startMicros: start, lineMs: 0, signal });
    const first = await playback.play({ lineIndex: 0, event: eventAt(start) });
    const second = await playback.play({ lineIndex: 1, event: eventAt(start + 1) });
    expect(second.at).toBe(first.at);
  });
});
