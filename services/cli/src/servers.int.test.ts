import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageJson } from '@stepfold/fold';
import { storedMessages, stream } from './testing/stored-messages.js';
import { killSpawned, outputOf, runStepfoldProcess, spawnStepfold } from './testing/spawn-stepfold.js';
import { temporaryFolder, type TemporaryFolder } from './testing/temporary-folder.js';
import { serverAdapters } from './testing/test-adapters.js';

jest.setTimeout(180_000);

let servers: Awaited<ReturnType<typeof serverAdapters>>;
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = temporaryFolder();
  servers = await serverAdapters();
});
afterEach(async () => {
  killSpawned();
  folder[Symbol.dispose]();
  await servers[Symbol.asyncDispose]();
});

/** The options of the servers, but for those that are given. */
function wordsWith(replaced: Readonly<Record<string, string>>): readonly string[] {
  const words = [...servers.words];
  for (const [option, value] of Object.entries(replaced)) {
    const at = words.indexOf(option);
    if (at < 0) words.push(option, value);
    else words[at + 1] = value;
  }
  return words;
}

/** Where nobody listens: the port of a service that no machine runs any more. */
const NOWHERE = '127.0.0.1:9';

describe('a server that is away at the start', () => {
  it('ends every command that needs the broker with 3 and one sentence', async () => {
    const file = folder.write('run.jsonl', stream);
    const commandLines = [
      ['publish', file, '--format', 'ai-sdk'],
      ['projector'],
      ['writer'],
      ['dev'],
      ['events', 'c'],
      ['replay', 'c'],
      ['explain', 'c', 's', '0'],
      ['lag'],
      ['tail'],
      ['verify', '--all'],
    ];
    const away = wordsWith({ '--kafka': NOWHERE });
    for (const finished of await Promise.all(
      commandLines.map((words) => runStepfoldProcess([...words, ...away])),
    )) {
      expect(finished.stderr).toMatch(/^stepfold: [^\n]*127\.0\.0\.1:9 \(connection refused\)[^\n]*\n$/);
      expect(finished).toMatchObject({ exitCode: 3, stdout: '' });
    }
  });

  it('ends every command that has the store with 3 and one sentence, without the password', async () => {
    const commandLines = [
      ['writer'],
      ['dev'],
      ['projector'],
      ['chats'],
      ['messages', 'c'],
      ['replay', 'c'],
      ['lag'],
      ['verify', '--all'],
    ];
    const away = wordsWith({ '--mongodb': `mongodb://somebody:Zanzibar@${NOWHERE}/x` });
    for (const { exitCode, stdout, stderr } of await Promise.all(
      commandLines.map((words) => runStepfoldProcess([...words, ...away])),
    )) {
      const last = stderr.trimEnd().split('\n').at(-1);
      expect(last).toMatch(/^stepfold: .*store.*127\.0\.0\.1:9.*cannot be reached/);
      expect(stderr).not.toContain('Zanzibar');
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    }
  });
});

describe('a new generation', () => {
  it('has its own partitions, follows the old one in its chats, and shuts out those that still mean that', async () => {
    const [first, second] = ['first', 'second'].map((name) => folder.write(`${name}.jsonl`, stream));
    const old = servers.words;
    let dev = spawnStepfold(['dev', ...old, '--progress-interval', '20']);
    await dev.shown('partition assigned');
    await outputOf(['publish', first!, '--format', 'ai-sdk', '--chat', 'c', ...old]);
    await storedMessages('c', old, 2);
    dev.process.kill('SIGTERM');
    expect((await dev.finished).exitCode).toBe(0);

    await servers.deleteTopics();
    const next = wordsWith({ '--generation': '1', '--partitions': '3' });
    // Whoever only reads or publishes does not begin a generation.
    const early = await runStepfoldProcess(['publish', second!, '--format', 'ai-sdk', ...next]);
    expect(early).toMatchObject({ exitCode: 2, stdout: '' });
    expect(early.stderr).toMatch(/no generation 1 of the log, the last is 0: begin it by starting projector/);

    dev = spawnStepfold(['dev', ...next, '--progress-interval', '20']);
    await dev.shown('partition assigned');
    const published = await outputOf([
      'publish',
      second!,
      '--format',
      'ai-sdk',
      '--chat',
      'c',
      ...next,
      '--json',
    ]);
    expect(JSON.parse(published)).toMatchObject({ position: expect.stringMatching(/^[012]:12$/) });
    const stored = JSON.parse(await storedMessages('c', next, 4)) as MessageJson[];
    expect(stored.map(({ log, step_id }) => [log?.generation, step_id])).toEqual([
      [0, 'first.0'],
      [0, 'first.1'],
      [1, 'second.0'],
      [1, 'second.1'],
    ]);
    const verified = JSON.parse(await outputOf(['verify', '--all', ...next, '--json'])) as object;
    expect(verified).toMatchObject({ ok: true, checked: 2, beyond_log: 2 });

    for (const words of [
      ['projector'],
      ['writer'],
      ['publish', first!, '--format', 'ai-sdk'],
      ['events', 'c'],
    ]) {
      const { exitCode, stderr } = await runStepfoldProcess([
        ...words,
        ...wordsWith({ '--partitions': '3' }),
      ]);
      expect(stderr).toMatch(/the store is at generation 1 of the log, and this is generation 0/);
      expect(exitCode).toBe(2);
    }
    dev.process.kill('SIGTERM');
    expect((await dev.finished).exitCode).toBe(0);
  });

  it('is what topics with another number of partitions need', async () => {
    await outputOf(['events', 'c', ...servers.words]);
    const wanted = await runStepfoldProcess(['writer', ...wordsWith({ '--partitions': '3' })]);
    expect(wanted.stderr).toMatch(/have 2 partitions, and 3 are configured.*new generation/);
    expect(wanted.exitCode).toBe(2);

    // The topics were made anew, but the generation was not raised: only the store knows.
    await servers.deleteTopics();
    const anew = wordsWith({ '--partitions': '3' });
    const forgotten = await runStepfoldProcess(['projector', ...anew]);
    expect(forgotten.stderr).toMatch(
      /has 3 partitions, and the store knows generation 0 with 2.*--generation 1/,
    );
    expect(forgotten.exitCode).toBe(2);
  });
});
