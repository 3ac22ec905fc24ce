import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { formatStamp } from '@stepfold/events';
import { runStepfold } from '../run-stepfold.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { temporaryFolder, type TemporaryFolder } from '../testing/temporary-folder.js';

const chat = [
  { id: 'm1', role: 'user', createdAt: '2026-03-01T10:00:00Z', parts: [{ type: 'text', text: 'Add' }] },
  {
    id: 'm2',
    role: 'assistant',
    parts: [
      { type: 'step-start' },
      { type: 'tool-add', toolCallId: 'c', state: 'output-available', input: { a: 1 }, output: 2 },
      { type: 'step-start' },
      { type: 'text', text: 'Two' },
    ],
  },
];

async function run(folder: TemporaryFolder, ...words: readonly string[]) {
  const host = createInProcessHost();
  const exitCode = await runStepfold([...words, '--data', folder.file('data')], host);
  return { exitCode, printed: host.printed(), complained: host.complained() };
}

async function importJson(folder: TemporaryFolder, file: string, ...words: readonly string[]) {
  const { exitCode, printed } = await run(
    folder,
    'import',
    file,
    '--from',
    'ui-messages',
    '--json',
    ...words,
  );
  const [result] = JSON.parse(printed) as Record<string, unknown>[];
  return { exitCode, result: { ...result, file: undefined } };
}

async function outcomes(folder: TemporaryFolder): Promise<string[]> {
  const { printed } = await run(folder, 'events', 'chat', '--json');
  return printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: Event; outcome: string })
    .map(({ event, outcome }) => `${event.step_id} ${event.attempt ?? 0} ${outcome}`);
}

