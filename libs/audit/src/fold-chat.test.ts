import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import type { Gap, Message } from '@stepfold/fold';
import { UsageError } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { foldChat, type FoldChatOptions } from './fold-chat.js';
import { allVersions } from './testing/all-versions.js';
import { AT, AuditWorld } from './testing/audit-world.js';
import { InMemoryLog } from './testing/in-memory-log.js';
import type { Until } from './until.js';

const createSha256 = () => createHash('sha256');

function fold(log: InMemoryLog, options: Partial<FoldChatOptions> = {}): Promise<Message[]> {
  return foldChat({ log, chatId: 'c', createSha256, ...options });
}

function event(fields: Readonly<Record<string, unknown>>): Event {
  return { v: 1, chat_id: 'c', step_id: 's', at: AT, ...fields } as unknown as Event;
}

describe('a chat from the log', () => {
  it('equals what a projector stores, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents(), fc.nat({ max: 60 }), async (events, cut) => {
        const log = new InMemoryLog();
        for (const each of events) log.appendEvent(each);
        const latest = new Map<string, Message>();
        for (const { offset, message } of allVersions(log, createSha256)) {
          if (offset > cut || message.chat_id !== 'chat-0') continue;
          if (message.events === 1) latest.delete(message.step_id);
          latest.set(message.step_id, message);
        }
        const until: Until = { position: { partition: 0, offset: cut } };
        expect(await fold(log, { chatId: 'chat-0', until, pageRecordsMax: 7 })).toEqual([...latest.values()]);
      }),
      { numRuns: 100 },
    );
  });

  it('tells how many records of the partition have been read', async () => {
    const world = new AuditWorld(createSha256);
    for (const step of ['a', 'b']) world.appendStep(step);
    world.log.deleteBefore(2);
    const told: [number, number][] = [];
    await fold(world.log, { pageRecordsMax: 4, onProgress: (done, total) => void told.push([done, total]) });
    expect(told).toEqual([
      [4, 6],
      [6, 6],
    ]);
  });

  it('is in the order in which the present attempts were opened', async () => {
    const world = new AuditWorld(createSha256);
    for (const step of ['a', 'b', 'c']) world.appendStep(step);
    world.append('a', 'step-start', { attempt: 1 });
    const messages = await fold(world.log);
    expect(messages.map(({ step_id }) => step_id)).toEqual(['b', 'c', 'a']);
    expect(messages.map(({ log }) => log?.first_offset)).toEqual([4, 8, 12]);
    expect(messages.map(({ digest }) => digest !== undefined)).toEqual([true, true, false]);
  });

  it('has large values elided as the stored message has', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event({ type: 'step-start' }));
    for (let i = 0; i < 2; i++)
      log.appendEvent(event({ type: 'data', name: 'd', data: 'x'.repeat(7_000_000 + i) }));
    const [message] = await fold(log);
    expect(message).toEqual(allVersions(log, createSha256).at(-1)?.message);
    expect(message?.parts.map((part) => 'data_elided' in part)).toEqual([false, true]);
  });

  it('can be of one step alone, which is then as it is among the others', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents(), async (events) => {
        const log = new InMemoryLog();
        for (const each of events) log.appendEvent(each);
        for (const message of await fold(log, { chatId: 'chat-0' })) {
          expect(await fold(log, { chatId: 'chat-0', stepId: message.step_id })).toEqual([message]);
        }
        expect(await fold(log, { chatId: 'chat-0', stepId: 'none' })).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('of which the log knows nothing is empty', async () => {
    expect(await fold(new InMemoryLog())).toEqual([]);
  });

  it('is refused at a position of another partition', async () => {
    const until: Until = { position: { partition: 3, offset: 0 } };
    await expect(fold(new InMemoryLog(), { until })).rejects.toThrow(UsageError);
  });
});

