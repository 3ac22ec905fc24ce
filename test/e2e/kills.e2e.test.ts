import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verify } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import { createPublisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { asStored, openEmbeddedData, type EmbeddedData } from '../support/embedded-data.js';
import { foldAll } from '../support/fold-all.js';
import { recordedEvents } from '../support/recorded-events.js';
import { startService, type ServiceProcess } from '../support/service-process.js';

const KILLS = 50;
const SESSION_TIMEOUT_MS = 1_000;

let data: EmbeddedData;

beforeAll(async () => {
  data = await openEmbeddedData();
});

afterAll(async () => {
  await data[Symbol.asyncDispose]();
});

describe('a projector and a writer that are killed at random moments', () => {
  it(`store what a fold of the events gives, byte for byte (${KILLS} kills)`, async () => {
    const chats = recordedEvents();
    const kills = killAgain(['projector', 'writer']);
    await publishWhile(chats, kills.share);
    await kills.ended;

    const survivors = ['projector', 'writer'].map(start);
    for (const survivor of survivors) await survivor.saying('partition assigned');
    await data.untilStored();
    for (const survivor of survivors) expect(await survivor.end('SIGTERM')).toBe(0);

    for (const [chatId, events] of chats) {
      const expected = foldAll(events).messages.map(asStored);
      expect(JSON.stringify(await data.messagesOf(chatId))).toBe(JSON.stringify(expected));
    }
    expect((await data.store.deadLetters()).items).toEqual([]);
    const verified = await verify({
      log: data.log,
      store: data.store,
      createSha256: () => createHash('sha256'),
    });
    expect(verified).toMatchObject({ ok: true, not_yet: 0, beyond_log: 0, differences: [] });
    expect(verified.checked).toBeGreaterThanOrEqual(chats.size);
  }, 300_000);
});

function start(name: string): ServiceProcess {
  return startService([
    name,
    ...['--data', data.directory],
    ...['--session-timeout', String(SESSION_TIMEOUT_MS)],
    // Far more often than usual, so that nearly every life leaves a checkpoint in the middle of open steps.
    ...(name === 'projector' ? ['--progress-interval', '10', '--open-step-interval', '20'] : []),
  ]);
}

/** Keeps the services running and kills them, until it is enough. */
function killAgain(names: readonly string[]): { share: () => number; ended: Promise<unknown> } {
  const { runtime } = data;
  let kills = 0;
  const areDone = (): boolean => kills >= KILLS;
  const ended = Promise.all(
    names.map(async (name) => {
      while (!areDone()) {
        const before = await committedBy(name);
        const service = start(name);
        await service.saying('partition assigned');
        // Half of them die as they begin, half in the middle of work of which some has been committed.
        if (runtime.random() < 0.5) await untilCommitted(name, before, areDone);
        await sleep(runtime, runtime.random() * 100);
        kills++;
        expect(await service.end('SIGKILL')).toBe('SIGKILL');
      }
    }),
  );
  return { share: () => Math.min(1, kills / KILLS), ended };
}

async function committedBy(name: string): Promise<string> {
  const topic = name === 'projector' ? 'events' : 'steps';
  const positions = Array.from({ length: data.log.partitionCount }, (_, partition) =>
    data.log.committed(`stepfold-${name}`, topic, partition),
  );
  return JSON.stringify(await Promise.all(positions));
}

/** Waits until a service has committed something, or the other one has been killed often enough for both. */
async function untilCommitted(name: string, before: string, areDone: () => boolean): Promise<void> {
  while (!areDone() && (await committedBy(name)) === before) await sleep(data.runtime, 10);
}

/**
 * Publishes the chats side by side, about the same share of the events as of the kills, so that there is
 * work for every life.
 */
async function publishWhile(
  chats: ReadonlyMap<string, readonly Event[]>,
  shareOfKills: () => number,
): Promise<void> {
  const { log, runtime } = data;
  await using publisher = createPublisher({ log, runtime, name: 'kills' });
  const waiting = [...chats.values()].map((events) => [...events]);
  const total = waiting.flat().length;
  for (let published = 0; published < total;) {
    const share = shareOfKills();
    // Slowly, but never not at all: a life may wait for something to commit.
    if (share < 1 && published / total > share) await sleep(runtime, 5);
    const event = waiting[Math.floor(runtime.random() * waiting.length)]?.shift();
    if (event === undefined) continue;
    await publisher.publish(event);
    published++;
  }
}
