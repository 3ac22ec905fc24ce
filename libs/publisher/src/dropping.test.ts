import { describe, expect, it } from '@jest/globals';
import { partitionOf } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { evolve, initialState, toMessage, type StepState } from '@stepfold/fold';
import * as fc from 'fast-check';
import { createPublisher } from './create-publisher.js';
import type { Outbox } from './outbox.js';
import type { PublisherOptions } from './publisher.js';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';

const step = { chatId: 'c', stepId: 's' };

function setUp(options: Partial<PublisherOptions> = {}) {
  const runtime = new HandDrivenRuntime();
  const log = new RecordingLog();
  const errors: Error[] = [];
  const publisher = createPublisher({
    log,
    runtime,
    producer: 'p',
    whenFull: 'drop',
    queueEventsMax: 16,
    batchRecordsMax: 16,
    onError: (error) => void errors.push(error),
    ...options,
  });
  return { runtime, log, errors, publisher };
}

/** What the fold makes of the log. */
function foldLog(log: RecordingLog): Map<string, StepState> {
  const states = new Map<string, StepState>();
  for (const event of log.events()) {
    const state = states.get(event.step_id) ?? initialState();
    states.set(event.step_id, state);
    expect(evolve(state, event)).toBe('accepted');
  }
  return states;
}

