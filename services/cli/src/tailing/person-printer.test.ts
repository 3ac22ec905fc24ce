import { describe, expect, it } from '@jest/globals';
import { followEvents } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import * as fc from 'fast-check';
import { InMemoryLog } from '../../../../libs/audit/src/testing/in-memory-log.js';
import { arbitraryEvents } from '../../../../test/support/arbitrary-events.js';
import { columnsOf } from '../render/text-columns.js';
import { plainScreen, screenOf } from '../render/screen.js';
import { createPersonPrinter } from './person-printer.js';

const AT = 1_775_822_400_000_000;

type Fields = Readonly<Record<string, unknown>>;

/** Prints events; `look` among them is a look at the log that found no more. */
async function printed(items: readonly (Fields | 'look')[], namesChat = false): Promise<string[]> {
  const log = new InMemoryLog();
  const printer = createPersonPrinter({ screen: plainScreen, namesChat });
  const follower = followEvents(log, { partition: 0 }, { from: 0 });
  let text = '';
  for (const [i, item] of items.entries()) {
    if (item === 'look') {
      text += printer.settle();
      continue;
    }
    log.appendEvent({ v: 1, chat_id: 'c', step_id: 's', at: AT + i * 1_000, ...item } as unknown as Event);
    for (const read of (await follower.next()).events) text += printer.event(read);
  }
  return text.split('\n').slice(0, -1);
}

/** Without time and step. */
function said(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(28));
}

const look = 'look' as const;

describe('what happens, for a person', () => {
  it('is a line for each thing, with durations, and text in whole lines', async () => {
    const lines = await printed([
      { type: 'step-start', model: 'm' },
      { type: 'reasoning-start', id: 'r' },
      ...Array.from({ length: 20 }, () => ({ type: 'reasoning-delta', id: 'r', text: 'think ' })),
      look,
      { type: 'reasoning-end', id: 'r' },
      { type: 'tool-input-start', tool_call_id: 'k', tool_name: 'look' },
      { type: 'tool-input-delta', tool_call_id: 'k', text: '{}' },
      { type: 'tool-call', tool_call_id: 'k', tool_name: 'look', args: { at: 'it' } },
      { type: 'tool-approval', tool_call_id: 'k', approval_id: 'a', state: 'granted', reason: 'fine' },
      { type: 'tool-execution-start', tool_call_id: 'k' },
      { type: 'heartbeat' },
      { type: 'tool-result', tool_call_id: 'k', result: 'gone', is_error: true },
      { type: 'error', message: 'busy', fatal: false, retryable: true },
      { type: 'finish', finish_reason: 'stop', usage: { input_tokens: 3, output_tokens: 2 } },
      { type: 'step-end' },
    ]);
    expect(said(lines)).toEqual([
      'step begins · m',
      'reasoning begins',
      '┊ think think think think think think think think',
      '┊ think think think think think think think think',
      '┊ think think think think',
      'reasoning ends · 22.0 ms',
      'call look is written',
      'call look · {"at":"it"}',
      'approval of look granted · fine',
      'look runs',
      'result of look · 2.0 ms · failed · gone',
      'error: busy · can be tried again',
      'the model is done · stop · 3 tokens in, 2 out',
      'step complete · 33.0 ms',
    ]);
    expect(lines[0]).toBe('12:00:00.000  s             step begins · m');
    expect(lines.at(-1)).toMatch(/^12:00:00.033 {2}s /);
  });

  it('shows a line that was begun when the log has had no more of it, and never token by token', async () => {
    const delta = (text: string) => ({ type: 'text-delta', id: '0', text });
    const lines = await printed([
      { type: 'step-start' },
      ...[delta('It '), look, delta('is '), look, delta('so'), look, look, look],
      delta(' then'),
      { type: 'interrupt', reason: 'user', message: 'enough' },
    ]);
    expect(said(lines)).toEqual([
      'step begins',
      'text begins',
      '│ It is so',
      '│  then',
      'step interrupted: user · enough · 10.0 ms',
    ]);
  });

  it('tells of a retry, a whole message, and counts what was passed over', async () => {
    const late = { type: 'text-delta', id: '0', text: 'late' };
    const lines = await printed([
      { type: 'step-start' },
      { type: 'error', message: 'broken', fatal: true },
      ...[late, late, late],
      { type: 'step-start', attempt: 1 },
      { type: 'message', step_id: 'u', role: 'user', parts: [{ type: 'text', text: 'Do it.' }] },
      { type: 'heartbeat', step_id: 'never' },
      ...[look, look],
    ]);
    expect(lines.map((line) => line.slice(14))).toEqual([
      's             step begins',
      's             step failed: broken · 1.0 ms',
      's             step begins again, attempt 1',
      'u             user message',
      'u             │ Do it.',
      's             3 events passed over: not-open',
      'never         1 event passed over: not-open',
    ]);
  });

  it('names the chat if there may be several, and the end of a long id', async () => {
    const [line] = await printed([{ type: 'step-start', chat_id: 'c', step_id: 'a-very-long-run.12' }], true);
    expect(line).toBe('12:00:00.000  c             …long-run.12  step begins');
  });

  it('is never wider than the screen, has no controls, and says the same in colour', async () => {
    const coloured = screenOf({ stdoutColumns: 80, environment: { TERM: 'xterm' } });
    await fc.assert(
      fc.asyncProperty(arbitraryEvents(), fc.boolean(), async (events, namesChat) => {
        const log = new InMemoryLog();
        for (const event of events) log.appendEvent(event);
        const { events: reads } = await followEvents(log, { partition: 0 }, { from: 0 }).next();
        const [plain, painted] = [plainScreen, coloured].map((screen) => {
          const printer = createPersonPrinter({ screen, namesChat });
          return reads.map((read) => printer.event(read)).join('') + printer.settle() + printer.finish();
        }) as [string, string];
        // eslint-disable-next-line no-control-regex -- colours are what is taken away
        expect(painted.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain);
        for (const line of plain.split('\n')) {
          expect(columnsOf(line)).toBeLessThanOrEqual(80);
          // eslint-disable-next-line no-control-regex -- none may be there
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
      { numRuns: 60 },
    );
  });
});
