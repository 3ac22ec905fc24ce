import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Event } from '@stepfold/events';
import type { MessageJson } from '@stepfold/fold';
import { SeededChance } from '../../../test/support/chance.js';
import { generateEvents } from '../../../test/support/generate-events.js';
import { availableBackends } from '../../../test/support/test-data.js';
import { killSpawned, outputOf, runStepfoldProcess, spawnStepfold } from './testing/spawn-stepfold.js';
import { LOOKS_MAX, stream } from './testing/stored-messages.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { adaptersOf, type TestAdapters } from './testing/test-adapters.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

interface ReadLine {
  readonly position: string;
  readonly event: Event;
  readonly outcome: string;
}

interface LagDocument {
  readonly partitions: readonly Readonly<Record<string, number>>[];
  readonly events: number;
  readonly seconds: number;
}

/** Asks for the lag until everything is stored. */
async function caughtUp(data: readonly string[]): Promise<LagDocument> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const lag = JSON.parse(await outputOf(['lag', ...data, '--json'])) as LagDocument;
    if (lag.events === 0) return lag;
  }
  throw new Error('the events were not stored');
}

/** Events of chats with several attempts, retries, conflicts and interrupts, and an end of every step. */
function eventfulChats(): readonly Event[] {
  const events = [7, 8, 9].flatMap((seed) =>
    generateEvents(new SeededChance(seed), { eventsMax: 150, stepsMax: 4 }).map((event) => ({
      ...event,
      step_id: `${event.step_id}-${seed}`,
    })),
  );
  const steps = new Map(
    events.map(({ chat_id, step_id }) => [`${chat_id}:${step_id}`, { chat_id, step_id }]),
  );
  const at = 1_775_822_500_000_000;
  return [
    ...events,
    ...[...steps.values()].map((ids) => ({ v: 1, ...ids, at, type: 'interrupt', reason: 'user' }) as Event),
  ];
}

function linesOf(output: string): ReadLine[] {
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReadLine);
}

