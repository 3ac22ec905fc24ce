import path from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import type { MessageJson } from '@stepfold/fold';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { killSpawned, outputOf, runStepfoldProcess, spawnStepfold } from './testing/spawn-stepfold.js';
import { temporaryFolder } from './testing/temporary-folder.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

const stream = [
  { type: 'start-step' },
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', text: 'hm ' },
  { type: 'reasoning-delta', id: 'r', text: 'so' },
  { type: 'reasoning-end', id: 'r' },
  { type: 'tool-call', toolCallId: 'k', toolName: 'look', input: { at: 'it' } },
  { type: 'tool-result', toolCallId: 'k', toolName: 'look', output: 'seen' },
  { type: 'finish-step', finishReason: 'tool-calls', usage: { inputTokens: 3, outputTokens: 2 } },
  { type: 'start-step' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', text: 'It is ' },
]
  .map((part) => `${JSON.stringify(part)}\n`)
  .join('');

function withoutLog(json: string): unknown[] {
  return (JSON.parse(json) as MessageJson[]).map(({ log: _log, digest: _digest, ...message }) => message);
}

const LOOKS_MAX = 300;

/** Asks until the stored messages of a chat are as many as wanted and all ended. */
async function storedMessages(chatId: string, data: string, count: number): Promise<string> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const json = await outputOf(['messages', chatId, '--data', data, '--json']);
    const messages = JSON.parse(json) as MessageJson[];
    if (messages.length === count && messages.every(({ status }) => status !== 'open')) return json;
  }
  throw new Error(`${count} messages of chat ${chatId} were not stored`);
}

describe('projector and writer as processes of their own', () => {
  it('store of published files what fold prints, and verify finds it so', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    const file = folder.write('run.jsonl', stream);
    const options = [file, '--format', 'ai-sdk', '--chat', 'c'];
    const start = ['--start', '2026-04-10T12:00:00Z'];
    const fast = ['--progress-interval', '20', '--open-step-interval', '20'];

    const projector = spawnStepfold(['projector', '--data', data, ...fast]);
    const writer = spawnStepfold(['writer', '--data', data, '--session-timeout', '5000']);
    try {
      const published = await outputOf(['publish', ...options, ...start, '--data', data, '--json']);
      expect(JSON.parse(published)).toEqual({
        position: expect.stringMatching(/^\d+:12$/),
        events: 13,
        chats: ['c'],
      });
      const folded = withoutLog(await outputOf(['fold', ...options, ...start, '--json']));
      const stored = await storedMessages('c', data, 2);
      expect(withoutLog(stored)).toEqual(folded);

      // The events of one chat, converted, are those on the log but for producer and seq.
      const converted = await outputOf(['convert', ...options, ...start, '--json']);
      const events = (await outputOf(['events', 'c', '--data', data, '--json'])).trim().split('\n');
      expect(
        events.map((line) => {
          const { event, outcome } = JSON.parse(line) as { event: Record<string, unknown>; outcome: string };
          expect(outcome).toBe('accepted');
          const { producer: _producer, seq: _seq, ...rest } = event;
          return rest;
        }),
      ).toEqual(
        converted
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as object),
      );
      const some = await outputOf(['events', 'c', '--until-offset', '2', '--data', data, '--json']);
      expect(some.trim().split('\n')).toEqual(events.slice(0, 3));
    } finally {
      projector.process.kill('SIGTERM');
      writer.process.kill('SIGINT');
    }
    // Both drain and answer 0.
    expect(await projector.finished).toMatchObject({ exitCode: 0, signal: null, stdout: '' });
    expect(await writer.finished).toMatchObject({ exitCode: 0, signal: null, stdout: '' });

    const verified = await runStepfoldProcess(['verify', '--all', '--data', data, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, differences: [] });
    expect(verified.exitCode).toBe(0);
    const chats = JSON.parse(await outputOf(['chats', '--data', data, '--json'])) as object[];
    expect(chats).toEqual([
      {
        chat_id: 'c',
        created_at: '2026-04-10T12:00:00.000000Z',
        updated_at: '2026-04-10T12:00:00.010000Z',
        status: 'interrupted',
      },
    ]);

    await tamperWith(data);
    const differing = await runStepfoldProcess(['verify', 'c', '--data', data, '--json']);
    expect(JSON.parse(differing.stdout)).toMatchObject({ ok: false, differences: [{ chat_id: 'c' }] });
    expect(differing.exitCode).toBe(1);
    const inWords = await runStepfoldProcess(['verify', '--all', '--data', data]);
    expect(inWords.stdout).toContain('differ');
    expect(inWords.exitCode).toBe(1);
  });

  it('write their logs as JSON lines without a word of what was said', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    const file = folder.write('run.jsonl', `${stream}{"type":"text-delta","id":"t","text":"Zanzibar"}\n`);
    await outputOf(['publish', file, '--format', 'ai-sdk', '--data', data]);
    const dev = spawnStepfold(['dev', '--data', data, '--log-level', 'debug']);
    await storedMessages('run', data, 2);
    dev.process.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await dev.finished;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['projector started', 'partition assigned', 'writer stopped']),
    );
    expect(stderr).not.toContain('Zanzibar');
  });
});

