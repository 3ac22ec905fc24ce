import { describe, expect, it } from '@jest/globals';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';
import { temporaryFolder } from './testing/temporary-folder.js';

interface Answer {
  readonly exitCode: number;
  readonly printed: string;
  readonly complained: string;
}

async function run(commandLine: readonly string[], input = ''): Promise<Answer> {
  const host = createInProcessHost(input);
  const exitCode = await runStepfold([...commandLine], host);
  return { exitCode, printed: host.printed(), complained: host.complained() };
}

const linesOf = (...parts: readonly object[]): string =>
  parts.map((part) => `${JSON.stringify(part)}\n`).join('');

const full = linesOf(
  { type: 'start' },
  { type: 'start-step', request: {}, warnings: [] },
  { type: 'text-delta', id: 't', text: 'so' },
);
const chat = linesOf({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'so' }, finish_reason: 'stop' }],
});
const live = linesOf({ setupComplete: {} }, { serverContent: { turnComplete: true } });

describe('a file whose format is not named', () => {
  it('gives what it gives when it is named, and says on standard error what it was read as', async () => {
    using folder = temporaryFolder();
    const file = folder.write('f.jsonl', full);
    for (const [command, ...words] of [
      ['fold'],
      ['convert'],
      ['convert', '--json'],
      ['fold', '--json'],
    ] as const) {
      const named = await run([command, file, ...words, '--format', 'ai-sdk']);
      const told = await run([command, file, ...words]);
      expect(named).toMatchObject({ exitCode: 0, complained: '' });
      expect(told).toEqual({
        ...named,
        complained: `${file} is read as ai-sdk: line 2 has type "start-step" with request\n`,
      });
      expect(await run([command, file, ...words, '--format', 'auto'])).toEqual(told);
    }
  });

  it('may come by standard input, and hold events, whose ids and times are their own', async () => {
    const events = (await run(['convert', '-', '--format', 'ai-sdk', '--json'], full)).printed;
    expect(await run(['fold', '-', '--json'], events)).toEqual({
      ...(await run(['fold', '-', '--format', 'stepfold', '--json'], events)),
      complained: 'standard input is read as stepfold: line 1 has chat_id, step_id and at\n',
    });
    expect(await run(['fold', '-', '--chat', 'c'], events)).toMatchObject({
      exitCode: 2,
      printed: '',
      complained: expect.stringContaining('--chat cannot be used with a file of the format stepfold'),
    });
  });

  it('is told for each file by itself, with one note for each format', async () => {
    using folder = temporaryFolder();
    const files = [folder.write('a', full), folder.write('b', chat), folder.write('c', full)];
    const { exitCode, printed, complained } = await run(['fold', ...files, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(printed)).toHaveLength(3);
    expect(complained.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/\/a and 1 more are read as ai-sdk: /),
      expect.stringMatching(/\/b is read as openai-chat: line 1 has object "chat\.completion\.chunk"$/),
    ]);
  });

  it('is no run twice, unless it holds events', async () => {
    using one = temporaryFolder();
    using other = temporaryFolder();
    expect(await run(['fold', one.write('f', full), other.write('f', chat)])).toMatchObject({
      exitCode: 2,
      complained: expect.stringContaining('would both be run f'),
    });
    const events = (await run(['convert', '-', '--format', 'ai-sdk', '--json'], full)).printed;
    expect(await run(['fold', one.write('e', events), other.write('e', chat)])).toMatchObject({
      exitCode: 0,
    });
  });

  it('says nothing of it where only errors are wanted', async () => {
    expect(await run(['fold', '-', '--log-level', 'error'], full)).toMatchObject({ complained: '' });
  });

  it.each([
    ['what is not supported', live, /Google’s Live API is not supported: line 1 has setupComplete$/],
    [
      'what is not known',
      '{"type":"odd\u009b31m"}\n',
      /no format that is known: line 1 has type "odd.31m"; name its format with --format$/,
    ],
    [
      'too little of a stream',
      linesOf({ type: 'text-start', id: '0' }),
      /may be ai-sdk or language-model or ui-message: line 1 has type "text-start"; name/,
    ],
    ['a mixture', full + chat, /is a mixture of formats: line 2 .* line 4 has object/],
    ['no JSON', 'hello\n', /line 1 is no JSON object; name/],
    ['blank lines', '\n\n', /f\.jsonl is empty$/],
  ] as const)(
    'ends with 2 and one sentence for %s, before anything is published',
    async (_what, content, sentence) => {
      using folder = temporaryFolder();
      const file = folder.write('f.jsonl', content);
      for (const words of [['fold'], ['convert'], ['publish', '--data', folder.file('data')]]) {
        const [command, ...options] = words;
        const { exitCode, printed, complained } = await run([command!, file, ...options]);
        expect({ exitCode, printed }).toEqual({ exitCode: 2, printed: '' });
        expect(complained).toMatch(/^stepfold: [^\n]*\n$/);
        expect(complained.trimEnd()).toMatch(sentence);
        expect(complained).not.toContain('\u009b');
      }
    },
  );
});

describe('a file of another format than was named', () => {
  it('is read as it was asked for, with a doubt on standard error', async () => {
    const { exitCode, printed, complained } = await run(['fold', '-', '--format', 'google', '--json'], live);
    expect({ exitCode, printed }).toEqual({ exitCode: 0, printed: '[]\n' });
    expect(complained.split('\n')[0]).toBe(
      'standard input was read as google, and no events came of it; Google’s Live API is not supported: line 1 has setupComplete',
    );
    expect((await run(['fold', '-', '--format', 'anthropic'], chat)).complained).toContain(
      'no events came of it; it looks like openai-chat: line 1 has object',
    );
    expect((await run(['fold', '-', '--format', 'language-model'], full)).complained).toContain(
      'standard input was read as language-model; it looks like ai-sdk: line 2 has',
    );
    expect((await run(['fold', '-', '--format', 'google'], '{"type":"odd"}\n')).complained).toContain(
      'standard input was read as google, and no events came of it: none of its parts is known there',
    );
  });

  it('raises none where the file leaves it open', async () => {
    expect(await run(['fold', '-', '--format', 'ai-sdk'], '{"type":"start"}\n')).toMatchObject({
      exitCode: 0,
      complained: '',
    });
  });
});
