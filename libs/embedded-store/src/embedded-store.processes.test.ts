import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Message } from '@stepfold/fold';
import { FIRST_COLLECTION, type MessageStore } from '@stepfold/message-store';
import { createSystemRuntime, sleep } from '@stepfold/runtime';
import { openEmbeddedStore } from './embedded-store.js';

const scripts = resolve(__dirname, '../test-processes');
const runtime = createSystemRuntime();
const TEST_TIMEOUT_MS = 90_000;
const UNTIL_TIMEOUT_MS = 30_000;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

let directory: string;
let children: Child[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stepfold-store-'));
  failed = undefined;
});

afterEach(async () => {
  await Promise.all(children.map(kill));
  children = [];
  rmSync(directory, { recursive: true });
});

describe('embedded store, several processes', () => {
  it(
    'loses nothing that was answered when writers are killed at random moments (2 writers, 24 kills)',
    async () => {
      const partitions = [0, 1];
      const answered = [0, 0];
      const store = await openEmbeddedStore({ directory, runtime });
      const start = (partition: number): Child => {
        const child = startScript('write-until-killed.mjs', directory, String(partition));
        onLine(child, (line) => {
          answered[partition] = Math.max(answered[partition]!, Number(line));
        });
        return child;
      };
      const writers = partitions.map(start);
      for (let kills = 0; kills < 24; kills++) {
        const partition = kills % 2;
        const before = answered[partition]!;
        // Half of them die in the middle of writing, the others also while they start, open or recover.
        const isInWriting = kills % 4 < 2;
        if (isInWriting) await until(() => answered[partition]! > before);
        await sleep(runtime, Math.random() * (isInWriting ? 30 : 250));
        await kill(writers[partition]!);
        await expectAllAnswered(store, answered);
        writers[partition] = start(partition);
      }
      expect(Math.min(...answered)).toBeGreaterThanOrEqual(6);
      await Promise.all(writers.map(kill));
      await expectAllAnswered(store, answered);
      await store.close();

      const reopened = await openEmbeddedStore({ directory, runtime });
      await expectAllAnswered(reopened, answered);
      expect((await reopened.write(FIRST_COLLECTION, [versionOf('after', 1)]))[0]).toEqual({
        outcome: 'applied',
      });
      await reopened.close();
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'ends with the highest versions, each applied by one of the processes that race (4 processes)',
    async () => {
      const [seed, count] = [Math.floor(Math.random() * 2 ** 31), 4];
      const steps = Array.from({ length: 12 }, (_, i) => `step-${i}`);
      const revs = Array.from({ length: 15 }, (_, i) => i + 1);
      const versions = steps.flatMap((step) => revs.map((rev) => versionOf(step, rev)));
      const racers = Array.from({ length: count }, (_, i) => {
        const shuffled = fc.sample(fc.shuffledSubarray(versions, { minLength: versions.length }), {
          numRuns: 1,
          seed: seed + i,
        })[0]!;
        const batches: Message[][] = [];
        for (let from = 0; from < shuffled.length; from += 3) batches.push(shuffled.slice(from, from + 3));
        const file = join(directory, `batches-${i}.json`);
        writeFileSync(file, JSON.stringify(batches));
        return { batches, child: startScript('offer-versions.mjs', directory, file), lines: [] as string[] };
      });
      for (const { child, lines } of racers) onLine(child, (line) => lines.push(line));
      await until(() => racers.every(({ lines }) => lines[0] === 'ready'));
      for (const { child } of racers) child.stdin.write('go\n');
      await until(() => racers.every(({ lines }) => lines.length === 3));

      const appliedCounts = new Map<string, number>();
      for (const { batches, lines } of racers) {
        const outcomes = JSON.parse(lines[2]!) as string[][];
        batches.flat().forEach((message, i) => {
          if (outcomes.flat()[i] !== 'applied') return;
          const name = `${message.step_id} ${message.rev}`;
          appliedCounts.set(name, (appliedCounts.get(name) ?? 0) + 1);
        });
      }
      const store = await openEmbeddedStore({ directory, runtime });
      const { items } = await store.messages('chat');
      await store.close();
      expect({ seed, items }).toEqual({ seed, items: steps.map((step) => versionOf(step, 15)) });
      for (const step of steps) expect(appliedCounts.get(`${step} 15`)).toBe(1);
      expect({ seed, counts: new Set(appliedCounts.values()) }).toEqual({ seed, counts: new Set([1]) });
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'lets waiting writers go on when the process that was frozen in its write is killed',
    async () => {
      const store = await openEmbeddedStore({ directory, runtime });
      await store.write(FIRST_COLLECTION, [versionOf('before', 1)]);
      const batch = join(directory, 'batch.json');
      writeFileSync(batch, JSON.stringify([[versionOf('behind', 1)]]));
      const waiting = startScript('offer-versions.mjs', directory, batch);
      const lines: string[] = [];
      onLine(waiting, (line) => lines.push(line));
      await until(() => lines[0] === 'ready');

      const frozen = startScript('freeze-in-write.mjs', directory);
      await until(() => stateOf(frozen.pid!) === 'T');
      waiting.stdin.write('go\n');
      await until(() => lines.length === 2 && stateOf(waiting.pid!) === 'S');
      expect((await store.message('chat', 'before'))?.rev).toBe(1);
      expect(lines).toEqual(['ready', 'offering']);

      await kill(frozen);
      await until(() => lines.length === 3);
      expect(JSON.parse(lines[2]!)).toEqual([['applied']]);
      expect((await store.message('chat', 'behind'))?.rev).toBe(1);
      await store.close();
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'takes no write while another process is frozen in the midst of opening it',
    async () => {
      const store = await openEmbeddedStore({ directory, runtime });
      await store.write(FIRST_COLLECTION, [versionOf('before', 1)]);
      const frozen = startScript(
        '../../lmdb-file/test-processes/open-and-stay.mjs',
        join(directory, 'store.mdb'),
      );
      const lines: string[] = [];
      onLine(frozen, (line) => lines.push(line));
      await until(() => lines.length === 1);
      const write = () => store.write(FIRST_COLLECTION, [versionOf('behind', 1)]);
      await expect(write()).rejects.toMatchObject({ name: 'TransientError', code: 'store-unavailable' });
      expect((await store.message('chat', 'before'))?.rev).toBe(1);
      await kill(frozen);
      expect(await write()).toEqual([{ outcome: 'applied' }]);
      await store.close();
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'answers a full disk with a transient error, keeps what it has, and goes on when there is room',
    async () => {
      const blocks = 6_000;
      const child = startCommand('sh', [
        '-c',
        `ulimit -f ${blocks} && exec "$0" "$@"`,
        process.execPath,
        join(scripts, 'write-until-full.mjs'),
        directory,
      ]);
      const lines: string[] = [];
      onLine(child, (line) => lines.push(line));
      await until(() => lines.length === 1);
      const result = JSON.parse(lines[0]!) as { answered: number; failures: unknown[]; readable: number };
      expect(result.answered).toBeGreaterThan(20);
      expect(result.readable).toBe(3);
      expect(result.failures).toHaveLength(3);
      for (const failure of result.failures) {
        expect(failure).toMatchObject({ name: 'TransientError', code: 'store-unavailable', hasCause: true });
      }

      const store = await openEmbeddedStore({ directory, runtime });
      for (let i = 1; i <= result.answered; i++) {
        expect((await store.message('chat', `step-${i}`))?.step_id).toBe(`step-${i}`);
      }
      const outcomes = await store.write(FIRST_COLLECTION, [versionOf('behind', 1)]);
      expect(outcomes).toEqual([{ outcome: 'applied' }]);
      await store.close();
    },
    TEST_TIMEOUT_MS,
  );
});

/** Everything that a writer said is there, whole, each step once in its chat. */
async function expectAllAnswered(store: MessageStore, answered: readonly number[]): Promise<void> {
  const progress = await store.progress(0);
  for (const [partition, round] of answered.entries()) {
    if (round === 0) continue;
    expect(progress.find((p) => p.partition === partition)?.folded_to).toBeGreaterThanOrEqual(round);
    const { items } = await store.messages(`chat-${partition}`);
    expect(items.map(({ step_id }) => step_id).sort()).toEqual(
      Array.from({ length: 12 }, (_, i) => `step-${i}`).sort(),
    );
    for (const message of items) {
      expect(message.rev).toBeGreaterThanOrEqual(round);
      expectWhole(message);
      expect((await store.message(message.chat_id, message.step_id))?.rev).toBeGreaterThanOrEqual(
        message.rev,
      );
    }
    const [before, id] = [round - 1, round].map((n) => `t:${partition}:${String(n).padStart(9, '0')}`);
    const letters = await store.deadLetters({ cursor: before!, limit: 1 });
    expect(letters.items[0]).toMatchObject({ id, detail: `round ${round}` });
    expect(letters.items[0]?.value).toEqual(new Uint8Array(round % 200).fill(round));
    const chat = (await store.chats()).items.find(({ chat_id }) => chat_id === `chat-${partition}`);
    expect(chat?.updated_at).toBeGreaterThanOrEqual(1_770_000_000_000_000 + round);
    expect((await store.message('shared', 'step'))?.rev).toBeGreaterThanOrEqual(round * 10 + partition);
  }
}

function expectWhole(message: Message): void {
  const [part] = message.parts;
  const repetition = `${message.step_id} ${message.events} `;
  expect(part).toMatchObject({
    last_event: message.events,
    text: repetition.repeat(message.events % 3 === 0 ? 600 : 20),
  });
  expect(message.rev).toBe(message.events);
}

function versionOf(step: string, rev: number): Message {
  return {
    chat_id: 'chat',
    step_id: step,
    attempt: 0,
    role: 'assistant',
    status: 'open',
    rev,
    events: rev,
    parts: [],
    started_at: 1_770_000_000_000_000,
    last_event_at: 1_770_000_000_000_000 + rev,
    log: {
      generation: 0,
      topic: 'stepfold.events',
      partition: 0,
      first_offset: Number(step.split('-')[1] ?? 99),
      last_offset: 1_000,
    },
    fold_version: 1,
  };
}

function startScript(script: string, ...args: string[]): Child {
  return startCommand(process.execPath, [join(scripts, script), ...args]);
}

function startCommand(command: string, args: string[]): Child {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.on('exit', (code) => {
    if (code !== null && code !== 0)
      failed = new Error(`${args.join(' ')} ended with ${code}: ${complaints}`);
  });
  children.push(child);
  return child;
}

/** The first child that ended by itself with an error: whoever waits learns of it. */
let failed: Error | undefined;

function onLine(child: Child, take: (line: string) => void): void {
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop()!;
    lines.forEach(take);
  });
}

/** Kills a process and waits until it is gone and all of its output has been read. */
async function kill(child: Child): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  if (child.stdout.closed) return;
  await new Promise((closed) => child.stdout.once('close', closed));
}

/** Waits for something that will happen, or ends before the time of the test is up: nothing waits behind its end. */
async function until(isFulfilled: () => boolean): Promise<void> {
  const endMs = runtime.monotonicMs() + UNTIL_TIMEOUT_MS;
  while (!isFulfilled()) {
    if (failed !== undefined) throw failed;
    if (runtime.monotonicMs() > endMs) throw new Error(`never: ${isFulfilled.toString()}`);
    await sleep(runtime, 2);
  }
}

/** The state letter of a process: S sleeps, T is stopped. */
function stateOf(pid: number): string | undefined {
  return process.platform === 'linux'
    ? /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })[0];
}
