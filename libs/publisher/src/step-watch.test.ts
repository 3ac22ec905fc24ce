import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { evolve, initialState } from '@stepfold/fold';
import { CorruptStateError, silentLogger, TransientError, type LogFields } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { createPublisher } from './create-publisher.js';
import type { Lane } from './lanes.js';
import type { PublisherOptions } from './publisher.js';
import type { StepEnding } from './step-stopped.js';
import { createStepWatch } from './step-watch.js';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';

const step = { chatId: 'c', stepId: 's' };

function setUp(options: Partial<PublisherOptions> = {}) {
  const log = new RecordingLog();
  const runtime = new HandDrivenRuntime();
  const publisher = createPublisher({ log, runtime, producer: 'mine', ...options });
  const other = createPublisher({ log, runtime, producer: 'other' });
  return { log, runtime, publisher, other };
}

describe("a step's signal", () => {
  it('is aborted within a second when the stop button is pressed in another process', async () => {
    const { runtime, publisher, other } = setUp();
    const { signal } = publisher.openStep(step);
    await runtime.advance(3_000);
    void other.joinStep(step).interrupt('user');
    await runtime.settle();
    expect(signal.aborted).toBe(false);
    await runtime.advance(999);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(DOMException);
    expect(signal.reason).toMatchObject({ name: 'AbortError', ending: 'user' });
  });

  it('closes the step: no heartbeat, no interrupt at shutdown, and no further event', async () => {
    const { log, runtime, publisher, other } = setUp();
    const opened = publisher.openStep(step);
    expect(opened.signal.aborted).toBe(false);
    await other.joinStep(step).interrupt('user');
    await runtime.advance(1_000);
    expect(opened.isEnded).toBe(true);
    await expect(opened.textStart('t')).rejects.toMatchObject({ code: 'step-closed' });
    await runtime.advance(200_000);
    await publisher.shutdown();
    expect(log.events().map(({ type }) => type)).toEqual(['step-start', 'interrupt']);
  });

  it('is aborted by the reaper only if the step has the events that the reaper knew', async () => {
    const { runtime, publisher, other } = setUp();
    const opened = publisher.openStep(step);
    const { signal } = opened;
    await opened.textStart('t');
    const reap = (ifEvents: number) => other.joinStep(step).interrupt('timeout', { ifEvents });
    await reap(1);
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(false);
    await reap(2);
    await runtime.advance(1_000);
    expect(signal.reason).toMatchObject({ ending: 'timeout' });
  });

  it('is aborted when somebody else opens a higher attempt, not by a repeated start', async () => {
    const { runtime, publisher, other } = setUp();
    const { signal } = publisher.openStep(step);
    await runtime.settle();
    void other.openStep(step);
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(false);
    void other.openStep({ ...step, attempt: 1 });
    await runtime.advance(1_000);
    expect(signal.reason).toMatchObject({ ending: 'attempt' });
  });

  it('stays quiet when an interrupt of its own with `ifEvents` fits, which closes the step', async () => {
    const { log, runtime, publisher } = setUp();
    const opened = publisher.openStep(step);
    const { signal } = opened;
    await opened.interrupt('timeout', { ifEvents: 7 });
    await runtime.advance(1_000);
    expect(opened.isEnded).toBe(false);
    await opened.interrupt('timeout', { ifEvents: 1 });
    await runtime.advance(1_000);
    expect(opened.isEnded).toBe(true);
    expect(signal.aborted).toBe(false);
    const { reads } = log;
    await runtime.advance(60_000);
    expect(log.reads).toBe(reads);
    expect(runtime.timerCount).toBe(0);
  });

  it('stays quiet when the step ends by itself, and nothing is read any more', async () => {
    const { log, runtime, publisher } = setUp();
    const opened = publisher.openStep(step);
    const { signal } = opened;
    await opened.end().acknowledged;
    const { reads } = log;
    await runtime.advance(60_000);
    expect(signal.aborted).toBe(false);
    expect(log.reads).toBe(reads);
    expect(runtime.timerCount).toBe(0);
  });

  it('is aborted at once by a stop in the same process, and by shutdown', async () => {
    const { publisher } = setUp();
    const stopped = publisher.openStep(step).signal;
    void publisher.joinStep(step).interrupt('user');
    expect(stopped.reason).toMatchObject({ ending: 'user' });
    const shut = publisher.openStep({ ...step, stepId: 's2' }).signal;
    await publisher.shutdown();
    expect(shut.reason).toMatchObject({ ending: 'shutdown' });
  });

  it('tells of what had happened before somebody asked', async () => {
    const { runtime, publisher, other } = setUp();
    const opened = publisher.openStep(step);
    await opened.opened.acknowledged;
    await other.joinStep(step).interrupt('user').acknowledged;
    const { signal } = opened;
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(true);
  });

  it('is aborted for who asks after a stop in the same process, or after shutdown', async () => {
    const { log, runtime, publisher } = setUp();
    const stopped = publisher.openStep(step);
    const shut = publisher.openStep({ ...step, stepId: 's2' });
    const ended = publisher.openStep({ ...step, stepId: 's3' });
    void publisher.joinStep(step).interrupt('user');
    void ended.end();
    await publisher.shutdown();
    await runtime.advance(1_000);
    expect(stopped.signal.reason).toMatchObject({ name: 'AbortError', ending: 'user' });
    expect(shut.signal.reason).toMatchObject({ name: 'AbortError', ending: 'shutdown' });
    expect(ended.signal.aborted).toBe(false);
    expect(log.reads).toBe(0);
  });

  it('follows the step from its start, also where `redact` made several events of that', async () => {
    const redact = (event: Event): Event | Event[] =>
      event.type === 'step-start' ? [event, { ...event, type: 'data', name: 'note', data: 1 }] : event;
    const { runtime, publisher, other } = setUp({ redact });
    const { signal } = publisher.openStep(step);
    await publisher.flush();
    await other.joinStep(step).interrupt('user');
    await runtime.advance(1_000);
    expect(signal.reason).toMatchObject({ ending: 'user' });
  });

  it('costs nothing until somebody asks', async () => {
    const { log, runtime, publisher } = setUp();
    publisher.openStep(step);
    await runtime.advance(30_000);
    expect(log.reads).toBe(0);
  });

  it('is one reader for all steps of a partition, which leaves nothing behind when it closes', async () => {
    const { log, runtime, publisher, other } = setUp();
    const first = publisher.openStep(step).signal;
    await runtime.advance(1_000);
    const { reads } = log;
    await runtime.advance(10_000);
    const readsOfOne = log.reads - reads;
    const steps = Array.from({ length: 20 }, (_, i) => publisher.openStep({ chatId: `c${i}`, stepId: 's' }));
    const signals = steps.map(({ signal }) => signal);
    await runtime.advance(1_000);
    const before = log.reads;
    await runtime.advance(10_000);
    expect(log.reads - before).toBe(readsOfOne);
    await other.joinStep({ chatId: 'c7', stepId: 's' }).interrupt('user');
    await runtime.advance(1_000);
    expect([first, ...signals].filter(({ aborted }) => aborted)).toEqual([signals[7]]);
    await publisher.close();
    await other.close();
    expect(runtime.timerCount).toBe(0);
  });

  it('is not watched once the publisher was closed, whenever it was asked for', async () => {
    const { log, runtime, publisher } = setUp();
    const opened = publisher.openStep({ ...step, stepId: 's2' });
    await opened.opened.acknowledged;
    // The start of this one is acknowledged while the publisher closes.
    const { signal } = publisher.openStep(step);
    await publisher.close();
    const late = opened.signal;
    await runtime.advance(10_000);
    expect([signal.aborted, late.aborted]).toEqual([false, false]);
    expect(log.reads).toBe(0);
    expect(runtime.timerCount).toBe(0);
  });

  it('survives a log that is away, and is aborted within a second when it is back', async () => {
    const told: string[] = [];
    const logger = { ...silentLogger, warn: (_: LogFields, text: string) => void told.push(text) };
    const { log, runtime, publisher, other } = setUp({ logger });
    const { signal } = publisher.openStep(step);
    await runtime.advance(1_000);
    await other.joinStep(step).interrupt('user').acknowledged;
    const read = log.read.bind(log);
    log.read = async () => {
      throw new TransientError('log-unavailable', 'away');
    };
    await runtime.advance(30_000);
    expect(signal.aborted).toBe(false);
    expect(told).toEqual(['the log could not be watched']);
    log.read = read;
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(true);
  });

  it('of a later step is not deaf after an error that no repetition mends', async () => {
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (fields: LogFields) => void errors.push(fields) };
    const { log, runtime, publisher, other } = setUp({ logger });
    const read = log.read.bind(log);
    log.read = async () => {
      throw new CorruptStateError('position-deleted', 'gone');
    };
    const { signal } = publisher.openStep(step);
    await runtime.advance(10_000);
    expect(errors).toEqual([{ partition: 0, error: 'CorruptStateError' }]);
    expect(signal.aborted).toBe(false);
    log.read = read;
    const later = publisher.openStep({ ...step, stepId: 's2' });
    expect(later.signal.aborted).toBe(false);
    await later.opened.acknowledged;
    await other.joinStep(later).interrupt('user').acknowledged;
    await runtime.advance(1_000);
    expect(later.signal.aborted).toBe(true);
  });

  it('passes over records that are no events, and those of other chats', async () => {
    const { log, runtime, publisher, other } = setUp();
    const opened = publisher.openStep(step);
    const { signal } = opened;
    // A stop under the key of another chat is a dead letter, also where that one is watched.
    expect(publisher.openStep({ chatId: 'd', stepId: 's' }).signal.aborted).toBe(false);
    await publisher.flush();
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const stop = { v: 1, type: 'interrupt', reason: 'user', chat_id: 'c', step_id: 's', at: startMicros };
    await log.append('events', 0, [
      { key: bytes('c'), value: bytes('{') },
      { key: bytes('c'), value: bytes('{"v":1,"type":"interrupt"}') },
      { key: bytes('c'), value: null },
      { key: null, value: bytes(JSON.stringify(stop)) },
      { key: bytes('d'), value: bytes(JSON.stringify(stop)) },
    ]);
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(false);
    await other.joinStep(step).interrupt('user').acknowledged;
    await runtime.advance(1_000);
    expect(signal.aborted).toBe(true);
  });

  it.each(['between two reads', 'during a read'])(
    'tells of what lies behind the reader, asked %s, and counts nothing twice',
    async (moment) => {
      const { log, runtime, publisher, other } = setUp();
      const behind = publisher.openStep({ ...step, stepId: 'behind' });
      const ahead = publisher.openStep(step);
      await publisher.flush();
      await other.joinStep(behind).interrupt('user').acknowledged;
      const { signal } = ahead;
      // Without a number: read again, it would count again.
      const beat = { v: 1, type: 'heartbeat', chat_id: 'c', step_id: 's', at: startMicros };
      const encoder = new TextEncoder();
      await log.append('events', 0, [
        { key: encoder.encode('c'), value: encoder.encode(JSON.stringify(beat)) },
      ]);
      await runtime.advance(1_000);
      if (moment === 'during a read') {
        const read = log.read.bind(log);
        log.read = async (...range) => {
          const answer = await read(...range);
          expect(behind.signal.aborted).toBe(false);
          return answer;
        };
        await runtime.advance(250);
        log.read = read;
      }
      const late = behind.signal;
      await runtime.advance(1_000);
      expect(late.reason).toMatchObject({ ending: 'user' });
      expect(signal.aborted).toBe(false);
      await other.joinStep(ahead).interrupt('timeout', { ifEvents: 3 });
      await runtime.advance(1_000);
      expect(signal.aborted).toBe(false);
      await other.joinStep(ahead).interrupt('timeout', { ifEvents: 2 });
      await runtime.advance(1_000);
      expect(signal.aborted).toBe(true);
    },
  );

  it('reads on without a pause while it is behind', async () => {
    const { runtime, publisher, other, log } = setUp();
    const opened = publisher.openStep(step);
    await opened.opened.acknowledged;
    const worker = other.joinStep({ chatId: 'c', stepId: 'elsewhere' });
    for (let i = 0; i < 10_000; i++) await worker.heartbeat();
    await other.joinStep(step).interrupt('user').acknowledged;
    const { signal } = opened;
    await runtime.settle();
    await runtime.settle();
    await runtime.settle();
    await runtime.settle();
    expect(signal.aborted).toBe(true);
    expect(log.reads).toBeGreaterThan(10);
  });
});

