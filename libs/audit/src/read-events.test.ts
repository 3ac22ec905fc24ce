import { describe, expect, it } from '@jest/globals';
import { formatPosition, partitionOf } from '@stepfold/event-log';
import { encodeEvent, type Event } from '@stepfold/events';
import { evolve, initialState, type StepState } from '@stepfold/fold';
import { UsageError } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { readEvents, type EventSource, type ReadEventsOptions } from './read-events.js';
import { InMemoryLog } from './testing/in-memory-log.js';

const AT = 1_775_822_400_000_000;

function event(type: string, fields: Readonly<Record<string, unknown>> = {}): Event {
  return { v: 1, chat_id: 'c', step_id: 's', at: AT, type, ...fields } as unknown as Event;
}

/** Position, type and outcome of each. */
async function read(log: InMemoryLog, source: EventSource, options: ReadEventsOptions = {}) {
  const found: [position: string, type: string | undefined, outcome: string][] = [];
  for await (const { position, event, outcome } of readEvents(log, source, options)) {
    found.push([position, event?.type, outcome]);
  }
  return found;
}

describe('events of a partition', () => {
  it('come with their position and outcome, and what is no event with its code', async () => {
    const log = new InMemoryLog(2);
    const partition = partitionOf(Buffer.from('c'), 2);
    const put = (key: string | null, value: Uint8Array | string | null): number =>
      log.appendRecord(
        {
          key: key === null ? null : Buffer.from(key),
          value: typeof value === 'string' ? Buffer.from(value) : value,
        },
        partition,
      );
    put('c', encodeEvent(event('heartbeat')));
    put('c', encodeEvent(event('step-start', { producer: 'p', seq: 0 })));
    put('c', encodeEvent(event('text-delta', { id: '0', text: 'a', producer: 'q', seq: 0 })));
    put('c', encodeEvent(event('step-end', { producer: 'p', seq: 0 })));
    put('c', encodeEvent(event('interrupt', { reason: 'timeout', if_events: 9 })));
    put('c', encodeEvent(event('step-end', { producer: 'p', seq: 2 })));
    put('c', encodeEvent(event('step-start')));
    put('c', encodeEvent(event('step-start', { attempt: 1 })));
    put('c', '{');
    put('c', null);
    put('c', JSON.stringify({ ...event('heartbeat'), v: 2 }));
    put('c', JSON.stringify({ ...event('heartbeat'), type: 'unheard-of' }));
    put('c', JSON.stringify({ ...event('heartbeat'), at: 5 }));
    put('x', encodeEvent(event('heartbeat')));
    put(null, encodeEvent(event('heartbeat')));
    const stray = ['a', 'b', 'd', 'e'].find((id) => partitionOf(Buffer.from(id), 2) !== partition)!;
    put(stray, encodeEvent(event('step-start', { chat_id: stray })));

    expect(await read(log, { partition })).toEqual(
      [
        ['heartbeat', 'not-open'],
        ['step-start', 'accepted'],
        ['text-delta', 'conflict'],
        ['step-end', 'duplicate'],
        ['interrupt', 'superseded'],
        ['step-end', 'accepted'],
        ['step-start', 'not-open'],
        ['step-start', 'accepted'],
        [undefined, 'bad-json'],
        [undefined, 'bad-json'],
        [undefined, 'unknown-version'],
        [undefined, 'unknown-type'],
        [undefined, 'bad-event'],
        [undefined, 'wrong-key'],
        [undefined, 'wrong-key'],
        [undefined, 'wrong-partition'],
      ].map(([type, outcome], offset) => [formatPosition({ partition, offset }), type, outcome]),
    );
    expect(await read(log, { partition: 1 - partition })).toEqual([]);
  });

  it('of one chat are those keyed with it', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event('step-start'));
    log.appendEvent(event('step-start', { chat_id: 'other' }));
    log.appendEvent(event('step-end'));
    log.appendRecord({ key: Buffer.from('c'), value: Buffer.from('{') });
    log.appendRecord({ key: null, value: Buffer.from('{') });
    expect(await read(log, { chatId: 'c' })).toEqual([
      ['0:0', 'step-start', 'accepted'],
      ['0:2', 'step-end', 'accepted'],
      ['0:3', undefined, 'bad-json'],
    ]);
  });

  it('have the outcomes of a fold of the whole history, in portions of any size, from any offset', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryEvents(),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 40 }),
        async (events, pageRecordsMax, from) => {
          const log = new InMemoryLog();
          const steps = new Map<string, StepState>();
          const expected = events.map((each) => {
            const key = `${each.chat_id}:${each.step_id}`;
            const state = steps.get(key) ?? initialState();
            steps.set(key, state);
            return [`0:${log.appendEvent(each)}`, each.type, evolve(state, each)];
          });
          expect(await read(log, { partition: 0 }, { pageRecordsMax })).toEqual(expected);
          expect(await read(log, { partition: 0 }, { from })).toEqual(expected.slice(from));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('begin where the log begins, pass over holes, and end where the log ended when the reading began', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event('step-start'));
    log.appendEvent(event('step-start', { attempt: 1 }), 10);
    log.appendEvent(event('heartbeat', { attempt: 1 }), 10);
    log.deleteBefore(5);
    log.onCall = () => {
      if (log.reads > 0) log.appendEvent(event('heartbeat', { attempt: 1 }));
    };
    expect(await read(log, { partition: 0 }, { pageRecordsMax: 1 })).toEqual([
      ['0:11', 'step-start', 'accepted'],
      ['0:22', 'heartbeat', 'accepted'],
    ]);
  });

  it('of an empty partition are none', async () => {
    expect(await read(new InMemoryLog(), { partition: 0 })).toEqual([]);
  });
});

