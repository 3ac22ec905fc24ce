import { describe, expect, it } from '@jest/globals';
import { partitionOf, type Position } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { FailingLog, type Fault } from './testing/failing-log.js';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';
import { createPublisher } from './create-publisher.js';
import type { Publication } from './publication.js';

/** What one call of a random program does. Every event carries its own mark, so it can be found on the log. */
type Action =
  | { readonly kind: 'delta'; readonly step: number; readonly block: string; readonly isAwaited: boolean }
  | { readonly kind: 'data' | 'own' | 'tool'; readonly step: number; readonly isAwaited: boolean }
  | { readonly kind: 'retry'; readonly step: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'wait'; readonly ms: number };

const stepCount = 4;
const stepNumber = fc.nat({ max: stepCount - 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('delta' as const),
      step: stepNumber,
      block: fc.constantFrom('a', 'b'),
      isAwaited: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('data', 'own', 'tool'),
      step: stepNumber,
      isAwaited: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry' as const), step: stepNumber }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 40 }) }) },
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('none' as const) },
  { weight: 2, arbitrary: fc.record({ appended: fc.nat({ max: 6 }) }) },
);
const limits = fc.record({
  batchRecordsMax: fc.integer({ min: 1, max: 6 }),
  batchBytesMax: fc.integer({ min: 100, max: 3_000 }),
  queueEventsMax: fc.integer({ min: 6, max: 30 }),
  coalesceMs: fc.constantFrom(0, 20),
});

/** The marks of an event in the order in which they were published; a merged delta has several. */
function marksOf(event: Event): string[] {
  if ('text' in event && typeof event.text === 'string') return event.text.match(/<\d+>/g) ?? [];
  return event.type === 'data' ? [event.name] : [event.type];
}

/** What a projector sees of a log with duplicates. */
function firstOccurrences(events: readonly Event[]): Event[] {
  const seen = new Set<string>();
  return events.filter(({ chat_id, step_id, attempt = 0, producer, seq }) => {
    const name = `${chat_id}:${step_id}:${attempt}:${producer}:${seq}`;
    return !seen.has(name) && seen.add(name);
  });
}

