import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import type { Page } from '@stepfold/message-store';
import { UsageError } from '@stepfold/runtime';
import { appendEvents } from '../support/append-events.js';
import { between, oneIn, pick, SeededChance } from '../support/chance.js';
import { startServices } from '../resources/services.js';
import { availableBackends, openTestData, type TestData } from '../support/test-data.js';

const chatIds = ['a', 'ab', 'a.b'];

/** Queries on each store. `STEPFOLD_FUZZ_INPUTS` sets another number. */
const QUERIES = Number(process.env['STEPFOLD_FUZZ_INPUTS'] ?? 2_000);
const TIME_OUT_MS = 120_000 + QUERIES * 20;

/** What may stand where an id, a cursor or a limit belongs, whatever its type says. */
const hostile: readonly unknown[] = [
  { $gt: '' },
  { $ne: null },
  { $where: 'sleep(1000)' },
  { $regex: '.*' },
  { _bsontype: 'Long', low: 1, high: 0 },
  { toString: () => 'a', toJSON: () => 'a' },
  { length: 1, 0: 'a' },
  ['a'],
  [['a']],
  /.*/,
  () => 'a',
  Symbol.for('a'),
  new Date(0),
  new Uint8Array([97]),
  Object.create(null),
  null,
  undefined,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.NaN,
  Infinity,
  10n,
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '__proto__',
  'constructor',
  '$where',
  '.',
  '../..',
  'x'.repeat(100_000),
  '9'.repeat(1_000),
  '9223372036854775807:s',
  '18446744073709551616:s',
  '0:',
  ':s',
  '0:a:b',
  'steps:0:0',
];

describe.each(availableBackends())('hostile queries of %s', (backend) => {
  let data: TestData;

  beforeAll(async () => {
    data = await openTestData(backend);
    const services = startServices(data);
    await appendEvents(data.log, eventsOfChats());
    await data.untilStored();
    await services.stop();
  }, 120_000);

  afterAll(async () => {
    await data[Symbol.asyncDispose]();
  });

  it(
    'are refused by name, or answered with what was asked for and nothing else',
    async () => {
      const chance = new SeededChance(4);
      const { store } = data;
      const counts = { refused: 0, answered: 0 };
      for (let query = 0; query < QUERIES; query++) {
        const chatId = argument(chance, chatIds);
        const stepId = argument(chance, ['s0', 's1', 's2']);
        const page = {
          ...(oneIn(chance, 2) ? { limit: argument(chance, [1, 2, 1_000]) } : {}),
          ...(oneIn(chance, 2) ? { cursor: argument(chance, ['0:s0', '1:s1', '5:a']) } : {}),
        };
        const ask = pick(chance, ['messages', 'message', 'chats', 'deadLetters'] as const);
        try {
          if (ask === 'message') {
            const message = await store.message(chatId as string, stepId as string);
            if (message !== undefined) expect([message.chat_id, message.step_id]).toEqual([chatId, stepId]);
          } else if (ask === 'messages') {
            const answer: Page<{ chat_id: string }> = await store.messages(chatId as string, page as object);
            expect(answer.items.length).toBeLessThanOrEqual((page.limit as number | undefined) ?? 1_000);
            for (const item of answer.items) expect(item.chat_id).toBe(chatId);
          } else {
            const answer: Page<unknown> = await store[ask](page as object);
            expect(answer.items.length).toBeLessThanOrEqual((page.limit as number | undefined) ?? 1_000);
          }
          counts.answered++;
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          expect(error.code).toBe('bad-usage');
          expect(error.message.length).toBeLessThan(500);
          counts.refused++;
        }
      }
      expect(Math.min(counts.refused, counts.answered)).toBeGreaterThan(QUERIES / 10);
    },
    TIME_OUT_MS,
  );
});

/** Something that could be meant, something that cannot, or a text made of both. */
function argument(chance: SeededChance, meant: readonly unknown[]): unknown {
  if (oneIn(chance, 3)) return pick(chance, meant);
  const value = pick(chance, hostile);
  if (typeof value !== 'string' || oneIn(chance, 2)) return value;
  const text = `${String(pick(chance, meant))}${value}`;
  return text.slice(chance.below(3), text.length - between(chance, 0, 2));
}

/** Three messages in each of the chats. */
function eventsOfChats(): Event[] {
  return chatIds.flatMap((chat_id) =>
    [0, 1, 2].map(
      (index) =>
        ({
          ...{ v: 1, chat_id, step_id: `s${index}`, at: 1_790_000_000_000_000 + index },
          ...{ type: 'message', role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
        }) as Event,
    ),
  );
}
