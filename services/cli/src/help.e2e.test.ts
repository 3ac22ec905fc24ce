import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { commandGroups } from './commands/command-groups.js';
import { commandTable } from './commands/command-table.js';
import { completionScripts, type ShellName } from './completion/completion-scripts.js';
import { programExamples } from './create-program.js';
import { storedMessages, stream } from './testing/stored-messages.js';
import {
  killSpawned,
  outputOf,
  spawnShellLine,
  spawnStepfold,
  type Finished,
} from './testing/spawn-stepfold.js';
import { temporaryFolder, type TemporaryFolder } from './testing/temporary-folder.js';

jest.setTimeout(240_000);

/** A folder as a reader has it: a recording, and a chat that was made of it. */
let prepared: TemporaryFolder;

beforeAll(async () => {
  prepared = temporaryFolder();
  prepared.write('recording.jsonl', stream);
  prepared.write('chat.json', '[{"id":"m","role":"user","parts":[{"type":"text","text":"Hi"}]}]');
  const data = ['--data', prepared.file('.stepfold')];
  await outputOf([
    'publish',
    prepared.file('recording.jsonl'),
    '--format',
    'ai-sdk',
    '--chat',
    'my-chat',
    ...data,
  ]);
  const dev = spawnStepfold(['dev', ...data]);
  await storedMessages('my-chat', data, 2);
  dev.process.kill('SIGTERM');
  await dev.finished;
  const runtime = createSystemRuntime();
  await using log = await openEmbeddedLog({ directory: prepared.file('.stepfold/log'), runtime });
  await using store = await openEmbeddedStore({ directory: prepared.file('.stepfold/store'), runtime });
  // An event that an older projector did not know, and that is in its message by now.
  const [record] = (await log.read('events', 1, 3, { recordsMax: 1 })).records;
  await store.writeDeadLetters([
    {
      id: 'stepfold.events:1:3',
      stage: 'projector',
      reason: 'unknown-type',
      detail: 'type: unknown',
      chat_id: 'my-chat',
      step_id: 'recording.0',
      key: record!.key,
      value: record!.value,
      at: 1_775_822_400_000_000,
    },
  ]);
});

afterAll(() => {
  killSpawned();
  prepared[Symbol.dispose]();
});

/** A copy of that folder: an example must not live on what another one left. */
function copyOfPrepared(): TemporaryFolder {
  const folder = temporaryFolder();
  fs.cpSync(prepared.path, folder.path, { recursive: true });
  return folder;
}

/** What shows that a line which runs until it is stopped has begun. */
function signOf(name: string, line: string): string {
  if (name === 'demo') return 'will be killed';
  if (name !== 'tail') return 'started';
  return line.includes('--json') ? '{' : 'following';
}

const services = new Set(['dev', 'projector', 'writer', 'gateway', 'demo', 'tail']);

/** Runs the line as it stands in the help; what runs until it is stopped is stopped when it has said something. */
async function runExample(line: string): Promise<Finished> {
  using folder = copyOfPrepared();
  // The line takes the place of the shell, so that a signal reaches it.
  const running = spawnShellLine(`exec ${line}`, { workingDirectory: folder.path });
  const [, name = ''] = line.split(' ');
  if (services.has(name) && !line.includes('--exit')) {
    await running.shown(signOf(name, line));
    running.process.kill('SIGINT');
  }
  return await running.finished;
}

describe('every example of the help works', () => {
  it.each(commandTable.map((entry) => [entry.name, entry] as const))('of %s', async (name, entry) => {
    const { examples } = await entry.load();
    expect(examples).not.toHaveLength(0);
    for (const { line } of examples) {
      expect(line).toMatch(new RegExp(`^stepfold ${name}( |$)`));
      const { exitCode, signal, stderr } = await runExample(line);
      expect({ line, exitCode, signal, stderr }).toEqual({
        line,
        exitCode: 0,
        signal: null,
        stderr: expect.not.stringMatching(/^stepfold: /m),
      });
    }
  });

  it('of the program', async () => {
    expect(programExamples).toHaveLength(3);
    for (const { line } of programExamples) {
      expect({ line, ...(await runExample(line)) }).toMatchObject({ line, exitCode: 0 });
    }
  });
});

describe('the help', () => {
  it('has every command in one group', () => {
    const grouped = commandGroups.flatMap(({ names }) => names);
    expect(new Set(grouped).size).toBe(grouped.length);
    for (const { name } of commandTable) expect(grouped).toContain(name);
  });
});

describe('completion', () => {
  /** What bash offers for a line of which the last word is being typed. */
  async function offered(folder: TemporaryFolder, words: readonly string[]): Promise<readonly string[]> {
    const line = [
      'eval "$(stepfold completion bash)"',
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
      `COMP_CWORD=${words.length - 1}`,
      '_stepfold',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const { stdout, stderr, exitCode } = await spawnShellLine(line, { workingDirectory: folder.path })
      .finished;
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    return stdout.split('\n').filter((word) => word !== '');
  }

  it('in bash offers commands, options, choices, files, folders and chats that are stored', async () => {
    using folder = copyOfPrepared();
    fs.mkdirSync(folder.file('some folder'));
    const commands = await offered(folder, ['stepfold', '']);
    expect(commands).toEqual(expect.arrayContaining(commandTable.map(({ name }) => name)));
    expect(await offered(folder, ['stepfold', 'fold', '--for'])).toEqual(['--format']);
    expect(await offered(folder, ['stepfold', 'fold', '--format', 'ai'])).toEqual(['ai-sdk']);
    expect(await offered(folder, ['stepfold', 'fold', 'rec'])).toEqual(['recording.jsonl']);
    expect(await offered(folder, ['stepfold', 'messages', '--data', 'some'])).toEqual(['some folder']);
    expect(await offered(folder, ['stepfold', 'messages', 'my'])).toEqual(['my-chat']);
    expect(await offered(folder, ['stepfold', 'messages', 'your'])).toEqual([]);
    expect(await offered(folder, ['stepfold', 'verify', 'a', ''])).toEqual(['my-chat']);
  });

  it.each(Object.keys(completionScripts) as ShellName[])('prints a script for %s', async (shell) => {
    expect(await outputOf(['completion', shell])).toBe(completionScripts[shell]);
  });
});
