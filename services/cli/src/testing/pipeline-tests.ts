import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MessageJson } from '@stepfold/fold';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { createSystemRuntime, sleep } from '@stepfold/runtime';
import { columnsOf } from '../render/text-columns.js';
import { outputOf, runStepfoldProcess, spawnStepfold, type Running } from './spawn-stepfold.js';
import { temporaryFolder } from './temporary-folder.js';
import type { TestAdapters } from './test-adapters.js';

/** A short recording of two steps, the second cut off. */
export const stream = [
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

export function withoutLog(json: string): unknown[] {
  return (JSON.parse(json) as MessageJson[]).map(({ log: _log, digest: _digest, ...message }) => message);
}

const LOOKS_MAX = 300;

/** Asks until the stored messages of a chat are as many as wanted and all ended. */
export async function storedMessages(
  chatId: string,
  data: readonly string[],
  count: number,
): Promise<string> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const json = await outputOf(['messages', chatId, ...data, '--json']);
    const messages = JSON.parse(json) as MessageJson[];
    if (messages.length === count && messages.every(({ status }) => status !== 'open')) return json;
  }
  throw new Error(`${count} messages of chat ${chatId} were not stored`);
}

/** What the commands do together, as processes of their own, on a log and a store that `open` gives. */
export function pipelineTests(open: () => Promise<TestAdapters>): void {
  describe('projector and writer as processes of their own', () => {
    it('store of published files what fold prints, and verify finds it so', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const file = folder.write('run.jsonl', stream);
      const options = [file, '--format', 'ai-sdk', '--chat', 'c'];
      const start = ['--start', '2026-04-10T12:00:00Z'];
      const fast = ['--progress-interval', '20', '--open-step-interval', '20'];

      const projector = spawnStepfold(['projector', ...data, ...fast]);
      const writer = spawnStepfold(['writer', ...data, '--session-timeout', '10000']);
      try {
        const published = await outputOf(['publish', ...options, ...start, ...data, '--json']);
        expect(JSON.parse(published)).toEqual({
          position: expect.stringMatching(/^\d+:12$/),
          events: 13,
          chats: ['c'],
        });
        const folded = withoutLog(await outputOf(['fold', ...options, ...start, '--json']));
        const stored = await storedMessages('c', data, 2);
        expect(withoutLog(stored)).toEqual(folded);
        const asCoder = ['--view', 'coder', '--json'];
        const coder = JSON.parse(await outputOf(['messages', 'c', ...asCoder, ...data])) as object[];
        expect(coder).toEqual(JSON.parse(await outputOf(['fold', ...options, ...start, ...asCoder])));
        expect(coder).toMatchObject([{ role: 'assistant' }, { role: 'tool' }, { role: 'assistant' }]);

        // The events of one chat, converted, are those on the log but for producer and seq.
        const converted = await outputOf(['convert', ...options, ...start, '--json']);
        const events = (await outputOf(['events', 'c', ...data, '--json'])).trim().split('\n');
        expect(
          events.map((line) => {
            const { event, outcome } = JSON.parse(line) as {
              event: Record<string, unknown>;
              outcome: string;
            };
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
        const some = await outputOf(['events', 'c', '--until-offset', '2', ...data, '--json']);
        expect(some.trim().split('\n')).toEqual(events.slice(0, 3));
      } finally {
        projector.process.kill('SIGTERM');
        writer.process.kill('SIGINT');
      }
      // Both drain and answer 0.
      expect(await projector.finished).toMatchObject({ exitCode: 0, signal: null, stdout: '' });
      expect(await writer.finished).toMatchObject({ exitCode: 0, signal: null, stdout: '' });

      const verified = await runStepfoldProcess(['verify', '--all', ...data, '--json']);
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, differences: [] });
      expect(verified.exitCode).toBe(0);
      const chats = JSON.parse(await outputOf(['chats', ...data, '--json'])) as object[];
      expect(chats).toEqual([
        {
          chat_id: 'c',
          created_at: '2026-04-10T12:00:00.000000Z',
          updated_at: '2026-04-10T12:00:00.010000Z',
          status: 'interrupted',
        },
      ]);

      await tamperWith(adapters);
      const differing = await runStepfoldProcess(['verify', 'c', ...data, '--json']);
      expect(JSON.parse(differing.stdout)).toMatchObject({ ok: false, differences: [{ chat_id: 'c' }] });
      expect(differing.exitCode).toBe(1);
      const inWords = await runStepfoldProcess(['verify', '--all', ...data]);
      expect(inWords.stdout).toContain('differ');
      expect(inWords.exitCode).toBe(1);
    });

    it('write their logs as JSON lines without a word of what was said', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const file = folder.write('run.jsonl', `${stream}{"type":"text-delta","id":"t","text":"Zanzibar"}\n`);
      await outputOf(['publish', file, '--format', 'ai-sdk', ...data]);
      const dev = spawnStepfold(['dev', ...data, '--log-level', 'debug']);
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
      await using adapters = await open();
      const data = adapters.words;
      const file = folder.write('run.jsonl', stream);
      const runtime = createSystemRuntime();
      const before = runtime.nowMicros();
      await outputOf(['publish', file, '--format', 'ai-sdk', '--tick', '20000', '--speed', '4', ...data]);
      const after = runtime.nowMicros();
      const events = (await outputOf(['events', 'run', ...data, '--json'])).trim().split('\n');
      const stamps = events.map((line) => (JSON.parse(line) as { event: { at: number } }).event.at);
      expect(stamps).toHaveLength(13);
      expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
      expect(stamps[0]).toBeGreaterThanOrEqual(before);
      expect(stamps.at(-1)).toBeLessThanOrEqual(after);
    });

    it('merges deltas only if asked, and sends events of a file as they are', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      await using others = await open();
      const [data, other] = [adapters.words, others.words];
      const file = folder.write('run.jsonl', stream);
      const start = ['--format', 'ai-sdk', '--start', '2026-04-10T12:00:00Z'];
      await outputOf(['publish', file, ...start, '--coalesce', '200', ...data]);
      const merged = (await outputOf(['events', 'run', ...data, '--json'])).trim().split('\n');
      expect(merged).toHaveLength(12);
      expect(JSON.parse(merged[2]!)).toMatchObject({ event: { text: 'hm so', merged: 2 } });

      const events = merged
        .map((line) => `${JSON.stringify((JSON.parse(line) as { event: object }).event)}\n`)
        .join('');
      const eventFile = folder.write('events.jsonl', events);
      await outputOf(['publish', eventFile, '--format', 'stepfold', ...other]);
      const again = (await outputOf(['events', 'run', ...other, '--json'])).trim().split('\n');
      expect(again).toEqual(merged);
    });
  });

  describe('a service that is told to stop twice', () => {
    it('ends at once', async () => {
      await using adapters = await open();
      const dev = spawnStepfold(['dev', ...adapters.words]);
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
    // Faster than anybody could watch it; the projector that is killed takes the time that it takes.
    const fast = ['--speed', '5'];

    it('ends with the stored chat as a timeline, the proof and where to look further', async () => {
      await using adapters = await open();
      const data = adapters.words;
      const [first, second] = await Promise.all([
        outputOf(['demo', '--exit', ...fast, ...data]),
        outputOf(['demo', '--exit', ...fast, ...data]),
      ]);
      expect(first).toMatch(/agent\.1 +1\.\w+ +attempt 1/);
      expect(first).toMatch(/agent\.3 +0\.end reasoning cut off +[\d.]+ m?s/);
      expect(first).toContain('was killed (SIGKILL)');
      expect(first).toContain('9 messages checked: all are what the log yields');
      expect(first).toMatch(/chat demo-[a-z0-9]{6} · 9 messages/);
      for (const line of first.split('\n')) {
        // A command is whole, for whoever copies it.
        if (!line.includes('npx ')) expect(columnsOf(line)).toBeLessThanOrEqual(80);
      }
      const chatOf = (text: string): string => /chat (demo-[a-z0-9]+)/.exec(text)?.[1] ?? '';
      expect(chatOf(second)).not.toBe(chatOf(first));
      expect(first).toContain(adapters.hint(`npx stepfold messages ${chatOf(first)}`));
      expect(first).toContain(adapters.hint(`npx stepfold verify ${chatOf(first)}`));

      // The moment to go back to is one at which the thought that was stopped had just been had.
      const until = /stepfold replay \S+ --until (\S+)/.exec(first)?.[1] ?? '';
      const events = await outputOf(['events', chatOf(first), '--until', until, ...data, '--json']);
      const last = JSON.parse(events.trim().split('\n').at(-1)!) as { event: object };
      expect(last.event).toMatchObject({ step_id: 'agent.3', type: 'reasoning-delta' });

      const { stdout } = await runStepfoldProcess(['verify', '--all', ...data, '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, checked: 18, not_yet: 0 });
    });

    it('plays a recording of the user as a new chat, kills the projector, and stays up until it is stopped', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const file = folder.write('mine.jsonl', stream);
      const demo = spawnStepfold(['demo', file, '--format', 'ai-sdk', ...data]);
      await demo.shown('took over');
      await demo.shown('until Ctrl-C');
      expect(demo.process.exitCode).toBeNull();
      const [killed, successor] = await projectorsOf(demo);
      expect(isAlive(killed)).toBe(false);
      expect(isAlive(successor)).toBe(true);
      demo.process.kill('SIGINT');
      const { exitCode, stdout } = await demo.finished;
      expect(stdout).toMatch(/chat mine-[a-z0-9]{6} · 2 messages/);
      expect(stdout).toContain('2 messages checked: all are what the log yields');
      expect(exitCode).toBe(0);
      expect(isAlive(successor)).toBe(false);
    });

    it('is interrupted in the middle without a failure, and closes the step that was open', async () => {
      await using adapters = await open();
      const data = adapters.words;
      const demo = spawnStepfold(['demo', ...data]);
      await demo.shown('reasoning …');
      demo.process.kill('SIGTERM');
      const { exitCode, stderr, stdout } = await demo.finished;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      for (const pid of pidsIn(stdout)) expect(isAlive(pid)).toBe(false);
      const [, chatId = ''] = /stepfold messages (\S+)/.exec(stdout) ?? [];
      expect(stdout).toContain('is stored as interrupted');
      const messages = JSON.parse(await outputOf(['messages', chatId, ...data, '--json'])) as MessageJson[];
      expect(messages.map(({ status }) => status)).toEqual(['complete', 'interrupted']);
      expect(messages[1]).toMatchObject({ interrupt: { reason: 'shutdown' } });
    });

    it('ends without a failure while its projector is dead, and leaves no other behind', async () => {
      await using adapters = await open();
      const demo = spawnStepfold(['demo', ...adapters.words]);
      await demo.shown('was killed');
      demo.process.kill('SIGINT');
      const { exitCode, stderr, stdout } = await demo.finished;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain('Stopped.');
      for (const pid of pidsIn(stdout)) expect(isAlive(pid)).toBe(false);
    });

    it.each([1, 2, 3])('ends without a failure at any moment (seed %d)', async (seed) => {
      await using adapters = await open();
      const demo = spawnStepfold(['demo', ...fast, ...adapters.words]);
      const [lines] = fc.sample(fc.integer({ min: 1, max: 40 }), { seed, numRuns: 1 });
      await whenLinesShown(demo, lines!);
      demo.process.kill(seed % 2 === 0 ? 'SIGTERM' : 'SIGINT');
      const { exitCode, stderr, stdout } = await demo.finished;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      for (const pid of pidsIn(stdout)) expect(isAlive(pid)).toBe(false);
    });

    it.each(['SIGKILL', 'two signals'])('leaves no projector behind when it is ended by %s', async (how) => {
      await using adapters = await open();
      const demo = spawnStepfold(['demo', ...adapters.words]);
      await demo.shown('reasoning …');
      const pids = await projectorsOf(demo);
      if (how === 'SIGKILL') {
        demo.process.kill('SIGKILL');
      } else {
        // Frozen for the first signal, so that the second is there before it has drained.
        demo.process.kill('SIGSTOP');
        demo.process.kill('SIGINT');
        demo.process.kill('SIGTERM');
        demo.process.kill('SIGCONT');
      }
      const { exitCode } = await demo.finished;
      expect([null, 130, 143]).toContain(exitCode);
      const runtime = createSystemRuntime();
      for (let look = 0; look < LOOKS_MAX && pids.some(isAlive); look++) await sleep(runtime, 100);
      expect(pids.filter(isAlive)).toEqual([]);
    });

    it('keeps its projector when the terminal interrupts the whole group, until it has folded the end', async () => {
      await using adapters = await open();
      const data = adapters.words;
      const demo = spawnStepfold(['demo', ...data], { isGroup: true });
      await demo.shown('reasoning …');
      process.kill(-demo.process.pid!, 'SIGINT');
      const { exitCode, stderr, stdout } = await demo.finished;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain('is stored as interrupted');
    });
  });
}

/** The processes that a demo has named as its projectors, in order. */
function pidsIn(shown: string): number[] {
  // Lines are broken where the screen ends.
  const named = shown
    .replaceAll(/\s+/g, ' ')
    .matchAll(/process (\d+); it will|projector was started: (\d+)/g);
  return [...named].map(([, first, later]) => Number(first ?? later));
}

async function projectorsOf(demo: Running): Promise<number[]> {
  await demo.shown('it will be killed');
  return pidsIn(demo.printed());
}

/** Resolves when standard output has had so many lines. */
async function whenLinesShown(demo: Running, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (demo.printed().split('\n').length > count) resolve();
    };
    demo.process.stdout!.on('data', look);
    look();
  });
}

/** Whether a process is there, or the rest of one that nobody has waited for. */
function isAlive(pid: number | undefined): boolean {
  expect(pid).toEqual(expect.any(Number));
  try {
    return process.kill(pid!, 0);
  } catch {
    return false;
  }
}

/** Replaces what is stored by a version of the same place with other words, past the guard by its rank. */
async function tamperWith(adapters: TestAdapters): Promise<void> {
  await using store = await adapters.openStore();
  const { items } = await store.messages('c');
  const [message] = items;
  const forged = { ...message!, fold_version: message!.fold_version + 1, role: 'user' as const };
  expect(await store.write(FIRST_COLLECTION, [forged])).toEqual([{ outcome: 'applied' }]);
}