describe('a queue that drops what finds no room', () => {
  it('notes the gap in the message, tells of it once, and still ends the step', async () => {
    const { runtime, log, errors, publisher } = setUp();
    log.pause();
    const opened = publisher.openStep(step);
    void opened.textStart('t');
    for (let i = 0; i < 30; i++) void opened.textDelta('t', `${i} `);
    void opened.textEnd('t');
    void opened.end();
    await runtime.advance(1);
    expect(errors).toMatchObject([{ code: 'event-dropped' }]);
    log.resume();
    await publisher.flush();
    const message = toMessage(foldLog(log).get('s')!);
    expect(message.parts).toMatchObject([{ text: '0 1 2 3 4 5 6 7 8 9 10 11 ' }]);
    expect(message).toMatchObject({ status: 'complete', gaps: [{ producer: 'p', from: 14, to: 31 }] });
  });

  it('takes up again when there is room, and tells of the next gap anew', async () => {
    const { runtime, log, errors, publisher } = setUp();
    const opened = publisher.openStep(step);
    for (let round = 0; round < 2; round++) {
      log.pause();
      for (let i = 0; i < 30; i++) void opened.textDelta('t', `${i} `);
      await runtime.advance(1);
      log.resume();
      await runtime.settle();
    }
    await opened.end();
    await publisher.flush();
    expect(errors).toHaveLength(2);
    expect(toMessage(foldLog(log).get('s')!).gaps).toHaveLength(2);
  });

  it('tells of a gap once, whatever it begins with; a heartbeat that found no room is none', async () => {
    const { runtime, log, errors, publisher } = setUp();
    const opened = publisher.openStep(step);
    await publisher.flush();
    log.pause();
    const other = publisher.openStep({ ...step, stepId: 'other' });
    for (let i = 0; i < 30; i++) void other.textDelta('t', 'x').catch(() => undefined);
    await expect(opened.heartbeat()).rejects.toMatchObject({ code: 'event-dropped' });
    void opened.heartbeat();
    await runtime.advance(1);
    expect(errors).toEqual([]);
    log.resume();
    await runtime.settle();
    await opened.textDelta('t', 'x');
    expect(publisher.droppedEvents).toBe(17);
    log.pause();
    for (let i = 0; i < 30; i++) void other.textDelta('t', 'x').catch(() => undefined);
    void opened.heartbeat();
    void opened.textDelta('t', 'y');
    void opened.textDelta('t', 'z');
    await runtime.advance(1);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('of step s')]);
    log.resume();
    await publisher.shutdown();
    expect(toMessage(foldLog(log).get('s')!).gaps).toEqual([{ producer: 'p', from: 2, to: 3 }]);
  });

  it('keeps a step whose start was repeated without room', async () => {
    const { runtime, log, publisher } = setUp();
    const start = { chat_id: 'c', step_id: 's', type: 'step-start' } as const;
    await publisher.publish(start);
    log.pause();
    for (let i = 0; i < 30; i++) void publisher.publish(start);
    await runtime.advance(1);
    log.resume();
    await runtime.settle();
    await publisher.publish({ chat_id: 'c', step_id: 's', type: 'step-end' });
    await publisher.flush();
    expect(log.events().at(-1)).toMatchObject({ type: 'step-end' });
  });

  it('takes a step and a whole message that found no room when they are published again and there is some', async () => {
    const { runtime, log, errors, publisher } = setUp();
    const start = { chat_id: 'c', step_id: 's', type: 'step-start' } as const;
    const message = {
      chatId: 'c',
      stepId: 'm',
      role: 'user' as const,
      parts: [{ type: 'text' as const, text: 'Hi' }],
    };
    log.pause();
    const other = publisher.openStep({ ...step, stepId: 'other' });
    for (let i = 0; i < 30; i++) void other.textStart(`t${i}`).catch(() => undefined);
    await expect(publisher.message(message)).rejects.toMatchObject({ code: 'event-dropped' });
    await expect(publisher.publish(start)).rejects.toMatchObject({ code: 'event-dropped' });
    await runtime.advance(1);
    expect(errors).toEqual([]);
    log.resume();
    await runtime.settle();
    await publisher.message(message);
    await publisher.publish(start);
    await publisher.joinStep(step).end();
    await publisher.flush();
    const states = foldLog(log);
    expect([states.get('m')!.status, states.get('s')!.status]).toEqual(['complete', 'complete']);
    expect(toMessage(states.get('m')!)).not.toHaveProperty('gaps');
    expect(toMessage(states.get('s')!)).not.toHaveProperty('gaps');
  });

  it('drops the whole step if its start finds no room, and its end with it', async () => {
    const { runtime, log, errors, publisher } = setUp();
    log.pause();
    const full = publisher.openStep(step);
    for (let i = 0; i < 30; i++) void full.textStart(`t${i}`);
    const lost = publisher.openStep({ ...step, stepId: 'lost' });
    await runtime.advance(1);
    log.resume();
    await runtime.settle();
    void lost.textDelta('t', 'x');
    void lost.end();
    await publisher.flush();
    expect(log.events().filter(({ step_id }) => step_id === 'lost')).toEqual([]);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('a text-start event was dropped of step s'),
      expect.stringContaining('the whole step was dropped of step lost'),
    ]);
    // A new attempt is a new beginning.
    const again = publisher.openStep({ ...step, stepId: 'lost', attempt: 1 });
    await again.end();
    await publisher.flush();
    expect(foldLog(log).get('lost')).toMatchObject({ attempt: 1, status: 'complete' });
  });

  it('sends what an outbox has recovered before anything of its own, and keeps its room for that', async () => {
    const recovered = Array.from({ length: 40 }, (_, n): Event => {
      return {
        v: 1,
        chat_id: 'c',
        step_id: `r${n}`,
        at: startMicros,
        type: 'step-start',
        producer: 'q',
        seq: 0,
      };
    });
    const settled: string[] = [];
    const outbox: Outbox = {
      recover: () => recovered.map((event) => ({ event, onSettled: () => void settled.push(event.step_id) })),
      keep: () => () => undefined,
      close: () => undefined,
    };
    const log = new RecordingLog();
    log.pause();
    const { runtime, errors, publisher } = setUp({ log, outbox });
    void publisher.joinStep({ chatId: 'c', stepId: 'r39' }).interrupt('user');
    const opened = publisher.openStep(step);
    void opened.textDelta('t', 'x');
    void opened.end();
    await runtime.advance(1);
    expect(errors).toEqual([]);
    log.resume();
    await publisher.flush();
    expect(log.events().slice(0, 40)).toEqual(recovered);
    expect(
      log
        .events()
        .slice(40)
        .map(({ type }) => type),
    ).toEqual([...['interrupt', 'step-start', 'text-delta', 'step-end']]);
    expect(settled).toEqual(recovered.map(({ step_id }) => step_id));
    // What it took above the limits gives nobody more room.
    log.pause();
    const worker = publisher.joinStep({ ...step, stepId: 'later' });
    const later = Array.from({ length: 30 }, (_, n) => worker.data({ name: 'n', data: n }));
    for (const publication of later) publication.catch(() => undefined);
    expect(later.filter(({ isTaken }) => isTaken)).toHaveLength(16);
    log.resume();
    await publisher.close();
  });

  describe('what ends steps', () => {
    it('goes above a full queue, up to a limit in events of its own; what is beyond is told of each', async () => {
      const { runtime, log, errors, publisher } = setUp({ queueExcessEventsMax: 3 });
      log.pause();
      const steps = [0, 1, 2, 3, 4].map((n) => publisher.openStep({ chatId: 'c', stepId: `s${n}` }));
      for (let i = 0; i < 30; i++) void steps[0]!.textStart(`t${i}`);
      const ends = steps.map((opened) => opened.end());
      const awaited = steps[4]!.opened.acknowledged;
      expect(ends.map(({ isTaken }) => isTaken)).toEqual([true, true, true, false, false]);
      await runtime.advance(1);
      expect(errors.map(({ message }) => message)).toEqual([
        expect.stringContaining('a text-start event was dropped of step s0'),
        expect.stringContaining('an end was dropped of step s3'),
        expect.stringContaining('an end was dropped of step s4'),
      ]);
      // 30 starts of blocks, of which 11 found room, and two ends.
      expect(publisher.droppedEvents).toBe(21);
      log.resume();
      await publisher.flush();
      await awaited;
      expect([...foldLog(log).values()].map(({ status }) => status)).toEqual([
        ...['complete', 'complete', 'complete', 'open', 'open'],
      ]);
    });

    it('is bounded in bytes too, whoever sends it and however often, while the log is away for good', async () => {
      const { runtime, log, errors, publisher } = setUp({
        eventBytesMax: 2_000,
        queueBytesMax: 20_000,
        batchBytesMax: 20_000,
        queueExcessBytesMax: 100_000,
      });
      log.pause();
      for (let i = 0; i < 16; i++) void publisher.openStep({ chatId: 'c', stepId: `s${i}` });
      const worker = publisher.joinStep({ chatId: 'c', stepId: 's0' });
      const message = 'x'.repeat(1_000);
      const stops = Array.from({ length: 500 }, () => worker.interrupt('timeout', { ifEvents: 1, message }));
      const buttons = Array.from({ length: 500 }, () =>
        publisher.joinStep({ chatId: 'c', stepId: 's1' }).interrupt('user', { message }),
      );
      const taken = [...stops, ...buttons].filter(({ isTaken }) => isTaken);
      expect(taken.length).toBeGreaterThan(50);
      expect(taken.length).toBeLessThanOrEqual(100);
      await runtime.advance(1);
      expect(errors).toHaveLength(1_000 - taken.length);
      expect(publisher.droppedEvents).toBe(1_000 - taken.length);
    });

    it('leaves its excess to the others of a partition that is away (2 partitions)', async () => {
      const log = new RecordingLog(2);
      const { publisher } = setUp({ log, queueEventsMax: 16, queueExcessEventsMax: 4 });
      const chatIn = (partition: number): string =>
        ['a', 'b', 'c', 'd', 'e'].find((id) => partitionOf(new TextEncoder().encode(id), 2) === partition)!;
      log.pause(0);
      log.pause(1);
      const endsOf = (partition: number): boolean[] => {
        const steps = Array.from({ length: 8 }, (_, n) =>
          publisher.openStep({ chatId: chatIn(partition), stepId: `s${n}` }),
        );
        return steps.map((opened) => opened.end()).map((end) => (end.catch(() => undefined), end.isTaken));
      };
      expect(endsOf(0).filter(Boolean)).toHaveLength(2);
      // The queue had room for six of its starts.
      expect(endsOf(1).filter(Boolean)).toHaveLength(4);
    });

    it('goes on as soon as there is room again', async () => {
      const { runtime, log, publisher } = setUp({ queueExcessEventsMax: 1 });
      log.pause();
      const first = Array.from({ length: 16 }, (_, n) =>
        publisher.openStep({ chatId: 'c', stepId: `s${n}` }),
      );
      const ends = first.map((opened) => opened.end());
      for (const end of ends) end.catch(() => undefined);
      log.resume();
      await runtime.settle();
      const later = publisher.openStep({ chatId: 'c', stepId: 'later' });
      await later.end();
      await publisher.flush();
      expect(foldLog(log).get('later')).toMatchObject({ status: 'complete' });
    });
  });

  it('never merges across a gap', async () => {
    const { runtime, log, publisher } = setUp({ coalesceMs: 10 });
    const opened = publisher.openStep(step);
    const other = publisher.openStep({ ...step, stepId: 'other' });
    await runtime.settle();
    log.pause();
    void opened.textDelta('t', 'a');
    for (let i = 0; i < 20; i++) void other.data({ name: 'n', data: i });
    void opened.textDelta('t', 'b');
    log.resume();
    await runtime.settle();
    void opened.textDelta('t', 'c');
    await opened.end();
    await publisher.flush();
    const deltas = log.events().filter(({ type }) => type === 'text-delta');
    expect(deltas).toMatchObject([
      { text: 'a', seq: 1 },
      { text: 'c', seq: 3 },
    ]);
  });

  it('keeps what it took, in order, and the numbers of what it dropped are what is missing', async () => {
    const action = fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('delta' as const), step: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('start' as const), step: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), step: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const), step: fc.nat(2) }) },
    );
    let dropped = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 120, size: 'max' }),
        fc.constantFrom(0, 5),
        async (actions, coalesceMs) => {
          const { runtime, log, publisher } = setUp({ coalesceMs });
          const steps = [0, 1, 2].map((n) => publisher.openStep({ chatId: 'c', stepId: `s${n}` }));
          const taken = steps.map(() => '');
          const missing = steps.map(() => 0);
          for (const [index, { kind, step: n }] of actions.entries()) {
            if (kind === 'pause') log.pause();
            else if (kind === 'resume') {
              log.resume();
              await runtime.settle();
            } else {
              const publication =
                kind === 'delta' ? steps[n]!.textDelta('t', `${index};`) : steps[n]!.textStart(`t${index}`);
              publication.catch(() => undefined);
              if (!publication.isTaken) missing[n]!++;
              else if (kind === 'delta') taken[n] += `${index};`;
            }
          }
          for (const opened of steps) void opened.end();
          log.resume();
          await runtime.advance(10);
          await publisher.flush();
          for (const [n, state] of [...foldLog(log).values()].entries()) {
            const message = toMessage(state);
            expect(message.status).toBe('complete');
            const text = message.parts.flatMap((part) =>
              part.type === 'text' && part.id === 't' ? [part.text] : [],
            );
            expect(text.join('')).toBe(taken[n]);
            const gaps = message.gaps ?? [];
            expect(gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(missing[n]);
            dropped += missing[n]!;
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(dropped).toBeGreaterThan(100);
  });
});
