import { describe, expect, it } from '@jest/globals';
import { evolve, initialState, toMessage, type StepState } from '@stepfold/fold';
import * as fc from 'fast-check';
import { createPublisher } from './create-publisher.js';
import type { PublisherOptions } from './publisher.js';
import { HandDrivenRuntime } from './testing/hand-driven-runtime.js';
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
