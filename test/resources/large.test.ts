import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verify } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import { decodeStepRecord, STEP_BYTES_MAX, type Message } from '@stepfold/fold';
import { appendEvents } from '../support/append-events.js';
import { foldAll } from '../support/fold-all.js';
import { asStored, openTestData, type TestData } from '../support/test-data.js';
import { startServices, type RunningServices } from './services.js';

const BEGIN_MICROS = 1_790_000_000_000_000;

describe('a projector and a writer', () => {
  let data: TestData;
  let services: RunningServices | undefined;

  beforeEach(async () => {
    data = await openTestData('embedded');
  });

  afterEach(async () => {
    await services?.stop();
    services = undefined;
    await data[Symbol.asyncDispose]();
  });

  it('hold 10,000 steps open, over a restart, and end each', async () => {
    const steps = Array.from({ length: 10_000 }, (_, index) => ({
      chat_id: `c${index % 2_500}`,
      step_id: `s${Math.floor(index / 2_500)}`,
    }));
    await appendEvents(
      data.log,
      steps.map((step) => event(step, 0, { type: 'step-start' })),
    );
    await appendEvents(
      data.log,
      steps.map((step) => event(step, 1, { type: 'text-delta', id: 't', text: 'a' })),
    );
    services = startServices(data);
    await data.untilStored();
    expect(openSteps(services, data.log.partitionCount)).toBe(10_000);
    expect(await statusesOf(steps)).toEqual({ open: 10_000 });

    await services.stop();
    services = startServices(data);
    await appendEvents(
      data.log,
      steps.map((step) => event(step, 2, { type: 'text-delta', id: 't', text: 'b' })),
    );
    await appendEvents(
      data.log,
      steps.map((step) => event(step, 3, { type: 'step-end' })),
    );
    await data.untilStored();
    expect(openSteps(services, data.log.partitionCount)).toBe(0);
    expect(await statusesOf(steps)).toEqual({ complete: 10_000 });
    expect((await data.store.message('c7', 's3'))?.parts).toMatchObject([{ type: 'text', text: 'ab' }]);
    expect((await data.store.deadLetters()).items).toEqual([]);
    for (let partition = 0; partition < data.log.partitionCount; partition++) {
      // The commit follows as soon as nothing holds it back.
      const { end } = await data.log.bounds('events', partition);
      expect((await data.log.committed('projector', 'events', partition))?.nextOffset).toBe(end);
    }
  }, 300_000);

  it('fold a step of 200,000 events, and emit no more than four times what it holds', async () => {
    const step = { chat_id: 'c', step_id: 's' };
    const events = [...longStep(step, 200_000)];
    services = startServices(data, { projector: { openStepIntervalMs: 0 } });
    await appendEvents(data.log, events);
    await data.untilStored();
    const [expected] = foldAll(events).messages;
    expect(await data.messagesOf('c')).toEqual([asStored(expected as Message)]);
    const folded = await bytesOf(data, 'events');
    const emitted = await bytesOf(data, 'steps');
    expect(emitted.versions).toBeGreaterThan(2);
    // Beyond the budget of an open step there is the final version.
    expect(emitted.bytes).toBeLessThan(folded.bytes * 4 + 64 * 1024 + emitted.largest);
    expect(await verifyAll(data)).toMatchObject({ ok: true, differences: [] });
  }, 300_000);

  it('serve a chat of 50,000 steps a page at a time, in the order of the steps', async () => {
    const stepId = (index: number): string => `s${String(index).padStart(5, '0')}`;
    await appendEvents(data.log, chatOf(50_000, stepId));
    services = startServices(data);
    await data.untilStored();
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await data.store.messages('c', {
        limit: 1_000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      expect(page.items.length).toBeLessThanOrEqual(1_000);
      seen.push(...page.items.map((message) => message.step_id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 50_000 }, (_, index) => stepId(index)));
    expect((await data.store.chats()).items).toMatchObject([{ chat_id: 'c', status: 'complete' }]);
  }, 300_000);

  it('elide the larger of two results of 7 MiB in one step, and say what is not there', async () => {
    const step = { chat_id: 'c', step_id: 's' };
    const large = (letter: string, bytes: number): string => letter.repeat(bytes);
    const results = [large('x', 7 * 1024 * 1024), large('y', 7 * 1024 * 1024 + 1)];
    const events = [
      event(step, 0, { type: 'step-start' }),
      ...results.flatMap((result, index) => [
        event(step, 2 * index + 1, {
          type: 'tool-call',
          tool_call_id: `k${index}`,
          tool_name: 'read',
          args: {},
        }),
        event(step, 2 * index + 2, { type: 'tool-result', tool_call_id: `k${index}`, result }),
      ]),
      event(step, 5, { type: 'step-end' }),
    ];
    services = startServices(data);
    await appendEvents(data.log, events);
    await data.untilStored();
    const parts = (await data.store.message('c', 's'))?.parts.filter(({ type }) => type === 'tool-result');
    const [kept, elided] = parts as readonly { result?: unknown; result_elided?: unknown }[];
    // Not by toEqual, which would print megabytes.
    expect(kept?.result === results[0]).toBe(true);
    expect(elided).not.toHaveProperty('result');
    const text = results[1] as string;
    expect(elided?.result_elided).toMatchObject({ bytes: text.length, sha256: sha256(text) });
    expect(await verifyAll(data)).toMatchObject({ ok: true, differences: [] });
    expect((await data.store.deadLetters()).items).toEqual([]);
  }, 300_000);

  it('fold no more of a step than STEP_BYTES_MAX, so that longer strings than there can be stop nothing', async () => {
    const [endless, next] = [
      { chat_id: 'c', step_id: 'endless' },
      { chat_id: 'c', step_id: 'next' },
    ];
    const text = 'x'.repeat(7 * 1024 * 1024);
    const deltas = 2 * Math.ceil(STEP_BYTES_MAX / text.length) + 1;
    await appendEvents(data.log, [event(endless, 0, { type: 'step-start' })]);
    for (let seq = 1; seq <= deltas; seq++) {
      await appendEvents(data.log, [event(endless, seq, { type: 'text-delta', id: 't', text })]);
    }
    await appendEvents(data.log, [
      event(endless, deltas + 1, { type: 'step-end' }),
      event(next, 0, { type: 'step-start' }),
      event(next, 1, { type: 'step-end' }),
    ]);
    services = startServices(data);
    await data.untilStored();
    const accepted = Math.ceil(STEP_BYTES_MAX / (text.length + 100));
    expect(await data.store.message('c', 'endless')).toMatchObject({
      status: 'complete',
      gaps: [{ producer: 'p', from: accepted + 1, to: deltas }],
      parts: [{ type: 'text', text: '', text_elided: { bytes: accepted * text.length } }],
    });
    expect((await data.store.message('c', 'next'))?.status).toBe('complete');
    expect(await verifyAll(data)).toMatchObject({ ok: true, differences: [] });
  }, 300_000);

  async function statusesOf(steps: readonly { chat_id: string; step_id: string }[]) {
    const counts: Record<string, number> = {};
    for (const chatId of new Set(steps.map((step) => step.chat_id))) {
      for (const { status } of (await data.store.messages(chatId)).items)
        counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  }
});

function event(step: { chat_id: string; step_id: string }, seq: number, own: Record<string, unknown>): Event {
  return { v: 1, ...step, at: BEGIN_MICROS + seq, producer: 'p', seq, ...own } as unknown as Event;
}

/** Text in one block, and now and then a call with its result. */
function* longStep(step: { chat_id: string; step_id: string }, count: number): Generator<Event> {
  let seq = 0;
  yield event(step, seq++, { type: 'step-start' });
  while (seq < count - 2) {
    if (seq % 1_000 === 500) {
      const tool_call_id = `k${seq}`;
      yield event(step, seq++, { type: 'tool-call', tool_call_id, tool_name: 'look', args: { seq } });
      yield event(step, seq++, { type: 'tool-result', tool_call_id, result: 'seen' });
    } else yield event(step, seq++, { type: 'text-delta', id: 't', text: `word ${seq} ` });
  }
  yield event(step, seq++, { type: 'step-end' });
}

function* chatOf(steps: number, stepId: (index: number) => string): Generator<Event> {
  for (let index = 0; index < steps; index++) {
    const step = { chat_id: 'c', step_id: stepId(index) };
    yield {
      ...event(step, 0, { type: 'message', role: 'user', parts: [{ type: 'text', text: 'Hi' }] }),
      at: BEGIN_MICROS + index,
    };
  }
}

function openSteps(services: RunningServices, partitionCount: number): number {
  let sum = 0;
  for (let partition = 0; partition < partitionCount; partition++)
    sum += services.metrics.value('open_steps', { partition });
  return sum;
}

async function bytesOf(data: TestData, topic: 'events' | 'steps') {
  const total = { bytes: 0, versions: 0, largest: 0 };
  for (let partition = 0; partition < data.log.partitionCount; partition++) {
    for (let from = 0; ;) {
      const { records, nextOffset, endOffset } = await data.log.read(topic, partition, from);
      for (const { key, value } of records) {
        if (topic === 'steps') {
          const decoded = decodeStepRecord(key, value);
          if (typeof decoded === 'string' || decoded.kind === 'progress') continue;
        }
        const bytes = value?.byteLength ?? 0;
        total.bytes += bytes;
        total.versions += 1;
        total.largest = Math.max(total.largest, bytes);
      }
      from = nextOffset;
      if (from >= endOffset) break;
    }
  }
  return total;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function verifyAll({ log, store }: TestData) {
  return verify({ log, store, createSha256: () => createHash('sha256') });
}
