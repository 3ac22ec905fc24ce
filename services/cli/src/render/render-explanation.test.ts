import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { explainPart } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import { messageToJson } from '@stepfold/fold';
import * as fc from 'fast-check';
import { InMemoryLog } from '../../../../libs/audit/src/testing/in-memory-log.js';
import { arbitraryEvents } from '../../../../test/support/arbitrary-events.js';
import { columnsOf } from './text-columns.js';
import { renderExplanation } from './render-explanation.js';
import { plainScreen } from './screen.js';

const AT = 1_775_822_400_000_000;

async function rendered(log: InMemoryLog, chatId: string, stepId: string, partIndex: number) {
  const createSha256 = () => createHash('sha256');
  const { message, events } = await explainPart({ log, chatId, stepId, partIndex, createSha256 });
  const json = messageToJson(message);
  return renderExplanation(
    { message: json, part: json.parts[partIndex]!, partIndex, events },
    plainScreen,
  ).split('\n');
}

function logOf(...events: readonly object[]): InMemoryLog {
  const log = new InMemoryLog();
  for (const [i, fields] of events.entries()) {
    log.appendEvent({ v: 1, chat_id: 'c', step_id: 's', at: AT + i, ...fields } as unknown as Event);
  }
  return log;
}

describe('what made a part, for a person', () => {
  it('is the part, and a line for each event, runs of deltas together', async () => {
    const delta = { type: 'text-delta', id: '0', text: 'a ' };
    const log = logOf({ type: 'step-start' }, ...Array.from({ length: 215 }, () => delta), {
      type: 'interrupt',
      reason: 'user',
    });
    expect(await rendered(log, 'c', 's', 0)).toEqual([
      'part 0 of step s (interrupted): text',
      '  id                    0',
      `  text                  ${'a '.repeat(27)}a…`,
      '  created_at            2026-04-10T12:00:00.000001Z',
      '  last_delta_at         2026-04-10T12:00:00.000215Z',
      '  completed_at          2026-04-10T12:00:00.000216Z',
      '  end_reason            interrupt',
      '',
      '         0:1  12:00:00.000001  text-delta               id, text, created_at,',
      '                                                        last_delta_at',
      '         0:2  12:00:00.000002  × 214 text-delta         text, last_delta_at',
      '    to 0:215  12:00:00.000215',
      '       0:216  12:00:00.000216  interrupt                completed_at, end_reason',
      '',
    ]);
  });

  it('says that a value was left out of the message', async () => {
    const data = 'x'.repeat(7_000_000);
    const log = logOf(
      { type: 'step-start' },
      { type: 'data', name: 'd', data },
      { type: 'data', name: 'e', data },
    );
    const lines = await rendered(log, 'c', 's', 0);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}data: 7000000 bytes, left out of the message/));
  });

  it('is never wider than the screen, and has no controls', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryEvents({ stepsMax: 1 }), fc.nat({ max: 3 }), async (events, partIndex) => {
        const log = new InMemoryLog();
        for (const event of events) log.appendEvent(event);
        const lines = await rendered(log, 'chat-0', 'step-0', partIndex).catch(() => []);
        for (const line of lines) {
          expect(columnsOf(line)).toBeLessThanOrEqual(80);
          // eslint-disable-next-line no-control-regex -- none may be there
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
      { numRuns: 100 },
    );
  });
});