describe('publishing', () => {
  it('stamps events with the real clock when no start is given', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    const file = folder.write('run.jsonl', stream);
    const runtime = createSystemRuntime();
    const before = runtime.nowMicros();
    await outputOf([
      'publish',
      file,
      '--format',
      'ai-sdk',
      '--tick',
      '20000',
      '--speed',
      '4',
      '--data',
      data,
    ]);
    const after = runtime.nowMicros();
    const events = (await outputOf(['events', 'run', '--data', data, '--json'])).trim().split('\n');
    const stamps = events.map((line) => (JSON.parse(line) as { event: { at: number } }).event.at);
    expect(stamps).toHaveLength(13);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(stamps[0]).toBeGreaterThanOrEqual(before);
    expect(stamps.at(-1)).toBeLessThanOrEqual(after);
  });

  it('merges deltas only if asked, and sends events of a file as they are', async () => {
    using folder = temporaryFolder();
    const [data, other] = [folder.file('data'), folder.file('other')];
    const file = folder.write('run.jsonl', stream);
    const start = ['--format', 'ai-sdk', '--start', '2026-04-10T12:00:00Z'];
    await outputOf(['publish', file, ...start, '--coalesce', '200', '--data', data]);
    const merged = (await outputOf(['events', 'run', '--data', data, '--json'])).trim().split('\n');
    expect(merged).toHaveLength(12);
    expect(JSON.parse(merged[2]!)).toMatchObject({ event: { text: 'hm so', merged: 2 } });

    const events = merged
      .map((line) => `${JSON.stringify((JSON.parse(line) as { event: object }).event)}\n`)
      .join('');
    const eventFile = folder.write('events.jsonl', events);
    await outputOf(['publish', eventFile, '--format', 'stepfold', '--data', other]);
    const again = (await outputOf(['events', 'run', '--data', other, '--json'])).trim().split('\n');
    expect(again).toEqual(merged);
  });
});

describe('a service that is told to stop twice', () => {
  it('ends at once', async () => {
    using folder = temporaryFolder();
    const dev = spawnStepfold(['dev', '--data', folder.file('data')]);
    await dev.shown('partition assigned');
    // Frozen for the first signal, so that the second is there before it has drained.
    dev.process.kill('SIGSTOP');
    dev.process.kill('SIGINT');
    dev.process.kill('SIGTERM');
    dev.process.kill('SIGCONT');
    const { exitCode } = await dev.finished;
    expect([130, 143]).toContain(exitCode);
  });
});

describe('the demo', () => {
  it('ends with the stored chat, its durations and where to look further', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    const [first, second] = await Promise.all([
      outputOf(['demo', '--exit', '--data', data]),
      outputOf(['demo', '--exit', '--data', data]),
    ]);
    expect(first).toMatch(/chat demo-[a-z0-9]{6} · 3 messages/);
    expect(first).toMatch(/reasoning · \d+ ms/);
    expect(first).toMatch(/result of read_file · \d+ ms/);
    expect(first).toMatch(/result of run_tests · \d+ ms · failed/);
    expect(first).toMatch(/text · .* · cut off: interrupt/);
    const chatOf = (text: string): string => /chat (demo-[a-z0-9]+)/.exec(text)?.[1] ?? '';
    expect(first).toContain(`npx stepfold messages ${chatOf(first)} --json --data ${data}`);
    expect(chatOf(second)).not.toBe(chatOf(first));
    const { stdout } = await runStepfoldProcess(['verify', '--all', '--data', data, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, checked: 6, not_yet: 0 });
  });

  it('plays a recording of the user as a new chat, and stays up until it is stopped', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    const file = folder.write('mine.jsonl', stream);
    const demo = spawnStepfold(['demo', file, '--format', 'ai-sdk', '--data', data]);
    await demo.shown('until Ctrl-C');
    expect(demo.process.exitCode).toBeNull();
    demo.process.kill('SIGINT');
    const { exitCode, stdout } = await demo.finished;
    expect(stdout).toMatch(/chat mine-[a-z0-9]{6} · 2 messages/);
    expect(exitCode).toBe(0);
  });

  it('is interrupted in the middle without a failure, and closes the step that was open', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    const demo = spawnStepfold(['demo', '--data', data]);
    await demo.shown('playing');
    let chats: { chat_id: string; status: string }[] = [];
    for (let look = 0; chats.length === 0 && look < LOOKS_MAX; look++) {
      chats = JSON.parse(await outputOf(['chats', '--data', data, '--json'])) as typeof chats;
    }
    demo.process.kill('SIGTERM');
    expect(await demo.finished).toMatchObject({ exitCode: 0, stderr: '' });
    const events = await outputOf(['events', chats[0]!.chat_id, '--data', data, '--json']);
    const last = JSON.parse(events.trim().split('\n').at(-1)!) as { event: { type: string } };
    expect(['interrupt', 'step-end', 'message']).toContain(last.event.type);
  });
});

/** Replaces what is stored by a version of the same place with other words, past the guard by its rank. */
async function tamperWith(data: string): Promise<void> {
  await using store = await openEmbeddedStore({
    directory: path.join(data, 'store'),
    runtime: createSystemRuntime(),
  });
  const { items } = await store.messages('c');
  const [message] = items;
  const forged = { ...message!, fold_version: message!.fold_version + 1, role: 'user' as const };
  expect(await store.write(FIRST_COLLECTION, [forged])).toEqual([{ outcome: 'applied' }]);
}
