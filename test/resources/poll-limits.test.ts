import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog, LogRecord, Topic } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { appendEvents } from '../support/append-events.js';
import { openTestData, type TestData } from '../support/test-data.js';
import { startServices } from './services.js';

const BEGIN_MICROS = 1_790_000_000_000_000;
const TEXT_BYTES = 1_000;
/** What an event has beside its text. */
const EVENT_OVERHEAD_BYTES = 300;

describe('what a service holds of one partition', () => {
  let data: TestData;

  beforeEach(async () => {
    data = await openTestData('embedded');
  });

  afterEach(async () => {
    await data[Symbol.asyncDispose]();
  });

  /** Folds and stores everything, and answers the polls that brought something. */
  async function pollsOf(config: Parameters<typeof startServices>[1]): Promise<readonly Poll[]> {
    await appendEvents(data.log, messages(200));
    const { log, polls } = watched(data.log);
    const services = startServices({ ...data, log }, config);
    await data.untilStored();
    await services.stop();
    return polls;
  }

  it('is at most batchEventsMax and batchRecordsMax records', async () => {
    const polls = await pollsOf({ projector: { batchEventsMax: 7 }, writer: { batchRecordsMax: 5 } });
    expect(Math.max(...countsOf(polls, 'events'))).toBe(7);
    expect(Math.max(...countsOf(polls, 'steps'))).toBe(5);
  });

  it('is at most batchBytesMax, but for a single larger record', async () => {
    const bytesMax = 5 * TEXT_BYTES;
    const polls = await pollsOf({
      projector: { batchBytesMax: bytesMax },
      writer: { batchBytesMax: bytesMax },
    });
    for (const topic of ['events', 'steps'] as const) {
      const bytes = polls.filter((poll) => poll.topic === topic).map(({ records }) => bytesOf(records));
      expect(Math.max(...bytes)).toBeLessThanOrEqual(bytesMax);
      expect(Math.max(...bytes)).toBeGreaterThan(2 * TEXT_BYTES);
    }
  });

  it('is one record where that is larger than batchBytesMax', async () => {
    const polls = await pollsOf({ projector: { batchBytesMax: 1 }, writer: { batchBytesMax: 1 } });
    expect(new Set(countsOf(polls, 'events'))).toEqual(new Set([1]));
    expect(new Set(countsOf(polls, 'steps'))).toEqual(new Set([1]));
  });
});

interface Poll {
  readonly topic: Topic;
  readonly records: readonly LogRecord[];
}

/** The same log, whose polls are noted. */
function watched(log: EventLog): { readonly log: EventLog; readonly polls: readonly Poll[] } {
  const polls: Poll[] = [];
  const subscribe: EventLog['subscribe'] = (options, consume) =>
    log.subscribe(options, (partition) =>
      consume({
        ...partition,
        async poll() {
          const result = await partition.poll();
          if (result.records.length > 0) polls.push({ topic: partition.topic, records: result.records });
          return result;
        },
      }),
    );
  return {
    polls,
    log: new Proxy(log, {
      get(target, name) {
        if (name === 'subscribe') return subscribe;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
  };
}

/** Messages of one chat, so that all of them share a partition. */
function* messages(count: number): Generator<Event> {
  const text = 'x'.repeat(TEXT_BYTES - EVENT_OVERHEAD_BYTES);
  for (let index = 0; index < count; index++) {
    yield {
      ...{ v: 1, chat_id: 'c', step_id: `s${index}`, at: BEGIN_MICROS + index },
      ...{ type: 'message', role: 'user', parts: [{ type: 'text', text }] },
    } as Event;
  }
}

function countsOf(polls: readonly Poll[], topic: Topic): number[] {
  return polls.filter((poll) => poll.topic === topic).map(({ records }) => records.length);
}

function bytesOf(records: readonly LogRecord[]): number {
  return records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
}
