import { describe, expect, it } from '@jest/globals';
import { coderMessages } from '@stepfold/views';
import { foldAll } from '../../../../test/support/fold-all.js';
import { decodedEvents, readVectors } from '../../../../test/support/vectors.js';
import { runStepfold } from '../run-stepfold.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

async function printed(commandLine: readonly string[], input = ''): Promise<string> {
  const host = createInProcessHost(input);
  expect([await runStepfold(commandLine, host), host.complained()]).toEqual([0, '']);
  return host.printed();
}

describe('--view coder', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: prints what the view makes of the messages, with and without --json',
    async (_name, vector) => {
      const input = vector.events.map((event) => `${JSON.stringify(event)}\n`).join('');
      const command = ['fold', '-', '--format', 'stepfold', '--view', 'coder'];
      const json = await printed([...command, '--json'], input);
      const wanted = foldAll(decodedEvents(vector)).messages.flatMap(coderMessages);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(wanted)));
      expect(await printed(command, input)).toBe(json);
    },
  );

  it('prints an empty array for a chat that is not known', async () => {
    using folder = temporaryFolder();
    const words = ['messages', 'nobody', '--data', folder.path, '--view', 'coder'];
    expect(await printed([...words, '--json'])).toBe('[]\n');
    expect(await printed(words)).toBe('[]\n');
  });
});
