import fs from 'node:fs';
import path from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import type { Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { createSystemRuntime } from '@stepfold/runtime';
import { temporaryFolder } from '../../services/cli/src/testing/temporary-folder.js';
import { SeededChance } from '../support/chance.js';
import { foldAll } from '../support/fold-all.js';
import { startService } from '../support/service-process.js';

jest.setTimeout(120_000);

/** Processes that live at the same time, and how often so many are started. */
const TOGETHER = 2;
const ROUNDS = 10;
const LIVES = TOGETHER * ROUNDS;
const script = path.resolve(__dirname, 'processes/publishing.mjs');

/** What one process handed to its outbox, in this order. */
interface Given {
  readonly text: string;
  readonly event: Event;
  /** The outbox has answered. */
  isKept: boolean;
}

it('has every event that an outbox took on the log, once and in order, however often the process is killed', async () => {
  const seed = Number(process.env['STEPFOLD_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  try {
    await killAndCheck(new SeededChance(seed));
  } catch (error) {
    throw new Error(`with STEPFOLD_TEST_SEED=${seed}: ${String(error)}`, { cause: error });
  }
});

async function killAndCheck(chance: SeededChance): Promise<void> {
  using folder = temporaryFolder();
  for (let round = 0; round < ROUNDS; round++) {
    const lives = Array.from({ length: TOGETHER }, (_, index) => `${round * TOGETHER + index}`);
    await Promise.all(lives.map((life) => untilKilled(folder.path, life, `${chance.next()}`)));
  }
  const last = startService([folder.path, `${LIVES}`], script);
  expect({ ended: await last.ended, said: last.log() }).toEqual({ ended: 0, said: '' });
  expect(fs.readdirSync(folder.file('outbox'))).toEqual([]);

  const onLog = await textsOnLog(folder.file('log'));
  const isOnLog = new Set(onLog);
  const given = Array.from({ length: LIVES }, (_, life) => readGiven(folder.file(`given-${life}`))).flat();
  expect(given.filter(({ isKept, text }) => isKept && !isOnLog.has(text))).toEqual([]);

  // Nothing else is there, but the ends of the steps that a process held open, and copies.
  const arrived = given.filter(({ text }) => isOnLog.has(text));
  const isGiven = new Set(arrived.map(({ text }) => text));
  const first = [...isOnLog].map((text) => ({ text, event: JSON.parse(text) as Event }));
  const crashes = first.filter(({ text }) => !isGiven.has(text)).map(({ event }) => event);
  expect(crashes.filter((event) => event.type !== 'interrupt' || event.reason !== 'crash')).toEqual([]);

  const expected = messagesOf(arrived, crashes);
  const { messages } = foldAll(onLog.map((text) => JSON.parse(text) as Event));
  expect(byStep(messages)).toEqual(byStep(expected));
  for (const message of messages) {
    expect(message.status).not.toBe('open');
    expect(message).not.toHaveProperty('gaps');
  }
  const statuses = new Set(messages.map(({ status }) => status));
  expect([...statuses].toSorted()).toEqual(['complete', 'failed', 'interrupted']);
  expect(onLog.length).toBeGreaterThan(isOnLog.size);
}

async function untilKilled(...args: readonly string[]): Promise<void> {
  const publishing = startService(args, script);
  expect({ ended: await publishing.ended, said: publishing.log() }).toEqual({ ended: 'SIGKILL', said: '' });
}

/** The messages that were given, each step for itself; one that nobody has ended was ended by the first crash that was found. */
function messagesOf(given: readonly Given[], crashes: readonly Event[]): Message[] {
  const steps = new Map<string, Event[]>();
  for (const { event } of given) {
    const events = steps.get(event.step_id) ?? [];
    steps.set(event.step_id, [...events, event]);
  }
  return [...steps.values()].map((events) => {
    const whole = foldAll(events);
    expect(whole.outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
    const [message] = whole.messages;
    if (message!.status !== 'open') return message!;
    const { step_id, attempt = 0 } = events.at(-1)!;
    const crash = crashes.find((event) => event.step_id === step_id && (event.attempt ?? 0) === attempt)!;
    // The last moment at which it is known to have lived.
    expect(crash).toMatchObject({ at: Math.max(...events.map(({ at }) => at)) });
    return foldAll([...events, crash]).messages[0]!;
  });
}

function byStep(messages: readonly Message[]): Record<string, Message> {
  return Object.fromEntries(messages.map((message) => [message.step_id, message]));
}

/** A process may be killed while it notes what it gives: then the last line is none. */
function readGiven(file: string): Given[] {
  const given: Given[] = [];
  for (const line of fs.readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
    if (line === '!') given.at(-1)!.isKept = true;
    else given.push({ text: line.slice(1), event: JSON.parse(line.slice(1)) as Event, isKept: false });
  }
  return given;
}

async function textsOnLog(directory: string): Promise<string[]> {
  await using log = await openEmbeddedLog({ directory, runtime: createSystemRuntime() });
  const texts: string[] = [];
  for (let partition = 0; partition < log.partitionCount; partition++) {
    for (let from = 0; ;) {
      const { records, nextOffset, endOffset } = await log.read('events', partition, from);
      for (const { value } of records) texts.push(new TextDecoder().decode(value!));
      if (nextOffset >= endOffset) break;
      from = nextOffset;
    }
  }
  return texts;
}