describe.each(availableBackends())('on %s', (backend) => {
  const open = (): Promise<TestAdapters> => adaptersOf(backend);

  describe('what is read from the log again', () => {
    it('is what is stored, byte for byte, and before a time or position what stood then', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const events = eventfulChats();
      const file = folder.write('events.jsonl', events.map((event) => `${JSON.stringify(event)}\n`).join(''));
      await outputOf(['publish', file, '--format', 'stepfold', ...data]);

      const before = JSON.parse(await outputOf(['lag', ...data, '--json'])) as LagDocument;
      expect(before.events).toBe(events.length);
      const inWords = await outputOf(['lag', ...data]);
      expect(inWords).toContain(`${events.length} events and`);
      expect(inWords).toContain('start `stepfold projector`');

      const dev = spawnStepfold(['dev', ...data, '--progress-interval', '20']);
      const lag = await caughtUp(data);
      for (const partition of lag.partitions) {
        const { end } = partition;
        expect(partition).toMatchObject({ stored_to: end, folded_to: expect.any(Number) });
      }
      dev.process.kill('SIGTERM');
      await dev.finished;

      for (const chatId of ['chat-0', 'chat-1']) {
        const stored = await outputOf(['messages', chatId, ...data, '--json']);
        expect(await outputOf(['replay', chatId, ...data, '--json'])).toBe(stored);
        const messages = JSON.parse(stored) as MessageJson[];
        expect(messages.length).toBeGreaterThan(2);
        expect(messages.some(({ attempt }) => attempt > 0)).toBe(true);
        expect(new Set(messages.map(({ status }) => status)).has('interrupted')).toBe(true);
        const last = messages.at(-1)!;
        const one = await outputOf(['replay', chatId, '--step', last.step_id, ...data, '--json']);
        expect(JSON.parse(one)).toEqual([last]);
      }
      expect(await outputOf(['replay', 'nobody', ...data, '--json'])).toBe('[]\n');
    });

    it('explains a part, and shows a chat as it stood, by positions and times', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const file = folder.write('run.jsonl', stream);
      const start = ['--start', '2026-04-10T12:00:00Z'];
      await outputOf(['publish', file, '--format', 'ai-sdk', '--chat', 'c', ...start, ...data]);

      const cut = ['--until', '2026-04-10T12:00:00.002Z'];
      const [message] = JSON.parse(
        await outputOf(['replay', 'c', ...cut, ...data, '--json']),
      ) as MessageJson[];
      expect(message).toMatchObject({
        status: 'open',
        events: 3,
        parts: [{ type: 'reasoning', text: 'hm ' }],
      });
      expect(message).not.toHaveProperty('digest');
      const byOffset = await outputOf(['replay', 'c', '--until-offset', '2', ...data, '--json']);
      expect(JSON.parse(byOffset)).toEqual([message]);

      const explained = JSON.parse(await outputOf(['explain', 'c', 'run.0', '0', ...data, '--json'])) as {
        part: object;
        events: readonly { position: string; event: Event; sets: readonly string[] }[];
      };
      const [whole] = JSON.parse(await outputOf(['replay', 'c', ...data, '--json'])) as MessageJson[];
      expect(explained.part).toEqual(whole!.parts[0]);
      const onLog = linesOf(await outputOf(['events', 'c', ...data, '--json']));
      expect(explained.events.map(({ position, event }) => ({ position, event }))).toEqual(
        onLog.slice(1, 5).map(({ position, event }) => ({ position, event })),
      );
      expect(explained.events.map(({ sets }) => sets)).toEqual([
        ['id', 'text', 'created_at'],
        ['text', 'last_delta_at'],
        ['text', 'last_delta_at'],
        ['completed_at'],
      ]);
      const { exitCode, stderr } = await runStepfoldProcess(['explain', 'c', 'run.0', '3', ...data]);
      expect(stderr).toBe('stepfold: step run.0 has 3 parts, 0 to 2: there is no part 3\n');
      expect(exitCode).toBe(2);
    });

    it('is shown as it happens, until somebody stops it, as events prints it', async () => {
      using folder = temporaryFolder();
      await using adapters = await open();
      const data = adapters.words;
      const first = folder.write('first.jsonl', stream);
      const second = folder.write('second.jsonl', stream);
      const publish = (file: string) =>
        outputOf(['publish', file, '--format', 'ai-sdk', '--chat', 'c', ...data]);
      await publish(first);
      const ofAll = spawnStepfold(['tail', '--last', '2', ...data]);
      const ofChat = spawnStepfold(['tail', 'c', '--from-start', ...data, '--json']);
      await Promise.all([ofAll.shown('step interrupted'), ofChat.shown('"reason":"eof"')]);
      await publish(second);
      await Promise.all([ofAll.shown('second.1      step interrupted'), ofChat.shown('"second.1"')]);
      await ofChat.shown('"reason":"eof","producer"');
      const onLog = await outputOf(['events', 'c', ...data, '--json']);
      const lastPosition = linesOf(onLog).at(-1)!.position;
      await ofChat.shown(`"position":"${lastPosition}"`);
      for (const tail of [ofAll, ofChat]) tail.process.kill('SIGINT');

      expect(await ofChat.finished).toEqual({ exitCode: 0, signal: null, stdout: onLog, stderr: '' });
      const { stdout, exitCode } = await ofAll.finished;
      expect(exitCode).toBe(0);
      // Two events of the past: the text that was begun, and the interrupt.
      expect(stdout.split('\n').slice(0, 2)).toEqual([
        expect.stringContaining('│ It is'),
        expect.stringContaining('first.1       step interrupted: eof'),
      ]);
      expect(stdout).toMatch(/second\.0 +┊ hm so\n.* second\.0 +reasoning ends · /);
    });
  });
});