describe('stepfold import', () => {
  it('publishes a chat once, however often it is imported', async () => {
    using folder = temporaryFolder();
    const file = folder.write('chat.json', JSON.stringify(chat));
    const first = { chat_id: 'chat', different: [], passed_over: {} };
    expect(await importJson(folder, file)).toEqual({
      exitCode: 0,
      result: { ...first, imported: 3, present: 0 },
    });
    expect(await importJson(folder, file)).toEqual({
      exitCode: 0,
      result: { ...first, imported: 0, present: 3 },
    });
    expect(await outcomes(folder)).toEqual(['m1 0 accepted', 'm2.0 0 accepted', 'm2.1 0 accepted']);
    const { printed } = await run(folder, 'replay', 'chat', '--view', 'coder', '--json');
    expect(printed).toContain(formatStamp(Date.parse('2026-03-01T10:00:00Z') * 1_000));
    expect(printed.match(/created_at/g)).toHaveLength(1);
  });

  it('adds what a chat has grown by, one message a line too', async () => {
    using folder = temporaryFolder();
    const file = folder.write('chat.json', JSON.stringify({ messages: chat }));
    await importJson(folder, file);
    const later = { id: 'm3', role: 'user', parts: [{ type: 'text', text: 'Thanks' }] };
    folder.write('chat.json', [...chat, later].map((message) => JSON.stringify(message)).join('\n'));
    expect(await importJson(folder, file)).toMatchObject({
      exitCode: 0,
      result: { imported: 1, present: 3 },
    });
  });

  it('tells of what was edited since, and replaces it if asked', async () => {
    using folder = temporaryFolder();
    const file = folder.write('chat.json', JSON.stringify(chat));
    await importJson(folder, file);
    const edited = [{ ...chat[0], parts: [{ type: 'text', text: 'Add it' }] }, chat[1]];
    folder.write('chat.json', JSON.stringify(edited));
    expect(await importJson(folder, file)).toMatchObject({
      exitCode: 1,
      result: { imported: 0, present: 2, different: ['m1'] },
    });
    expect(await run(folder, 'import', file, '--from', 'ui-messages')).toMatchObject({
      printed:
        'chat chat: 0 steps imported, 2 there already\n' +
        "  kept as they are, but differ in the file (--replace takes the file's): m1\n",
    });
    expect(await importJson(folder, file, '--replace')).toMatchObject({
      exitCode: 0,
      result: { imported: 1 },
    });
    expect(await importJson(folder, file)).toMatchObject({
      exitCode: 0,
      result: { imported: 0, present: 3 },
    });
    expect((await outcomes(folder)).at(-1)).toBe('m1 1 accepted');
  });

  it('tells of a time that the file knows now, and of none that it does not', async () => {
    using folder = temporaryFolder();
    const say = (fields: object) => [
      { id: 'm', role: 'user', parts: [{ type: 'text', text: 'Hi' }], ...fields },
    ];
    const importing = async (fields: object, ...words: readonly string[]) => {
      const file = folder.write('chat.json', JSON.stringify(say(fields)));
      const { exitCode, result } = await importJson(folder, file, ...words);
      const { imported, different } = result as Record<string, unknown>;
      return { exitCode, imported, different };
    };
    const same = { exitCode: 0, imported: 0, different: [] };
    const dated = { createdAt: '2026-03-01T10:00:00Z' };
    const old = ['--at', '2026-02-01T00:00:00Z'];
    expect(await importing({}, ...old)).toMatchObject({ imported: 1 });
    expect((await run(folder, 'replay', 'chat', '--json')).printed).toContain('2026-02-01T00:00:00.000000Z');
    expect(await importing({}, '--at', '2026-02-02T00:00:00Z')).toEqual(same);
    expect(await importing(dated)).toEqual({ exitCode: 1, imported: 0, different: ['m'] });
    expect(await importing(dated, '--replace')).toMatchObject({ exitCode: 0, imported: 1 });
    expect(await importing({}, '--replace')).toEqual(same);
    expect(await importing(dated)).toEqual(same);
  });

  it('elides what is too large for the log, and knows it again', async () => {
    using folder = temporaryFolder();
    const text = 'x'.repeat(9_000_000);
    const file = folder.write(
      'chat.json',
      JSON.stringify([{ id: 'm', role: 'user', parts: [{ type: 'text', text }] }]),
    );
    expect(await importJson(folder, file)).toMatchObject({ exitCode: 0, result: { imported: 1 } });
    expect(await importJson(folder, file)).toMatchObject({
      exitCode: 0,
      result: { imported: 0, present: 1 },
    });
    expect((await run(folder, 'replay', 'chat', '--json')).printed).toContain('$elided');
  });

  it('reads messages of Coder and threads of LangGraph', async () => {
    using folder = temporaryFolder();
    const coder = folder.write(
      'any.json',
      JSON.stringify([{ id: 1, chat_id: 'of-coder', role: 'user', content: [{ type: 'text', text: 'Hi' }] }]),
    );
    expect((await run(folder, 'import', coder, '--from', 'coder')).printed).toBe(
      'chat of-coder: 1 step imported, 0 there already\n',
    );
    const thread = folder.write(
      'thread.json',
      JSON.stringify({ values: { messages: [{ type: 'human', content: 'Hi' }, {}] } }),
    );
    expect((await run(folder, 'import', thread, '--from', 'langgraph')).printed).toBe(
      'chat thread: 1 step imported, 0 there already\n  passed over: a message that is none (1)\n',
    );
  });

  it('says in one sentence what is wrong with a file, and publishes nothing of any', async () => {
    using folder = temporaryFolder();
    const good = folder.write('good.json', JSON.stringify(chat));
    const cases: readonly (readonly [string, RegExp])[] = [
      [folder.file('none.json'), /none\.json.*(?:not there|exist|no such file)/i],
      [folder.write('bad.json', '{"id":1}\n{"id":'), /bad\.json.*line 2: is no JSON/],
      [folder.write('bytes.json', Buffer.from([0x5b, 0xff, 0x5d])), /bytes\.json.*line 1.*not valid UTF-8/],
      [folder.write('nothing.json', ''), /nothing\.json.* is empty/],
      [folder.write('number.json', '7'), /number\.json.*messages must be a list/],
      [folder.write('empty.json', '[]'), /empty\.json.* holds no message that --from ui-messages knows/],
    ];
    for (const [file, sentence] of cases) {
      const { exitCode, complained } = await run(folder, 'import', good, file, '--from', 'ui-messages');
      expect(exitCode).toBe(2);
      expect(complained).toMatch(sentence);
      expect(complained.trimEnd().split('\n')).toHaveLength(1);
    }
    const twice = await run(folder, 'import', good, good, '--from', 'ui-messages');
    expect(twice).toMatchObject({ exitCode: 2, complained: expect.stringContaining('are both chat good') });
    const without = await run(folder, 'import', good);
    expect(without).toMatchObject({ exitCode: 2, complained: expect.stringContaining('--from') });
    expect((await run(folder, 'events', 'good', '--json')).printed).toBe('');
  });
});
