import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { commandTable } from './commands/command-table.js';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';
import { temporaryFolder, type TemporaryFolder } from './testing/temporary-folder.js';
import { VERSION } from './version.js';

jest.setTimeout(60_000);

const recording = '{"type":"start-step"}\n{"type":"finish-step"}\n';

async function run(commandLine: readonly string[], input?: string) {
  const host = createInProcessHost(input);
  const exitCode = await runStepfold(commandLine, host);
  return { exitCode, stdout: host.printed(), stderr: host.complained() };
}

describe('help', () => {
  it('is printed for the program and lists every command', async () => {
    const { stdout, exitCode } = await run(['--help']);
    for (const { name } of commandTable) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(exitCode).toBe(0);
  });

  it.each(commandTable.map(({ name }) => name))('of %s names its options within 80 columns', async (name) => {
    const { stdout, stderr, exitCode } = await run([name, '--help']);
    expect(stdout).toMatch(new RegExp(`^Usage: stepfold ${name} `));
    expect(stdout).toContain('--help');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await run(['help', name])).toEqual({ stdout, stderr, exitCode });
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  });

  it('names the version of the package', async () => {
    const { version } = jest.requireActual<{ version: string }>('../package.json');
    expect(VERSION).toBe(version);
    expect((await run(['--version'])).stdout).toBe(`${VERSION}\n`);
  });
});

describe('bad usage', () => {
  let folder: TemporaryFolder;
  beforeEach(() => {
    folder = temporaryFolder();
    folder.write('FILE', recording);
  });
  afterEach(() => folder[Symbol.dispose]());

  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no command', [], /name a command/],
    ['an unknown command', ['fodl'], /unknown command 'fodl'.*fold/],
    ['no command of a group', ['dead-letters'], /name a command: .*list, show, retry/],
    ['an option before the command of a group', ['dead-letters', '--json'], /name a command: .*list/],
    [
      'an unknown command of a group',
      ['dead-letters', 'drop'],
      /unknown command 'drop': .*list, show, retry/,
    ],
    ['help with an unknown command', ['help', 'fodl'], /unknown command 'fodl'/],
    ['an unknown option', ['messages', 'c', '--redis', 'host:9092'], /unknown option '--redis'/],
    ['a missing format', ['fold', 'FILE'], /--format/],
    ['an unknown format', ['fold', 'FILE', '--format', 'wire'], /wire.*stepfold, ai-sdk/],
    ['an unknown view', ['fold', 'FILE', '--format', 'ai-sdk', '--view', 'x'], /--view.*native/],
    ['a chat that is no id', ['fold', 'FILE', '--format', 'ai-sdk', '--chat', 'a:b'], /--chat.*":"/],
    ['a run that is too long', ['fold', 'FILE', '--format', 'ai-sdk', '--run', 'r'.repeat(181)], /180.*181/],
    [
      'a start that is no time',
      ['fold', 'FILE', '--format', 'ai-sdk', '--start', 'noon'],
      /--start.*such as/,
    ],
    [
      'a start before 2001',
      ['fold', 'FILE', '--format', 'ai-sdk', '--start', '1999-01-01T00:00:00Z'],
      /2001/,
    ],
    [
      'a limit before 2001',
      ['events', 'c', '--until', '1999-01-01T00:00:00Z'],
      /'1999-01-01T00:00:00Z' is invalid: "1999/,
    ],
    [
      'an argument that is no id',
      ['messages', '.c'],
      /^stepfold: '\.c' is invalid for argument 'chat': it must/,
    ],
    ['a negative tick', ['fold', 'FILE', '--format', 'ai-sdk', '--tick', '-1'], /--tick.*whole number/],
    ['a tick for events', ['fold', 'FILE', '--format', 'stepfold', '--tick', '1'], /--tick.*stepfold/],
    ['a chat for events', ['convert', 'FILE', '--format', 'stepfold', '--chat', 'c'], /--chat.*stepfold/],
    ['a run for events', ['publish', 'FILE', '--format', 'stepfold', '--run', 'r'], /--run.*stepfold/],
    [
      'a start for events',
      ['publish', 'FILE', '--format', 'stepfold', '--start', '2026-01-01T00:00:00Z'],
      /--start.*stepfold/,
    ],
    ['coalescing of events', ['publish', 'FILE', '--format', 'stepfold', '--coalesce', '5'], /--coalesce/],
    ['a speed of nothing', ['publish', 'FILE', '--format', 'ai-sdk', '--speed', '0'], /--speed.*above 0/],
    [
      'two files of one run',
      ['publish', 'FILE', 'other/FILE', '--format', 'ai-sdk'],
      /run FILE.* of chat FILE/,
    ],
    [
      'two files of a given run',
      ['fold', 'FILE', 'other/FILE', '--format', 'ai-sdk', '--run', 'r'],
      /run r of chat r/,
    ],
    ['two files for convert', ['convert', 'FILE', 'FILE', '--format', 'ai-sdk'], /too many arguments/],
    ['a chat name that none has', ['messages', 'a b'], /must not hold " "/],
    [
      'both limits of events',
      ['events', 'c', '--until-offset', '1', '--until', '2026-01-01T00:00:00Z'],
      /both|together/,
    ],
    ['a limit that is no position', ['events', 'c', '--until-offset', 'x'], /partition:offset/],
    [
      'both limits of a replay',
      ['replay', 'c', '--until-offset', '1', '--until', '2026-01-01T00:00:00Z'],
      /together/,
    ],
    ['a part that is no number', ['explain', 'c', 's', 'first'], /part.*whole number/],
    ['two beginnings of a tail', ['tail', '--from-start', '--last', '3'], /together/],
    ['more of the past than is held', ['tail', '--last', '1000000'], /--last.*10000/],
    ['nothing to verify', ['verify'], /--all/],
    ['too much to verify', ['verify', 'c', '--all'], /--all/],
    ['a rebuild of everything', ['rebuild', '--data', 'DATA-FILE'], /--chat.*verify --all/],
    ['a rebuild of what is no chat', ['rebuild', '--chat', 'c', 'a b'], /--chat.*must not hold " "/],
    ['a word of dead letters that there is none of', ['dead-letters', 'lst'], /unknown command 'lst'.*list/],
    ['a reason that there is none of', ['dead-letters', 'list', '--reason', 'x'], /--reason.*bad-json/],
    ['no dead letter to show', ['dead-letters', 'show'], /missing.*id/],
    ['nothing to retry', ['dead-letters', 'retry'], /--all/],
    ['too much to retry', ['dead-letters', 'retry', 't:0:1', '--all'], /--all.*not both/],
    [
      'a reason beside an id',
      ['dead-letters', 'retry', 't:0:1', '--reason', 'bad-json'],
      /--reason goes with --all/,
    ],
    ['a demo of a file without format', ['demo', 'FILE'], /--format/],
    ['a time-out that is no number', ['projector', '--reaper-grace', 'soon'], /--reaper-grace.*whole number/],
    [
      'time-outs that contradict',
      ['projector', '--step-max-age', '5', '--log-level', 'silent', '--data', 'DATA-FILE'],
      /stepAgeMaxMs/,
    ],
    ['a level that is none', ['dev', '--log-level', 'loud'], /--log-level.*debug, info/],
  ];

  it.each(cases)('%s is refused in one sentence', async (_title, commandLine, sentence) => {
    const inFolder = commandLine.map((word) => (word.endsWith('FILE') ? path.join(folder.path, word) : word));
    const { exitCode, stdout, stderr } = await run(inFolder);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^stepfold: [^\n]+\n$/);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });
});
