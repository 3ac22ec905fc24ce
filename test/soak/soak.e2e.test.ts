import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { availableBackends, openTestData, type TestData } from '../support/test-data.js';
import { parseArguments } from './arguments.js';
import { flood } from './flood.js';
import { soak } from './soak-run.js';

const quiet = { seed: 7, progress: () => undefined };

describe.each(availableBackends())('a soak on %s', (backend) => {
  let data: TestData;

  beforeEach(async () => {
    data = await openTestData(backend);
  });

  afterEach(async () => {
    await data[Symbol.asyncDispose]();
  });

  it('kills, compares and finds nothing wrong', async () => {
    const report = await soak(data, { ...quiet, isOver: (kills) => kills >= 6 });
    expect(report.problems).toEqual([]);
    expect(report.lines[0]).toMatch(/^([6-9]|\d\d+) kills, \d{4,} events, \d{2,} messages/);
    expect(report.lines).toHaveLength(3);
  }, 300_000);

  it('sees a message that is not what its events give', async () => {
    const { store } = data;
    const spoilt: TestData = {
      ...data,
      async messagesOf(chatId) {
        const messages = await data.messagesOf(chatId);
        return chatId === 'r0-1' ? messages.slice(1) : messages;
      },
    };
    let looks = 0;
    const report = await soak(spoilt, { ...quiet, isOver: () => looks++ > 0 });
    expect(report.problems).toEqual(['r0-1 is not what a fold of its events gives']);
    expect((await store.deadLetters()).items).toEqual([]);
  }, 300_000);

  it('floods, and sees how long others wait', async () => {
    const report = await flood(data, { ...quiet, events: 1_000 });
    expect(report.lines[0]).toMatch(/^\d{5} events and [1-9] records that are none in/);
    expect(report.lines[1]).toMatch(/^[1-9]\d* steps of other chats: stored after \d+ ms/);
    expect(report.lines).toHaveLength(4);
  }, 300_000);
});

describe('the arguments of a soak', () => {
  it.each([
    [[], { minutes: 5, places: ['embedded', 'servers'], floodEvents: undefined }],
    [['--minutes', '0.5', '--on', 'servers'], { minutes: 0.5, places: ['servers'] }],
    [['--flood', '1e7'], { floodEvents: 10_000_000 }],
  ])('are %j', (given, expected) => {
    expect(parseArguments(given)).toMatchObject(expected);
  });

  it.each([['--minutes'], ['--minutes', '0'], ['--flood', 'x'], ['--on', 'disk'], ['--what']])(
    'are refused in a sentence: %s %s',
    (...given) => {
      expect(parseArguments(given.filter((one) => one !== undefined))).toMatch(/^["-]/);
    },
  );
});