describe('delivery', () => {
  it('gives every step its events once, in order and without a gap, whatever fails and however they are batched', async () => {
    let duplicates = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60, size: 'max' }),
        fc.array(fault, { maxLength: 30, size: 'max' }),
        limits,
        fc.integer({ min: 1, max: 3 }),
        async (actions, faults, limits, partitionCount) => {
          const remaining = [...faults];
          const log = new FailingLog(partitionCount, () => remaining.shift() ?? 'none');
          const runtime = new HandDrivenRuntime();
          const errors: Error[] = [];
          const publisher = createPublisher({
            ...limits,
            log,
            runtime,
            producer: 'p',
            heartbeatIntervalMs: 1_000_000,
            onError: (error) => errors.push(error),
          });
          const published = new Map<string, string[]>();
          const positions: [string, Promise<Position>][] = [];
          let marks = 0;
          let foreignSeq = 0;
          const note = async (step: number, mark: string, publication: Publication, isAwaited: boolean) => {
            const name = `s${step}`;
            published.set(name, [...(published.get(name) ?? []), mark]);
            positions.push([mark, publication.acknowledged]);
            if (isAwaited) await runtime.runUntil(publication);
          };
          const steps = await Promise.all(
            Array.from({ length: stepCount }, async (_, step) => {
              const open = publisher.openStep({ chatId: `c${step % 3}`, stepId: `s${step}` });
              await note(step, 'step-start', open.opened, false);
              return open;
            }),
          );
          for (const action of actions) {
            if (action.kind === 'flush') void publisher.flush();
            else if (action.kind === 'settle') await runtime.settle();
            else if (action.kind === 'wait') await runtime.advance(action.ms);
            else {
              const step = steps[action.step]!;
              const mark = `<${marks++}>`;
              if (action.kind === 'retry') {
                steps[action.step] = step.retry();
                await note(action.step, 'step-start', steps[action.step]!.opened, false);
              } else if (action.kind === 'delta') {
                await note(action.step, mark, step.textDelta(action.block, mark), action.isAwaited);
              } else if (action.kind === 'data') {
                await note(action.step, mark, step.data({ name: mark, data: 1 }), action.isAwaited);
              } else if (action.kind === 'tool') {
                const joined = publisher.joinStep(step);
                await note(action.step, mark, joined.data({ name: mark, data: 1 }), action.isAwaited);
              } else {
                const event: Event = {
                  v: 1,
                  chat_id: step.chatId,
                  step_id: step.stepId,
                  at: startMicros,
                  type: 'data',
                  name: mark,
                  data: 1,
                  producer: 'somebody-else',
                  seq: foreignSeq++,
                };
                await note(action.step, mark, publisher.publishAsIs(event), action.isAwaited);
              }
            }
          }
          const last = await runtime.runUntil(publisher.flush());
          expect(errors).toEqual([]);
          expect(log.violations).toEqual([]);

          const all = log.kept.events();
          const first = firstOccurrences(all);
          duplicates += all.length - first.length;
          for (const [step, marks] of published) {
            const ofStep = first.filter(({ step_id }) => step_id === step);
            expect(ofStep.flatMap(marksOf)).toEqual(marks);
            for (const attempt of new Set(ofStep.map(({ attempt = 0 }) => attempt))) {
              const own = ofStep.filter(
                (event) => (event.attempt ?? 0) === attempt && event.producer === 'p',
              );
              expect(own.map(({ seq }) => seq)).toEqual(own.map((_, index) => index));
            }
          }
          for (const [mark, acknowledged] of positions) {
            const { partition, offset } = await acknowledged;
            expect(marksOf(JSON.parse(log.kept.valuesOf(partition)[offset]!) as Event)).toContain(mark);
            expect(last.find((position) => position.partition === partition)!.offset).toBeGreaterThanOrEqual(
              offset,
            );
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(duplicates).toBeGreaterThan(100);
  }, 60_000);

  it('goes on with the other partition while one is away, even when its events wait for room (2 partitions)', async () => {
    const log = new RecordingLog(2);
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({ log, runtime, queueEventsMax: 8, batchRecordsMax: 2 });
    const chatIn = (partition: number): string =>
      ['a', 'b', 'c', 'd', 'e'].find((id) => partitionOf(new TextEncoder().encode(id), 2) === partition)!;
    log.pause(0);
    for (let round = 0; round < 20; round++) {
      for (const partition of [0, 1]) {
        void publisher.publish({ chat_id: chatIn(partition), step_id: 's', type: 'heartbeat' });
      }
    }
    await runtime.settle();
    expect(log.recordsOf(0)).toHaveLength(0);
    expect(log.recordsOf(1)).toHaveLength(20);
    log.resume(0);
    await publisher.close();
    expect(log.recordsOf(0)).toHaveLength(20);
  });
});

describe('batches', () => {
  it('are cut by records', async () => {
    const log = new RecordingLog();
    const publisher = createPublisher({ log, runtime: new HandDrivenRuntime(), batchRecordsMax: 3 });
    for (let i = 0; i < 7; i++) void publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat' });
    await publisher.flush();
    expect(log.calls.map(({ records }) => records.length)).toEqual([3, 3, 1]);
  });

  it('are cut by bytes, and one event may be more than a batch', async () => {
    const log = new RecordingLog();
    const publisher = createPublisher({ log, runtime: new HandDrivenRuntime(), batchBytesMax: 10_000 });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    for (const length of [4_000, 4_000, 4_000, 20_000, 1]) void step.textDelta('t', 'x'.repeat(length));
    await publisher.flush();
    expect(log.calls.map(({ records }) => records.length)).toEqual([3, 1, 1, 1]);
  });
});

