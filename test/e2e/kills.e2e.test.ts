import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verify } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import { projectorDefaults } from '@stepfold/projector';
import { createPublisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { writerDefaults } from '@stepfold/writer';
import { foldAll } from '../support/fold-all.js';
import { recordedEvents } from '../support/recorded-events.js';
import { revsOfChats, watchRevs } from '../support/rev-watcher.js';
import { runStepfold, startService, type ServiceProcess } from '../support/service-process.js';
import {
  asStored,
  availableBackends,
  openTestData,
  type Backend,
  type TestData,
} from '../support/test-data.js';

/** What a kill costs on Kafka is the rest of a session. */
const killsOn: Readonly<Record<Backend, number>> = { embedded: 50, 'Kafka + MongoDB': 30 };

type ServiceName = 'projector' | 'writer';
/** Two of each: what one leaves in the middle the other takes over, before there is a new one. */
const services: readonly ServiceName[] = ['projector', 'projector', 'writer', 'writer'];

describe.each(availableBackends())('two projectors and two writers on %s', (backend) => {
  let data: TestData;
  let started: ServiceProcess[];
  const killCount = killsOn[backend];

  beforeEach(async () => {
    started = [];
    data = await openTestData(backend);
  });

  afterEach(async () => {
    await Promise.all(started.map((service) => service.end('SIGKILL')));
    await data[Symbol.asyncDispose]();
  });

  it(`store what a fold of the events gives, byte for byte, when killed at random moments (${killCount} kills)`, async () => {
    const chats = recordedEvents();
    const watcher = watchRevs(data.runtime, revsOfChats(data.store, [...chats.keys()]));
    const kills = killAgain();
    await Promise.all([publishWhile(chats, kills.share), kills.ended]);

    const survivors = services.map(start);
    await data.untilStored();
    await watcher.end();
    for (const survivor of survivors) expect(await survivor.end('SIGTERM')).toBe(0);

    await data.keepingEvidence(async () => {
      for (const [chatId, events] of chats) {
        const expected = foldAll(events).messages.map(asStored);
        expect(JSON.stringify(await data.messagesOf(chatId))).toBe(JSON.stringify(expected));
      }
      expect((await data.store.deadLetters()).items).toEqual([]);
      expect(watcher.falls).toEqual([]);
      expect(watcher.rises()).toBeGreaterThan(chats.size);
      const verified = await verify({
        log: data.log,
        store: data.store,
        createSha256: () => createHash('sha256'),
      });
      expect(verified).toMatchObject({ ok: true, not_yet: 0, beyond_log: 0, differences: [] });
      expect(verified.checked).toBeGreaterThanOrEqual(chats.size);
      expect(await runStepfold(['verify', '--all', ...data.adapterArguments])).toMatchObject({ exitCode: 0 });
    });
  }, 300_000);

  function start(name: ServiceName): ServiceProcess {
    const service = startService([
      name,
      ...data.serviceArguments,
      // Far more often than usual, so that nearly every life leaves a checkpoint in the middle of open steps.
      ...(name === 'projector' ? ['--progress-interval', '10', '--open-step-interval', '20'] : []),
    ]);
    started.push(service);
    return service;
  }

  /** Keeps the services running and kills them, until it is enough. */
  function killAgain(): { share: () => number; ended: Promise<unknown> } {
    const { runtime } = data;
    let kills = 0;
    const areDone = (): boolean => kills >= killCount;
    const ended = Promise.all(
      services.map(async (name) => {
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
    return { share: () => Math.min(1, kills / killCount), ended };
  }

  async function committedBy(name: ServiceName): Promise<string> {
    const [group, topic] =
      name === 'projector'
        ? ([projectorDefaults.group, 'events'] as const)
        : ([writerDefaults.group, 'steps'] as const);
    const positions = Array.from({ length: data.log.partitionCount }, (_, partition) =>
      data.log.committed(group, topic, partition),
    );
    return JSON.stringify(await Promise.all(positions));
  }

  /** Waits until a service has committed something, or the others have been killed often enough for all. */
  async function untilCommitted(name: ServiceName, before: string, areDone: () => boolean): Promise<void> {
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
});
