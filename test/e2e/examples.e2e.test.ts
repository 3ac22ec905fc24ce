import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import type { MessageJson } from '@stepfold/fold';
import { temporaryFolder } from '../../services/cli/src/testing/temporary-folder.js';

jest.setTimeout(120_000);

const root = path.resolve(__dirname, '../..');
const stepfold = path.join(root, 'services/cli/bin/stepfold.mjs');

async function run(folder: string, ...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** Runs an example in an empty folder, and answers what it printed and what the log then yields. */
async function example(name: string, chatId: string): Promise<{ printed: string; messages: MessageJson[] }> {
  using folder = temporaryFolder();
  const printed = await run(folder.path, path.join(root, `examples/dist/${name}.js`));
  const replayed = await run(folder.path, stepfold, 'replay', chatId, '--json');
  return { printed, messages: JSON.parse(replayed) as MessageJson[] };
}

const tests: Readonly<Record<string, () => Promise<void>>> = {
  async 'ai-sdk-chat-route'() {
    const { printed, messages } = await example('ai-sdk-chat-route', 'weather-chat');
    expect(printed).toContain('"delta":"in Vienna."');
    expect(messages).toMatchObject([
      { role: 'user', parts: [{ text: 'How warm is Vienna?' }] },
      {
        status: 'complete',
        parts: [
          { type: 'reasoning', created_at: expect.any(String), completed_at: expect.any(String) },
          { type: 'tool-call', execution_started_at: expect.any(String) },
          { type: 'tool-result', result: { city: 'Vienna', degrees: 21 } },
        ],
      },
      { status: 'complete', parts: [{ text: 'It is 21 degrees in Vienna.' }] },
    ]);
  },
  async 'anthropic-tool-loop'() {
    const { printed, messages } = await example('anthropic-tool-loop', 'files-chat');
    expect(printed).toBe('Done.\n');
    expect(messages).toMatchObject([
      {
        status: 'complete',
        parts: [
          { type: 'tool-call', tool_name: 'read_file', execution_started_at: expect.any(String) },
          { type: 'tool-call', tool_name: 'delete_file', approval: { state: 'granted' } },
          { type: 'tool-result', result: 'the content of a.txt' },
          { type: 'tool-result', result: 'b.txt is deleted' },
        ],
      },
      { status: 'complete', parts: [{ text: 'Done.\n' }] },
    ]);
    expect(messages[0]).not.toHaveProperty('pending_tool_call_ids');
  },
  async 'stop-button'() {
    const { printed, messages } = await example('stop-button', 'story-chat');
    expect(printed).toContain('step story.0 was ended from elsewhere: user');
    expect(messages).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'user' }, parts: [{ type: 'text' }] },
    ]);
  },
  async 'dying-worker'() {
    const { printed, messages } = await example('dying-worker', 'lost-chat');
    expect(printed).toBe('the step is open\nthe step is interrupted: timeout\n');
    expect(messages).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'timeout' }, parts: [{ text: 'The answer is ' }] },
    ]);
  },
};

describe('the example', () => {
  it.each(Object.entries(tests))('%s does what it says', async (_name, test) => test());

  it('list of the page has all of them', () => {
    const page = fs.readFileSync(path.join(root, 'examples/README.md'), 'utf8');
    const listed = [...page.matchAll(/\]\(src\/([a-z-]+)\.ts\)/g)].map(([, name]) => name);
    expect(listed).toEqual(Object.keys(tests));
  });
});