describe('a record that the log refuses for good', () => {
  function refusingLog(): RecordingLog {
    const log = new RecordingLog();
    const append = log.append.bind(log);
    log.append = async (topic, partition, records) => {
      if (records.some(({ value }) => new TextDecoder().decode(value ?? undefined).includes('"huge"'))) {
        throw new UsageError('event-oversize', 'larger than the log takes');
      }
      return append(topic, partition, records);
    };
    return log;
  }

  it('is told to whoever asks, and by the next flush, and the others of its batch arrive', async () => {
    const log = refusingLog();
    const errors: Error[] = [];
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({ log, runtime, onError: (error) => errors.push(error) });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    const { acknowledged } = step.textDelta('t', 'huge');
    void step.textDelta('t', 'huge');
    const later = step.textDelta('t', 'small');
    await expect(acknowledged).rejects.toThrow('larger than the log takes');
    expect(await later.acknowledged).toEqual({ partition: 0, offset: 1 });
    await expect(publisher.flush()).rejects.toThrow('larger than the log takes');
    expect(errors).toHaveLength(1);
    await publisher.flush();
    expect(log.events().map(({ seq }) => seq)).toEqual([0, 3]);
  });

  it('is told to every flush that covers it', async () => {
    const publisher = createPublisher({ log: refusingLog(), runtime: new HandDrivenRuntime() });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.textDelta('t', 'huge').acknowledged.catch(() => undefined);
    const first = publisher.flush();
    void step.heartbeat();
    const second = publisher.flush();
    await expect(first).rejects.toThrow('larger than the log takes');
    await expect(second).rejects.toThrow('larger than the log takes');
    await publisher.flush();
  });
});

describe('a log that fails in a way that repeating does not mend', () => {
  it('ends the publisher: everything pending and later is rejected with that error, told once', async () => {
    const log = new RecordingLog();
    log.append = () => Promise.reject(new UsageError('log-closed', 'the log is closed'));
    const errors: Error[] = [];
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({
      log,
      runtime,
      queueEventsMax: 2,
      batchRecordsMax: 2,
      coalesceMs: 10,
      onError: (error) => errors.push(error),
    });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    const { acknowledged } = step.textDelta('t', 'x');
    const waiting = step.textDelta('t', 'y');
    const flushed = publisher.flush();
    await expect(acknowledged).rejects.toThrow('the log is closed');
    await expect(waiting).rejects.toThrow('the log is closed');
    await expect(flushed).rejects.toThrow('the log is closed');
    await expect(step.textDelta('t', 'z')).rejects.toThrow('the log is closed');
    await expect(publisher.flush()).rejects.toThrow('the log is closed');
    expect(() => publisher.openStep({ chatId: 'c', stepId: 's2' })).toThrow('the log is closed');
    await runtime.advance(1_000_000);
    expect(errors.map(({ message }) => message)).toEqual(['the log is closed']);
    await expect(publisher.close()).rejects.toThrow('the log is closed');
    expect(runtime.timerCount).toBe(0);
  });
});

describe('back-pressure', () => {
  it('takes queueEventsMax events, and the next when one is acknowledged, in order', async () => {
    const log = new RecordingLog();
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({ log, runtime, queueEventsMax: 3, batchRecordsMax: 1 });
    log.pause();
    const taken: number[] = [];
    for (let i = 0; i < 8; i++) {
      void publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat' }).then(() => taken.push(i));
    }
    await runtime.advance(10_000);
    expect(taken).toEqual([0, 1, 2]);
    log.resume();
    await publisher.flush();
    expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(log.events().map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('counts bytes too', async () => {
    const log = new RecordingLog();
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({
      log,
      runtime,
      eventBytesMax: 2_000,
      queueBytesMax: 3_000,
      batchBytesMax: 1_000,
    });
    log.pause();
    const taken: number[] = [];
    for (let i = 0; i < 4; i++) {
      void publisher
        .joinStep({ chatId: 'c', stepId: 's' })
        .textDelta('t', 'x'.repeat(1_000))
        .then(() => taken.push(i));
    }
    await runtime.settle();
    expect(taken).toEqual([0, 1]);
    log.resume();
    await publisher.flush();
    expect(taken).toEqual([0, 1, 2, 3]);
  });

  it('warns once when nobody awaits and the waiting grow', async () => {
    const warnings: string[] = [];
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_: unknown, message: string) => void warnings.push(message),
      error: () => undefined,
    };
    const log = new RecordingLog();
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({ log, runtime, logger, queueEventsMax: 2, batchRecordsMax: 2 });
    log.pause();
    for (let i = 0; i < 20; i++) void publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat' });
    expect(warnings).toHaveLength(1);
    log.resume();
    await publisher.flush();
    expect(log.events()).toHaveLength(20);
  });
});
