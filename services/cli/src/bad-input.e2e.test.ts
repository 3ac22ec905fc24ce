import fs from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { killSpawned, runStepfoldProcess, type Finished } from './testing/spawn-stepfold.js';
import { temporaryFolder } from './testing/temporary-folder.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

const event = {
  v: 1,
  chat_id: 'chat-1',
  step_id: 'step-1',
  producer: 'p',
  seq: 0,
  at: 1_775_822_400_000_000,
  type: 'step-start',
};
const delta = { ...event, seq: 1, type: 'text-delta', id: 'b', text: 'so' };
const line = (changed: object = {}): string => `${JSON.stringify({ ...event, ...changed })}\n`;

/** What the file holds, and what the one sentence has to name. */
interface BadFile {
  readonly title: string;
  readonly content: string | Uint8Array;
  readonly sentence: RegExp;
}

const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
const badFiles: readonly BadFile[] = [
  { title: 'an empty file', content: '', sentence: /bad\.jsonl is empty/ },
  { title: 'a file of blank lines', content: '\n \r\n\n', sentence: /bad\.jsonl holds no event/ },
  {
    title: 'a broken line',
    content: `${line()}{"v":1,"chat_id":\n${line({ seq: 1 })}`,
    sentence: /bad\.jsonl, line 2: .*JSON/,
  },
  {
    title: 'a line that is no object',
    content: `${line()}\n[1,2]\n`,
    sentence: /bad\.jsonl, line 3: .*not a JSON object/,
  },
  {
    title: 'a UTF-8 sequence that the end of the file cuts off',
    content: Buffer.from(`${line()}${JSON.stringify({ ...delta, text: 'ü' })}`).subarray(0, -3),
    sentence: /bad\.jsonl, line 2: .*UTF-8/,
  },
  {
    title: 'an event of version 2',
    content: line({ v: 2 }),
    sentence: /bad\.jsonl, line 1: v: version 2 is not known/,
  },
  {
    title: 'a 9 MiB event',
    content: `${line()}${JSON.stringify({ ...delta, text: 'x'.repeat(9 * 1024 * 1024) })}\n`,
    sentence: /bad\.jsonl, line 2: .*9437\d\d\d bytes; at most 8388608/,
  },
  {
    title: 'an event that grows beyond the limit when it is written again',
    content: `${line()}${JSON.stringify({ ...event, type: 'data', seq: 1, name: 'n', data: 0 }).replace('"data":0', `"data":[${'9e20,'.repeat(600_000)}1]`)}\n`,
    sentence: /bad\.jsonl, line 2: the event has \d+ bytes; at most 8388608/,
  },
  {
    title: 'an unknown type',
    content: line({ type: 'step-begin' }),
    sentence: /bad\.jsonl, line 1: type: "step-begin" is no event type/,
  },
  {
    title: 'a seq without a producer',
    content: line({ producer: undefined }),
    sentence: /bad\.jsonl, line 1: producer: is missing/,
  },
  {
    title: 'a time in milliseconds',
    content: line({ at: 1_775_822_400_000 }),
    sentence: /bad\.jsonl, line 1: at: 1775822400000 looks like milliseconds/,
  },
  {
    title: 'an id with a colon',
    content: line({ chat_id: 'a:b' }),
    sentence: /bad\.jsonl, line 1: chat_id: must not hold ":"/,
  },
  {
    title: 'JSON of 10,000 levels',
    content: `${line()}${JSON.stringify({ ...event, seq: 1, type: 'data', name: 'n', data: 0 }).replace('"data":0', `"data":${deep}`)}\n`,
    sentence: /bad\.jsonl, line 2: data: is nested more than 64 levels deep/,
  },
];

function expectOneSentence(finished: Finished, sentence: RegExp): void {
  expect(finished.stderr).toMatch(sentence);
  expect(finished.stderr).toMatch(/^stepfold: [^\n]+\n$/);
  expect(finished.stdout).toBe('');
  expect(finished.exitCode).toBe(2);
}

