import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import type { EventLog, Position } from '@stepfold/event-log';
import { decodeEvent, type Event } from '@stepfold/events';
import { evolve, initialState, toMessage } from '@stepfold/fold';
import { createSystemRuntime } from '@stepfold/runtime';
import { createPublisher } from './create-publisher.js';

async function eventsOf(log: EventLog, partition: number): Promise<{ offset: number; event: Event }[]> {
  const events: { offset: number; event: Event }[] = [];
  for (let offset = 0; ;) {
    const { records, nextOffset } = await log.read('events', partition, offset);
    if (records.length === 0) return events;
    for (const record of records) {
      const decoded = decodeEvent(record.value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      events.push({ offset: record.offset, event: decoded.event });
    }
    offset = nextOffset;
  }
}

describe('on the embedded log', () => {
  const runtime = createSystemRuntime();
  let directory: string;
  let log: EventLog;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'stepfold-publisher-'));
    log = await openEmbeddedLog({ directory, runtime, partitionCount: 3 });
  });

  // Closing the log ends what a failed test left behind: publishers retry for as long as it may come back.
  afterEach(async () => {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('tells one publisher of the stop button that was pressed through another', async () => {
    await using publisher = createPublisher({ log, runtime });
    await using other = createPublisher({ log, runtime });
    const steps = ['a', 'b', 'c'].map((chatId) => publisher.openStep({ chatId, stepId: 's' }));
    const signals = steps.map(({ signal }) => signal);
    const aborted = new Promise((resolve) => {
      signals[1]!.addEventListener('abort', resolve);
    });
    await publisher.flush();
    await other.joinStep({ chatId: 'b', stepId: 's' }).interrupt('user').acknowledged;
    await aborted;
    expect(signals[1]!.reason).toMatchObject({ name: 'AbortError', ending: 'user' });
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true, false]);
    expect(steps.map(({ isEnded }) => isEnded)).toEqual([false, true, false]);
  }, 30_000);

  it('brings what two publishers publish at once to the positions that it answers, each step in order', async () => {
    const expected = new Map<string, { text: string; end: Position }>();
    await Promise.all(
      [0, 5].map(async (coalesceMs) => {
        await using publisher = createPublisher({ log, runtime, coalesceMs, queueEventsMax: 500 });
        await Promise.all(
          Array.from({ length: 5 }, async (_, number) => {
            const step = publisher.openStep({ chatId: `chat-${number}`, stepId: `step-${coalesceMs}` });
            let text = '';
            for (let i = 0; i < 300; i++) {
              text += `${i} `;
              await step.textDelta('t', `${i} `);
              if (i % 100 === 50) await step.data({ name: 'progress', data: i });
            }
            const end = await step.end().acknowledged;
            expected.set(`${step.chatId}:${step.stepId}`, { text, end });
          }),
        );
      }),
    );
    const states = new Map<string, ReturnType<typeof initialState>>();
    const ends = new Map<string, Position>();
    for (let partition = 0; partition < 3; partition++) {
      for (const { offset, event } of await eventsOf(log, partition)) {
        const name = `${event.chat_id}:${event.step_id}`;
        const state = states.get(name) ?? initialState();
        states.set(name, state);
        expect(evolve(state, event)).toBe('accepted');
        if (event.type === 'step-end') ends.set(name, { partition, offset });
      }
    }
    expect(states.size).toBe(10);
    for (const [name, { text, end }] of expected) {
      const message = toMessage(states.get(name)!);
      expect(message).not.toHaveProperty('gaps');
      expect(message.parts[0]).toMatchObject({ type: 'text', text });
      expect(ends.get(name)).toEqual(end);
    }
  }, 30_000);
});
