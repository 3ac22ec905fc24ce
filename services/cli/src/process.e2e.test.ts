import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { killSpawned, outputOf, runStepfoldProcess, spawnStepfold } from './testing/spawn-stepfold.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { VERSION } from './version.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

const recording = '{"type":"start-step"}\n{"type":"finish-step"}\n';

describe('the program', () => {
  it('answers 2 and one sentence for bad usage', async () => {
    expect(await outputOf(['--version'])).toBe(`${VERSION}\n`);
    const finished = await runStepfoldProcess(['fodl']);
    expect(finished).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: "stepfold: unknown command 'fodl' (Did you mean fold?)\n",
    });
  });

  it('shows where an error came from only if asked', async () => {
    const environment = { STEPFOLD_DEBUG: '1' };
    const { stderr, exitCode } = await runStepfoldProcess(['fold', 'missing', '-f', 'ai-sdk'], {
      environment,
    });
    expect(stderr).toMatch(/^stepfold: missing is not there\nUsageError.*\n +at /);
    expect(exitCode).toBe(2);
  });

  it('refuses a data folder that is a file in one sentence', async () => {
    using folder = temporaryFolder();
    const data = folder.write('data', 'not a folder');
    const file = folder.write('run.jsonl', recording);
    const commandLines = [
      ['messages', 'c', '--data', data],
      ['publish', file, '--format', 'ai-sdk', '--data', data],
      ['writer', '--data', data],
    ];
    for (const finished of await Promise.all(commandLines.map((words) => runStepfoldProcess(words)))) {
      expect(finished.stderr).toMatch(/^stepfold: [^\n]*data[^\n]*\n$/);
      expect(finished).toMatchObject({ exitCode: 2, stdout: '' });
    }
  });

  it('ends quietly when the reader of its output goes away', async () => {
    using folder = temporaryFolder();
    const deltas = '{"type":"text-delta","id":"t","text":"x"}\n'.repeat(50_000);
    const file = folder.write('run.jsonl', recording + deltas);
    const running = spawnStepfold(['convert', file, '--format', 'ai-sdk', '--json']);
    running.process.stdout?.once('data', () => running.process.stdout?.destroy());
    expect(await running.finished).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
  });
});
