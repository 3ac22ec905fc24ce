import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { verify } from '@stepfold/audit';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { DeadLetter, MessageStore, Page } from '@stepfold/message-store';
import { foldAll } from '../support/fold-all.js';
import { revsOfChats, watchRevs } from '../support/rev-watcher.js';
import { startService, type ServiceProcess } from '../support/service-process.js';
import { asStored, availableBackends, openTestData, type TestData } from '../support/test-data.js';

/** The old release writes and knows version 0 of events alone: see processes/made-up-version.mjs. */
type Release = 'old' | 'new';

const codec = createEventCodec({
  upcasters: { 0: ({ time, kind, ...rest }) => ({ ...rest, at: (time as number) * 1_000, type: kind }) },
});

/** So often that every moment of the upgrade is between two checkpoints, with versions of open steps. */
const config = { openStepIntervalMs: 50, checkpointIntervalMs: 20 };
/** Steps that publishers do with every arrangement of releases before it is changed. */
const STEPS = 3;

describe.each(availableBackends())('an upgrade to a new version of events on %s', (backend) => {
  let data: TestData;
  let services: ServiceProcess[];

  beforeEach(async () => {
    services = [];
    data = await openTestData(backend);
  });

  afterEach(async () => {
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await data[Symbol.asyncDispose]();
  });

  it('of projectors, then writers, then publishers leaves no dead letter, and the messages of one fold', async () => {
    const oldWriters = [startWriter(), startWriter()];
    const oldProjectors = [startProjector('old'), startProjector('old')];
    for (const service of [...oldWriters, ...oldProjectors]) await service.saying('partition assigned');
    const oldPublisher = startPublisher('old');
    await doneSteps(oldPublisher, STEPS);
    const chatIds = [...new Set((await eventsOfLog()).map(({ chat_id }) => chat_id))];
    const watcher = watchRevs(data.runtime, revsOfChats(data.store, chatIds));

    for (const oldProjector of oldProjectors) {
      await startProjector('new').saying('partition assigned');
      await doneSteps(oldPublisher, STEPS);
      expect(await oldProjector.end('SIGTERM')).toBe(0);
      await doneSteps(oldPublisher, STEPS);
    }
    for (const oldWriter of oldWriters) {
      await startWriter().saying('partition assigned');
      await doneSteps(oldPublisher, STEPS);
      expect(await oldWriter.end('SIGTERM')).toBe(0);
    }
    const newPublisher = startPublisher('new');
    await doneSteps(newPublisher, STEPS);
    await doneSteps(oldPublisher, STEPS);
    expect(await oldPublisher.end('SIGTERM')).toBe(0);
    await doneSteps(newPublisher, STEPS);
    expect(await newPublisher.end('SIGTERM')).toBe(0);

    await data.untilStored();
    await watcher.end();
    expect(watcher.falls).toEqual([]);
    expect((await deadLetters()).map(({ detail }) => detail)).toEqual([]);
    const events = await eventsOfLog();
    const store = asOldReaderSees(data.store);
    for (const [chatId, ofChat] of byChat(events)) {
      const { items } = await store.messages(chatId, { limit: 1_000 });
      const stored = items.map(({ log: _log, digest: _digest, ...message }) => message);
      expect(stored).toEqual(foldAll(ofChat).messages.map(asStored));
      for (const message of stored) expect(message.status).toBe('complete');
    }
    const { log } = data;
    const verified = await verify({ log, store, codec, createSha256: () => createHash('sha256') });
    expect(verified).toMatchObject({ ok: true, not_yet: 0, beyond_log: 0, differences: [] });

    // All that was to meet has met: a step of both versions, and messages that old and new projectors made.
    expect(new Set((await rawEvents()).map(({ v }) => v))).toEqual(new Set([0, 1]));
    expect(await data.messagesOf('shared')).toMatchObject([
      {
        status: 'complete',
        parts: [{ type: 'text' }, { type: 'tool-call' }, { type: 'tool-result', result: 'seen' }],
        made_up: 'new',
      },
    ]);
    const madeByOld = (await data.messagesOf('old-0')).filter(
      (message) => !('made_up' in (message as object)),
    );
    expect(madeByOld.length).toBeGreaterThan(0);
  }, 240_000);

  it('of publishers before projectors leaves dead letters of an unknown version', async () => {
    startWriter();
    const projector = startProjector('old');
    await projector.saying('partition assigned');
    const publishers = [startPublisher('old'), startPublisher('new')];
    for (const publisher of publishers) await doneSteps(publisher, 1);
    for (const publisher of publishers) expect(await publisher.end('SIGTERM')).toBe(0);
    await data.untilStored();
    const letters = await deadLetters();
    expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(['unknown-version']));
    const unknown = (await rawEvents()).filter(({ v }) => v === 1);
    expect(letters).toHaveLength(unknown.length);
  }, 120_000);

  function started(service: ServiceProcess): ServiceProcess {
    services.push(service);
    return service;
  }

  function startWriter(): ServiceProcess {
    return started(startService(['writer', ...data.serviceArguments]));
  }

  function startProjector(release: Release): ServiceProcess {
    return startProcess('release-projector.mjs', release, JSON.stringify(config));
  }

  function startPublisher(release: Release): ServiceProcess {
    return startProcess('release-publisher.mjs', release);
  }

  function startProcess(script: string, ...args: readonly string[]): ServiceProcess {
    const file = path.resolve(__dirname, 'processes', script);
    return started(startService([JSON.stringify(data.logPlace), ...args], file));
  }

  /** Waits until a publisher has done some more steps. */
  async function doneSteps(publisher: ServiceProcess, count: number): Promise<void> {
    const done = publisher.log().split('acknowledged ').length - 1;
    await publisher.saying(`acknowledged ${done + count}.`);
  }

  async function rawEvents(): Promise<readonly { readonly v: number }[]> {
    return (await valuesOfLog()).map(
      (value) => JSON.parse(new TextDecoder().decode(value)) as { readonly v: number },
    );
  }

  async function eventsOfLog(): Promise<readonly Event[]> {
    return (await valuesOfLog()).map((value) => {
      const decoded = codec.decode(value);
      if (!decoded.ok) throw new Error(decoded.detail);
      return decoded.event;
    });
  }

  async function valuesOfLog(): Promise<readonly Uint8Array[]> {
    const values: Uint8Array[] = [];
    for (let partition = 0; partition < data.log.partitionCount; partition++) {
      const { records, nextOffset, endOffset } = await data.log.read('events', partition, 0, {
        recordsMax: 100_000,
      });
      expect(nextOffset).toBe(endOffset);
      values.push(...records.map(({ value }) => value!));
    }
    return values;
  }

  async function deadLetters(): Promise<readonly DeadLetter[]> {
    return (await data.store.deadLetters({ limit: 1_000 })).items;
  }
});

function byChat(events: readonly Event[]): ReadonlyMap<string, readonly Event[]> {
  const chats = new Map<string, Event[]>();
  for (const event of events) chats.set(event.chat_id, [...(chats.get(event.chat_id) ?? []), event]);
  return chats;
}

/** The store without what the new release has made up beyond the present code: its number and its field. */
function asOldReaderSees(store: MessageStore): MessageStore {
  const old = (message: Message): Message => {
    const { made_up: _madeUp, ...rest } = message as Message & { made_up?: unknown };
    return { ...rest, fold_version: 1 };
  };
  const page = ({ items, ...rest }: Page<Message>): Page<Message> => ({ ...rest, items: items.map(old) });
  const seen: Partial<MessageStore> = {
    async message(chatId, stepId) {
      const message = await store.message(chatId, stepId);
      return message && old(message);
    },
    messages: async (chatId, options) => page(await store.messages(chatId, options)),
    chats: (options) => store.chats(options),
    progress: (generation) => store.progress(generation),
  };
  return seen as MessageStore;
}