describe('a chat as it stood at a time', () => {
  /** Heartbeats with these numbers, `!` behind those that are too late. Answers the gaps of the message. */
  async function gapsOf(sequence: string): Promise<readonly Gap[] | undefined> {
    const log = new InMemoryLog();
    log.appendEvent(event({ type: 'step-start', producer: 'loop', seq: 0 }));
    for (const item of sequence.split(' ')) {
      const at = item.endsWith('!') ? AT + 10 : AT;
      log.appendEvent(event({ type: 'heartbeat', producer: 'p', seq: parseInt(item, 10), at }));
    }
    const [message] = await fold(log, { until: { at: AT } });
    return message?.gaps;
  }

  it.each([
    ['0 1! 2', undefined],
    ['0! 1! 2 3', undefined],
    ['0 1! 2! 3! 4 5! 6', undefined],
    ['0 2! 3', [[1, 1]]],
    ['0 1! 3', [[2, 2]]],
    [
      '0 2! 4! 6',
      [
        [1, 1],
        [3, 3],
        [5, 5],
      ],
    ],
    ['0 3 5!', [[1, 2]]],
    [
      '0 5! 2 6',
      [
        [1, 1],
        [3, 4],
      ],
    ],
    ['0 1! 1! 2', undefined],
    [
      '1! 3! 4',
      [
        [0, 0],
        [2, 2],
      ],
    ],
  ])('%s: what it leaves out makes no gaps, what never came does', async (sequence, gaps) => {
    const expected = gaps?.map(([from, to]) => ({ producer: 'p', from, to }));
    expect(await gapsOf(sequence)).toEqual(expected);
  });

  it('counts gaps beyond the hundred that are listed', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event({ type: 'step-start', producer: 'loop', seq: 0 }));
    // 98 gaps, then one that is cut into three, then one that is left out wholly.
    for (let seq = 1; seq <= 195; seq += 2) log.appendEvent(event({ type: 'heartbeat', producer: 'p', seq }));
    for (const [seq, at] of [
      [197, 10],
      [199, 10],
      [201, 0],
      [202, 10],
      [203, 0],
      [205, 0],
    ] as const)
      log.appendEvent(event({ type: 'heartbeat', producer: 'p', seq, at: AT + at }));
    const [message] = await fold(log, { until: { at: AT } });
    expect(message?.gaps).toHaveLength(100);
    expect(message?.gaps?.slice(97)).toEqual([
      { producer: 'p', from: 194, to: 194 },
      { producer: 'p', from: 196, to: 196 },
      { producer: 'p', from: 198, to: 198 },
    ]);
    expect(message?.gap_count).toBe(102);
  });

  it('knows no gap of a number that was left out of another attempt', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event({ type: 'step-start', producer: 'p', seq: 0 }));
    log.appendEvent(event({ type: 'heartbeat', producer: 'p', seq: 1, at: AT + 10 }));
    log.appendEvent(event({ type: 'step-start', producer: 'p', seq: 2, attempt: 1 }));
    const [message] = await fold(log, { until: { at: AT } });
    expect(message?.gaps).toEqual([{ producer: 'p', from: 0, to: 1 }]);
  });

  it('has only what had happened, an interrupt by when it was noticed', async () => {
    const log = new InMemoryLog();
    log.appendEvent(event({ type: 'step-start' }));
    log.appendEvent(event({ type: 'text-delta', id: '0', text: 'b', at: AT + 5 }));
    log.appendEvent(event({ type: 'text-delta', id: '0', text: 'a', at: AT + 1 }));
    log.appendEvent(event({ type: 'interrupt', reason: 'timeout', at: AT + 5, detected_at: AT + 9 }));
    const at = async (micros: number) => {
      const [message] = await fold(log, { until: { at: AT + micros } });
      const [part] = message?.parts ?? [];
      return [message?.status, message?.events, part?.type === 'text' ? part.text : undefined];
    };
    expect(await at(0)).toEqual(['open', 1, undefined]);
    expect(await at(1)).toEqual(['open', 2, 'a']);
    expect(await at(5)).toEqual(['open', 3, 'ba']);
    expect(await at(9)).toEqual(['interrupted', 4, 'ba']);
    expect(await fold(log, { until: { at: AT - 1 } })).toEqual([]);
  });

  it('that lies behind everything is the chat as it is', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents(), async (events) => {
        const log = new InMemoryLog();
        for (const each of events) log.appendEvent(each);
        const whole = await fold(log, { chatId: 'chat-0' });
        expect(await fold(log, { chatId: 'chat-0', until: { at: 2 ** 53 } })).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });
});