describe('until', () => {
  function sampleLog(): InMemoryLog {
    const log = new InMemoryLog();
    log.appendEvent(event('step-start', { at: AT }));
    log.appendEvent(event('heartbeat', { at: AT + 10 }));
    log.appendEvent(event('text-delta', { at: AT + 2, until: AT + 20, id: '0', text: 'a' }));
    log.appendEvent(event('interrupt', { at: AT + 3, detected_at: AT + 30, reason: 'timeout' }));
    log.appendEvent(event('step-start', { at: AT + 5, attempt: 1 }));
    return log;
  }

  it('a position includes it and cuts there', async () => {
    const options = { until: { position: { partition: 0, offset: 2 } } };
    expect((await read(sampleLog(), { chatId: 'c' }, options)).map(([position]) => position)).toEqual([
      '0:0',
      '0:1',
      '0:2',
    ]);
    const far = { until: { position: { partition: 0, offset: 99 } } };
    expect(await read(sampleLog(), { chatId: 'c' }, far)).toHaveLength(5);
  });

  it('a position of another partition is refused', async () => {
    const options = { until: { position: { partition: 1, offset: 2 } } };
    await expect(read(sampleLog(), { chatId: 'c' }, options)).rejects.toThrow(UsageError);
  });

  it.each([
    [AT - 1, []],
    [AT, ['0:0']],
    [AT + 2, ['0:0', '0:2']],
    [AT + 3, ['0:0', '0:2']],
    [AT + 9, ['0:0', '0:2', '0:4']],
    [AT + 10, ['0:0', '0:1', '0:2', '0:4']],
    [AT + 30, ['0:0', '0:1', '0:2', '0:3', '0:4']],
  ])('the time %d leaves out what happened later, wherever it lies', async (at, positions) => {
    const found = await read(sampleLog(), { chatId: 'c' }, { until: { at } });
    expect(found.map(([position]) => position)).toEqual(positions);
  });

  it('a time changes no outcome', async () => {
    const found = await read(sampleLog(), { chatId: 'c' }, { until: { at: AT + 5 } });
    expect(found.at(-1)).toEqual(['0:4', 'step-start', 'accepted']);
    const log = sampleLog();
    log.appendEvent(event('heartbeat', { at: AT + 1 }));
    expect((await read(log, { chatId: 'c' }, { until: { at: AT + 5 } })).at(-1)).toEqual([
      '0:5',
      'heartbeat',
      'not-open',
    ]);
  });

  it('a record that is no event counts by the time at which the log took it', async () => {
    const log = new InMemoryLog();
    log.appendRecord({ key: Buffer.from('c'), value: Buffer.from('{') });
    expect(await read(log, { chatId: 'c' }, { until: { at: AT - 1 } })).toEqual([]);
    expect(await read(log, { chatId: 'c' }, { until: { at: AT } })).toHaveLength(1);
  });

  it('an encrypted interrupt counts by its envelope', async () => {
    const log = new InMemoryLog();
    const enc = { key_id: 'k', iv: 'i', data: 'd' };
    log.appendEvent(event('interrupt', { reason: 'user', enc, detected_at: 'later' }));
    expect(await read(log, { chatId: 'c' }, { until: { at: AT } })).toHaveLength(1);
  });
});
