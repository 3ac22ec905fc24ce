import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { evolve, initialState, toMessage, type Message } from '@stepfold/fold';
import * as fc from 'fast-check';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';
import { createPublisher } from './create-publisher.js';
import type { PublisherOptions } from './publisher.js';

function setUp(options: Partial<PublisherOptions> = {}) {
  const log = new RecordingLog();
  const runtime = new HandDrivenRuntime();
  const publisher = createPublisher({ log, runtime, producer: 'p', coalesceMs: 50, ...options });
  const step = publisher.openStep({ chatId: 'c', stepId: 's' });
  return { log, runtime, publisher, step };
}

function fold(events: readonly Event[]): Message {
  const state = initialState();
  for (const event of events) evolve(state, event);
  return toMessage(state);
}

/** A message without what counts events: that is all that merging may change. */
function uncounted({ rev: _rev, events: _events, anomalies, ...message }: Message): object {
  return {
    ...message,
    parts: message.parts.map(({ first_event: _first, last_event: _last, ...part }) => part),
    ...(anomalies === undefined ? {} : { anomalies: anomalies.map(({ code }) => code) }),
  };
}

const at = fc.integer({ min: 0, max: 1_000 }).map((micros) => startMicros + micros);
/** Halves of an emoji and JSON escapes among the text, as models send them. */
const text = fc.constantFrom('', 'a', 'bc', '"', '\ud83d', '\ude00', '\n', 'é', '\u2028');
const block = fc.constantFrom('x', 'x', 'x', 'y');
const metadata = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom({}, { p: { k: 1 } }, { p: { k: 2 } }) },
);
const blockEvent = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom('text-delta', 'text-delta', 'text-delta', 'reasoning-delta'),
      id: block,
      text,
      at,
      metadata,
      until: fc.option(at, { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('tool-input-delta'), tool_call_id: block, text, at }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('text-start', 'text-end', 'reasoning-start', 'reasoning-end'),
      id: block,
      at,
      metadata,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('heartbeat', 'finish'), at }) },
);
const pause = fc.record({ type: fc.constantFrom('flush', 'wait') });

