import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { transformSync } from '@swc/core';
import { callPart, resultPart, storedStep, userStep } from '../../../test/support/stored-step.js';

type Ask = (steps: readonly Message[], ...more: unknown[]) => Promise<unknown>;

/** The functions of the README, compiled as the sources are. */
function readmeFunctions(): Record<string, Ask> {
  const readme = readFileSync(path.join(__dirname, '../README.md'), 'utf8');
  const exported: Record<string, Ask> = {};
  for (const [, source] of readme.matchAll(/```ts\n([\s\S]*?)```/g)) {
    const { code } = transformSync(source!, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the point is to run what the README shows
    new Function('exports', 'require', code)(exported, require);
  }
  return exported;
}

const chat = [userStep('Look'), storedStep([callPart('a'), resultPart('a')]), userStep('and?')];

/** A client whose every method answers with what it was asked. */
const echo = (request: unknown): Promise<unknown> => Promise.resolve(request);
const client = {
  messages: { create: echo },
  responses: { create: echo },
  chat: { completions: { create: echo } },
};

describe('the functions of the README', () => {
  const functions = readmeFunctions();

  it('ask each provider with the chat', async () => {
    expect(await functions['askAnthropic']!(chat, client)).toMatchObject({
      max_tokens: 1024,
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Look' }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a' }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a' },
            { type: 'text', text: 'and?' },
          ],
        },
      ],
    });
    expect(await functions['askResponses']!(chat, client)).toMatchObject({
      store: false,
      input: [
        { role: 'user' },
        { type: 'function_call', call_id: 'a' },
        { type: 'function_call_output', call_id: 'a' },
        { role: 'user' },
      ],
    });
    expect(await functions['askChat']!(chat, client)).toMatchObject({
      messages: [
        { role: 'user', content: 'Look' },
        { role: 'assistant', content: null },
        { role: 'tool', tool_call_id: 'a' },
        { role: 'user', content: 'and?' },
      ],
    });
    const asked: unknown[] = [];
    const generate = (request: unknown) => {
      asked.push(request);
      return Promise.resolve({ text: 'Yes.' });
    };
    expect(await functions['askAiSdk']!(chat, 'model', generate)).toBe('Yes.');
    expect(asked).toMatchObject([{ model: 'model', messages: [{}, {}, { role: 'tool' }, {}] }]);
  });
});