it('aborts exactly where the fold says that somebody else has ended the step', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryEvents({ eventsMax: 60, stepsMax: 2 }), async (events) => {
      const begin = events.findIndex(({ type, producer }) => type === 'step-start' && producer !== undefined);
      fc.pre(begin >= 0);
      const opener = events[begin]!;
      const log = new RecordingLog();
      const encoder = new TextEncoder();
      await log.append(
        'events',
        0,
        events.map((event) => ({
          key: encoder.encode(event.chat_id),
          value: encoder.encode(JSON.stringify(event)),
        })),
      );
      const runtime = new HandDrivenRuntime();
      const told: (StepEnding | undefined)[] = [];
      const watch = createStepWatch({
        log,
        runtime,
        logger: silentLogger,
        intervalMs: 250,
        onEnded: (_, ending) => void told.push(ending),
      });
      const lane = {
        chatId: opener.chat_id,
        stepId: opener.step_id,
        attempt: opener.attempt ?? 0,
        stepKey: `${opener.chat_id}:${opener.step_id}`,
        partition: 0,
        producer: opener.producer,
      } as Lane;
      watch.add(lane, begin);
      await runtime.advance(1_000);
      watch.stop();
      const expected = endingsOf(events.slice(begin), opener).slice(0, 1);
      expect(told).toEqual(expected);
      if (expected[0] !== undefined) seen++;
    }),
    { numRuns: 300 },
  );
  expect(seen).toBeGreaterThan(30);
}, 60_000);

/** Every end of the opener's attempt, by the whole fold; undefined for those by its own producer. */
function endingsOf(events: readonly Event[], opener: Event): (StepEnding | undefined)[] {
  const state = initialState();
  const endings: (StepEnding | undefined)[] = [];
  for (const event of events) {
    if (event.step_id !== opener.step_id || event.chat_id !== opener.chat_id) continue;
    const before = { status: state.status, events: state.events };
    if (evolve(state, event) !== 'accepted') continue;
    const isOpening = event.type === 'step-start' || event.type === 'message';
    if (isOpening && before.events > 0) endings.push('attempt');
    else if (state.status !== 'open' && event.producer === opener.producer) endings.push(undefined);
    else if (state.status !== 'open') {
      endings.push(event.type === 'interrupt' ? event.reason : event.type === 'error' ? 'error' : 'step-end');
    }
  }
  return endings;
}