describe('a bad stepfold file', () => {
  it.each(badFiles)('with $title is refused in one sentence, and nothing is published', async (badFile) => {
    using folder = temporaryFolder();
    const file = folder.write('bad.jsonl', badFile.content);
    const good = folder.write('good.jsonl', line({ chat_id: 'good' }));
    const data = folder.file('data');
    const format = ['--format', 'stepfold'];
    const [folded, published] = await Promise.all([
      runStepfoldProcess(['fold', good, file, ...format, '--json']),
      runStepfoldProcess(['publish', good, file, ...format, '--data', data]),
    ]);
    expectOneSentence(folded, badFile.sentence);
    expectOneSentence(published, badFile.sentence);
    // The log was not even opened.
    expect(fs.existsSync(data)).toBe(false);
  });

  it('is refused by convert before anything of it is printed', async () => {
    using folder = temporaryFolder();
    // More than is printed in one piece.
    const file = folder.write('bad.jsonl', `${line().repeat(2_000)}${line({ v: 2 })}`);
    const finished = await runStepfoldProcess(['convert', file, '--format', 'stepfold', '--json']);
    expectOneSentence(finished, /bad\.jsonl, line 2001: v: version 2/);
  });

  it('has its line named also behind a byte order mark, CRLF and megabytes of good lines', async () => {
    using folder = temporaryFolder();
    const good = `${JSON.stringify({ ...delta, text: 'x'.repeat(50_000) })}\r\n`;
    const file = folder.write('bad.jsonl', `\uFEFF${line()}${good.repeat(99)}{"v":9}\r\n`);
    const finished = await runStepfoldProcess(['fold', file, '--format', 'stepfold', '--json']);
    expectOneSentence(finished, /bad\.jsonl, line 101: v: version 9/);
  });
});

describe('a file of a provider format', () => {
  it('is refused if it is empty, without one readable line, or no UTF-8', async () => {
    using folder = temporaryFolder();
    const cases = [
      { content: '', sentence: /bad\.jsonl is empty/ },
      { content: '\n\n', sentence: /bad\.jsonl is empty/ },
      { content: 'what\nis\nthis\n', sentence: /bad\.jsonl: no line (is|holds) a JSON object/ },
      { content: Uint8Array.of(0x7b, 0x7d, 0x0a, 0xc3), sentence: /bad\.jsonl, line 2: .*UTF-8/ },
    ];
    for (const { content, sentence } of cases) {
      const file = folder.write('bad.jsonl', content);
      const finished = await runStepfoldProcess(['fold', file, '--format', 'ai-sdk', '--json']);
      expectOneSentence(finished, sentence);
    }
  });

  it('has its broken lines passed over and counted on standard error', async () => {
    using folder = temporaryFolder();
    const content = '{"type":"start-step"}\n{"type":\n{"type":"wonder"}\n{"type":"finish-step"}\n';
    const file = folder.write('run.jsonl', content);
    const finished = await runStepfoldProcess(['fold', file, '--format', 'ai-sdk', '--json']);
    expect(finished.exitCode).toBe(0);
    expect(JSON.parse(finished.stdout)).toHaveLength(1);
    expect(JSON.parse(finished.stderr)).toMatchObject({
      level: 'warn',
      unreadable_lines: 1,
      unknown_parts: { wonder: 1 },
    });
  });
});

describe('a file that cannot be read', () => {
  it('is named with the reason', async () => {
    using folder = temporaryFolder();
    const missing = folder.file('missing.jsonl');
    const [absent, absentToo, directory] = await Promise.all([
      runStepfoldProcess(['fold', missing, '--format', 'stepfold']),
      runStepfoldProcess(['publish', missing, '--format', 'ai-sdk']),
      runStepfoldProcess(['convert', folder.path, '--format', 'ai-sdk']),
    ]);
    expectOneSentence(absent, /missing\.jsonl is not there/);
    expectOneSentence(absentToo, /missing\.jsonl is not there/);
    expectOneSentence(directory, /is a directory, not a file/);
    const empty = await runStepfoldProcess(['fold', '-', '--format', 'ai-sdk']);
    expectOneSentence(empty, /standard input is empty/);
  });
});
