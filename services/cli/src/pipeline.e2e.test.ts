import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageJson } from '@stepfold/fold';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { availableBackends } from '../../../test/support/test-data.js';
import { killSpawned, outputOf, runStepfoldProcess, spawnStepfold } from './testing/spawn-stepfold.js';
import { storedMessages, stream } from './testing/stored-messages.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { adaptersOf, type TestAdapters } from './testing/test-adapters.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

/** What the commands do together, as processes of their own. */
describe.each(availableBackends())('on %s', (backend) => {
  const open = (): Promise<TestAdapters> => adaptersOf(backend);

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

    it('store an imported chat once, and the times that it has', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const text = (words: string) => ({ type: 'text', text: words });
      const call = { type: 'tool-add', toolCallId: 'c', state: 'output-available', input: {}, output: 2 };
      const chat = [
        { id: 'm1', role: 'user', createdAt: '2026-03-01T10:00:00Z', parts: [text('Add')] },
        { id: 'm2', role: 'assistant', parts: [{ type: 'step-start' }, call, text('Two')] },
      ];
      const importing = async (): Promise<unknown> => {
        const file = folder.write('chat.json', JSON.stringify(chat));
        const words = ['import', file, '--from', 'ui-messages', ...data, '--json'];
        const [result] = JSON.parse(await outputOf(words)) as { imported: number; present: number }[];
        return [result!.imported, result!.present];
      };
      expect(await importing()).toEqual([2, 0]);
      const projector = spawnStepfold(['projector', ...data, '--progress-interval', '20']);
      const writer = spawnStepfold(['writer', ...data, '--session-timeout', '10000']);
      try {
        const stored = await storedMessages('chat', data, 2);
        expect(await importing()).toEqual([0, 2]);
        chat.push({ id: 'm3', role: 'user', parts: [text('Thanks')] } as never);
        expect(await importing()).toEqual([1, 2]);
        const grown = JSON.parse(await storedMessages('chat', data, 3)) as MessageJson[];
        expect(grown.slice(0, 2)).toEqual(JSON.parse(stored));
        const asCoder = await outputOf(['messages', 'chat', ...data, '--view', 'coder', '--json']);
        expect(asCoder.match(/"created_at": ?"[^"]*"/g)).toEqual([
          expect.stringContaining('2026-03-01T10:00:00.000000Z'),
        ]);
        expect(await outputOf(['messages', 'chat', ...data])).toMatch(/time unknown {2}assistant/);
        expect(JSON.parse(await outputOf(['dead-letters', 'list', ...data, '--json']))).toEqual([]);
      } finally {
        projector.process.kill('SIGTERM');
        writer.process.kill('SIGTERM');
      }
      await Promise.all([projector.finished, writer.finished]);
      expect(await runStepfoldProcess(['verify', '--all', ...data])).toMatchObject({ exitCode: 0 });
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
});

function withoutLog(json: string): unknown[] {
  return (JSON.parse(json) as MessageJson[]).map(({ log: _log, digest: _digest, ...message }) => message);
}

/** Replaces what is stored by a version of the same place with other words, past the guard by its rank. */
async function tamperWith(adapters: TestAdapters): Promise<void> {
  await using store = await adapters.openStore();
  const { items } = await store.messages('c');
  const [message] = items;
  const forged = { ...message!, fold_version: message!.fold_version + 1, role: 'user' as const };
  expect(await store.write(FIRST_COLLECTION, [forged])).toEqual([{ outcome: 'applied' }]);
}
