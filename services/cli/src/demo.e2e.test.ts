import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import type { MessageJson } from '@stepfold/fold';
import { createSystemRuntime, sleep } from '@stepfold/runtime';
import { availableBackends } from '../../../test/support/test-data.js';
import { columnsOf } from './render/text-columns.js';
import {
  killSpawned,
  outputOf,
  runStepfoldProcess,
  spawnStepfold,
  type Running,
} from './testing/spawn-stepfold.js';
import { LOOKS_MAX, stream } from './testing/stored-messages.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { adaptersOf, type TestAdapters } from './testing/test-adapters.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

describe.each(availableBackends())('on %s', (backend) => {
  const open = (): Promise<TestAdapters> => adaptersOf(backend);

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
});

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
