import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '@stepfold/event-log';
import { evolve, initialState, toMessage } from '@stepfold/fold';
import { transformSync } from '@swc/core';
import { RecordingLog } from './testing/recording-log.js';

type Answer = (log: EventLog, words: AsyncIterable<string>) => Promise<void>;

/** The program of the README, compiled as the sources are. */
function readmeProgram(): Answer {
  const readme = readFileSync(path.join(__dirname, '../README.md'), 'utf8');
  const source = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported: { answer?: Answer } = {};
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the point is to run what the README shows
  new Function('exports', 'require', code)(exported, require);
  return exported.answer!;
}

async function* words(): AsyncGenerator<string> {
  yield 'It is ';
  yield 'warm.';
}

describe('the program of the README', () => {
  it('publishes a message and a step, and prints where the last event lies', async () => {
    const log = new RecordingLog();
    const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    await readmeProgram()(log, words());
    expect(print.mock.calls).toEqual([['stored up to 0:10']]);
    print.mockRestore();
    const state = initialState();
    for (const event of log.events().filter(({ step_id }) => step_id === 'm2')) evolve(state, event);
    expect(toMessage(state)).toMatchObject({
      status: 'complete',
      model: 'example-1',
      usage: { input_tokens: 12, output_tokens: 4 },
      parts: [
        { type: 'tool-call', tool_name: 'weather', args: { city: 'Vienna' } },
        { type: 'tool-result', result: { degrees: 21 } },
        { type: 'text', text: 'It is warm.' },
      ],
    });
    expect(log.events()[0]).toMatchObject({ type: 'message', step_id: 'm1' });
  });
});