describe('coalescing', () => {
  it('changes nothing of a message but the count of its events', async () => {
    let saved = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 12, arbitrary: blockEvent }, { weight: 1, arbitrary: pause }), {
          maxLength: 40,
          size: 'max',
        }),
        fc.constantFrom(200, 400, 900_000),
        async (program, batchBytesMax) => {
          const { log, runtime, publisher } = setUp({ batchBytesMax });
          const plain = setUp({ coalesceMs: 0 });
          for (const given of program) {
            if (given.type === 'flush') void publisher.flush();
            else if (given.type === 'wait') await runtime.advance(30);
            else {
              const event = { chat_id: 'c', step_id: 's', ...given } as never;
              void publisher.publish(event);
              void plain.publisher.publish(event);
            }
          }
          await runtime.runUntil(publisher.flush());
          await plain.publisher.flush();
          const merged = fold(log.events());
          const unmerged = fold(plain.log.events());
          saved += unmerged.events - merged.events;
          // The same late delta of a tool input may be noted once instead of twice; nothing else.
          expect(uncounted({ ...merged, anomaly_count: 0 })).toEqual(
            uncounted({ ...unmerged, anomaly_count: 0 }),
          );
        },
      ),
      { numRuns: 300 },
    );
    expect(saved).toBeGreaterThan(150);
  }, 60_000);

  it('merges the deltas of one block that wait, with the stamps of the first and the last', async () => {
    const { log, runtime, publisher, step } = setUp();
    for (const word of ['a', 'b', 'c']) {
      void step.textDelta('t', word);
      await runtime.advance(10);
    }
    expect(log.events()).toHaveLength(1);
    await runtime.advance(25);
    expect(log.events()[1]).toEqual({
      v: 1,
      chat_id: 'c',
      step_id: 's',
      at: startMicros,
      type: 'text-delta',
      id: 't',
      text: 'abc',
      until: startMicros + 20_000,
      merged: 3,
      producer: 'p',
      seq: 1,
    });
    void step.textDelta('t', 'd');
    await publisher.flush();
    expect(log.events()[2]).toMatchObject({ text: 'd', seq: 2 });
    expect(log.events()[2]).not.toHaveProperty('merged');
  });

  it('counts the originals of deltas that were merged before', async () => {
    const { log, publisher, step } = setUp();
    void step.textDelta('t', 'ab', { merged: 2, until: startMicros + 1 });
    void step.textDelta('t', 'cde', { merged: 3, until: startMicros + 2 });
    await publisher.flush();
    expect(log.events()[1]).toMatchObject({ text: 'abcde', merged: 5, until: startMicros + 2 });
  });

  it('keeps the metadata of the first, and does not merge a later one that has any', async () => {
    const { log, publisher, step } = setUp();
    void step.textDelta('t', 'a', { metadata: { p: { k: 1 } } });
    void step.textDelta('t', 'b');
    void step.textDelta('t', 'c', { metadata: { p: { k: 2 } } });
    void step.textDelta('t', 'd');
    await publisher.flush();
    expect(log.events().slice(1)).toMatchObject([
      { text: 'ab', metadata: { p: { k: 1 } } },
      { text: 'cd', metadata: { p: { k: 2 } } },
    ]);
  });

  it('never merges across another event of the step, whoever publishes it, or another attempt', async () => {
    const { log, publisher, step } = setUp();
    void step.textDelta('t', '1');
    void step.heartbeat();
    void step.textDelta('t', '2');
    void step.reasoningDelta('t', '3');
    void step.textDelta('t', '4');
    void step.textDelta('u', '5');
    void step.textDelta('t', '6');
    void publisher.joinStep({ chatId: 'c', stepId: 's', attempt: 7 }).data({ name: 'n', data: 1 });
    void step.textDelta('t', '7');
    void publisher.publishAsIs({ v: 1, chat_id: 'c', step_id: 's', at: startMicros, type: 'heartbeat' });
    void step.textDelta('t', '8');
    void publisher.joinStep({ chatId: 'c', stepId: 's' }).interrupt('user');
    await publisher.flush();
    expect(log.events().map((event) => ('text' in event ? event.text : event.type))).toEqual([
      'step-start',
      '1',
      'heartbeat',
      '2',
      '3',
      '4',
      '5',
      '6',
      'data',
      '7',
      'heartbeat',
      '8',
      'interrupt',
    ]);
  });

  it('never merges across a flush', async () => {
    const { log, publisher, step } = setUp();
    void step.textDelta('t', 'before');
    const flushed = publisher.flush();
    void step.textDelta('t', 'after');
    await flushed;
    expect(log.events().map((event) => ('text' in event ? event.text : ''))).toEqual(['', 'before']);
    await publisher.flush();
    expect(log.events()).toHaveLength(3);
  });

  it('never merges across a flush while the log is slow and both wait', async () => {
    const { log, runtime, publisher, step } = setUp({ queueEventsMax: 2, batchRecordsMax: 1 });
    log.pause();
    void step.textDelta('t', '1');
    void step.textDelta('t', '2');
    const flushed = publisher.flush();
    void step.textDelta('t', '3');
    void step.textDelta('t', '4');
    await runtime.settle();
    log.resume();
    await flushed;
    await publisher.flush();
    const texts = log.events().map((event) => ('text' in event ? event.text : ''));
    expect(texts.join('')).toBe('1234');
    expect(texts.filter((text) => text.includes('2') && text.includes('3'))).toEqual([]);
  });

  it('leaves a delta alone that has a field of somebody else, or is encrypted', async () => {
    const { log, publisher } = setUp();
    const delta = { chat_id: 'c', step_id: 's', type: 'text-delta', id: 't', text: 'x' };
    void publisher.publish(delta as never);
    void publisher.publish({ ...delta, later: 1 } as never);
    void publisher.publish({ ...delta, enc: { key_id: 'k', iv: 'i', data: 'd' } } as never);
    void publisher.publish(delta as never);
    await publisher.flush();
    expect(log.events()).toHaveLength(5);
  });

  it('stays within the limits of a batch and an event', async () => {
    const { log, publisher, step } = setUp({ batchBytesMax: 2_000 });
    for (let i = 0; i < 100; i++) void step.textDelta('t', 'é"'.repeat(20));
    await publisher.flush();
    const deltas = log.valuesOf().slice(1);
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.length).toBeLessThan(15);
    expect(Math.max(...deltas.map((value) => new TextEncoder().encode(value).length))).toBeLessThanOrEqual(
      2_000,
    );
  });

  it('holds nothing back that somebody waits for', async () => {
    const { log, runtime, publisher, step } = setUp({ queueEventsMax: 2, batchRecordsMax: 2 });
    await step.textDelta('t', '1');
    await publisher.publish({ chat_id: 'c', step_id: 'other', type: 'heartbeat' });
    await publisher.publish({ chat_id: 'c', step_id: 'other', type: 'heartbeat' });
    await publisher.flush();
    expect(log.events()).toHaveLength(4);
    expect(runtime.monotonicMs()).toBe(0);
  });
});
