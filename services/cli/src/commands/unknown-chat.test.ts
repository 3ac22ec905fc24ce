import { describe, expect, it } from '@jest/globals';
import { runStepfold } from '../run-stepfold.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

async function outputOf(...words: readonly string[]): Promise<string> {
  using folder = temporaryFolder();
  const host = createInProcessHost();
  expect(await runStepfold([...words, '--data', folder.file('data')], host)).toBe(0);
  return host.printed();
}

describe('a chat that nobody has written to', () => {
  it.each([
    ['messages', 'chat nobody: no messages\n', '[]\n'],
    ['replay', 'chat nobody: no messages\n', '[]\n'],
    ['events', 'chat nobody: no events\n', ''],
  ])('is named by %s for a person, and is empty as JSON', async (command, words, json) => {
    expect(await outputOf(command, 'nobody')).toBe(words);
    expect(await outputOf(command, 'nobody', '--json')).toBe(json);
  });

  it('is not called right by verify', async () => {
    expect(await outputOf('verify', 'nobody')).toBe('0 messages checked\n');
  });
});
