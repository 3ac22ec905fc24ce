import net from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { Collection } from 'mongodb';
import { FIRST_COLLECTION, type MessageStore } from '@stepfold/message-store';
import { messageToJson, type Message } from '@stepfold/fold';
import { createSystemRuntime, type LogFields } from '@stepfold/runtime';
import { chatIndexes, messageIndexes } from './indexes.js';
import { openMongodbStore, type MongodbStoreOptions } from './open-mongodb-store.js';
import { messageArbitrary } from './testing/arbitrary-message.js';
import { cuttableProxy } from './testing/cuttable-proxy.js';
import { testDatabase, type TestDatabase } from './testing/test-database.js';

const runtime = createSystemRuntime();
const T = 1_775_822_400_123_456;

function message(fields: Partial<Message> = {}): Message {
  return {
    chat_id: 'chat',
    step_id: 'step',
    attempt: 0,
    role: 'assistant',
    status: 'open',
    rev: 1,
    events: 1,
    parts: [],
    started_at: T,
    last_event_at: T,
    log: { generation: 0, topic: 'stepfold.events', partition: 0, first_offset: 0, last_offset: 0 },
    fold_version: 1,
    ...fields,
  };
}

let test: TestDatabase;
const stores: MessageStore[] = [];

beforeEach(async () => {
  test = await testDatabase();
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await test.drop();
});

async function open(options: Partial<MongodbStoreOptions> = {}): Promise<MessageStore> {
  const store = await openMongodbStore({ url: test.url, database: test.name, runtime, ...options });
  stores.push(store);
  return store;
}

describe('what is in the database', () => {
  it('gives any message back equal to its JSON form', async () => {
    const store = await open();
    let rev = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(messageArbitrary, { minLength: 1, maxLength: 8, selector: (m) => m.step_id }),
        async (messages) => {
          const versions = messages.map((each) => ({ ...each, chat_id: 'chat', rev: 2 ** 52 + ++rev }));
          const outcomes = await store.write(FIRST_COLLECTION, versions);
          expect(outcomes.map(({ outcome }) => outcome)).toEqual(versions.map(() => 'applied'));
          for (const version of versions) {
            const stored = await store.message('chat', version.step_id);
            expect(JSON.stringify(messageToJson(stored!))).toBe(JSON.stringify(messageToJson(version)));
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it('gives arrays back that lie under names which every object knows', async () => {
    const store = await open();
    const result = { constructor: [{}], rest: { toString: [{ valueOf: [1, { hasOwnProperty: [] }] }] } };
    const version = message({
      parts: [{ type: 'data', name: 'data', data: result, created_at: 1e15, first_event: 1, last_event: 1 }],
    });
    await store.write(FIRST_COLLECTION, [version]);
    expect(await store.message(version.chat_id, version.step_id)).toEqual(version);
  });

  it('is a document with Dates for people, exact microseconds, and 64-bit integers', async () => {
    const store = await open();
    await store.write(FIRST_COLLECTION, [
      message({ rev: 7, log: { ...message().log!, generation: 32_767, first_offset: 2 ** 48 - 1 } }),
    ]);
    const typed = await test.database
      .collection(FIRST_COLLECTION)
      .aggregate([
        {
          $project: {
            started_at: 1,
            started_us: 1,
            order: { $toString: '$order' },
            types: [
              { $type: '$started_at' },
              { $type: '$started_us' },
              { $type: '$order' },
              { $type: '$rev' },
            ],
          },
        },
      ])
      .toArray();
    expect(typed).toEqual([
      {
        _id: 'chat:step',
        started_at: new Date('2026-04-10T12:00:00.123Z'),
        started_us: T,
        order: String(2n ** 63n - 1n),
        types: ['date', 'long', 'long', 'long'],
      },
    ]);
    const chats = await test.database.collection('chats').find({}, { promoteLongs: false }).toArray();
    expect(Object.keys(chats[0]!).sort()).toEqual([
      '_id',
      'created_at',
      'created_us',
      'last',
      'updated_at',
      'updated_us',
    ]);
    expect(Object.keys(chats[0]!['last'] as object)).toEqual(['order', 'rev', 'status']);
  });

  it('keeps settings and progress where contract/topology.md says', async () => {
    const store = await open();
    await store.raiseProgress({ generation: 2, partition: 11, folded_to: 2 ** 40 });
    await store.claimGeneration({ generation: 2, partition_count: 12 });
    await store.switchLiveCollection(FIRST_COLLECTION, 'shadow');
    expect(await test.database.collection('progress').find().toArray()).toEqual([
      { _id: '2:11', folded_to: 2 ** 40 },
    ]);
    expect(await test.database.collection('settings').find().sort({ _id: 1 }).toArray()).toEqual([
      { _id: 'live', messages: 'shadow' },
      { _id: 'log', generation: 2, partition_count: 12 },
    ]);
  });

  it('shows documents of other hands: an older version, added fields, a Date alone', async () => {
    const store = await open();
    await test.database.collection<Record<string, unknown> & { _id: string }>(FIRST_COLLECTION).insertMany([
      {
        _id: 'chat:old',
        chat_id: 'chat',
        step_id: 'old',
        order: 5,
        rev: 1,
        parts: [{ type: 'text', text: 'hi' }],
      },
      {
        _id: 'chat:seen',
        chat_id: 'chat',
        step_id: 'seen',
        order: 6,
        stars: 5,
        seen: new Date(),
        started_at: new Date(1e12),
        parts: [],
      },
    ]);
    expect((await store.messages('chat')).items).toEqual([
      { chat_id: 'chat', step_id: 'old', rev: 1, parts: [{ type: 'text', text: 'hi' }] },
      { chat_id: 'chat', step_id: 'seen', stars: 5, started_at: 1e15, parts: [] },
    ]);
  });
});

describe('collections', () => {
  it('have their indexes from the first write on, the shadow ones too, however many open at once', async () => {
    const handles = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(handles.map((store) => store.write('shadow', [message()])));
    for (const name of [FIRST_COLLECTION, 'shadow', 'chats']) {
      const found = await test.database.collection(name).indexes();
      const wanted = name === 'chats' ? chatIndexes : messageIndexes;
      expect(found.map((index) => [index.name, index.key]).sort()).toEqual(
        [['_id_', { _id: 1 }], ...wanted.map((index) => [index.name, index.key])].sort(),
      );
    }
    const open_ = (await test.database.collection(FIRST_COLLECTION).indexes()).find(
      ({ name }) => name === 'last_event_at_1',
    );
    expect(open_?.['partialFilterExpression']).toEqual({ status: 'open' });
  });

  it.each(['chats', 'settings', 'progress', 'dead_letters', 'system.users', 'a b', '', '$cmd', '.x'])(
    'of messages cannot be called %j',
    async (name) => {
      const store = await open();
      const refused = { name: 'UsageError', code: 'bad-usage' };
      await expect(store.write(name, [message()])).rejects.toMatchObject(refused);
      await expect(store.switchLiveCollection(FIRST_COLLECTION, name)).rejects.toMatchObject(refused);
    },
  );
});

describe('a version that the store will not take', () => {
  it('is refused because of a unique index that somebody has made, harms no other, and is not stale', async () => {
    const store = await open();
    await test.database
      .collection(FIRST_COLLECTION)
      .createIndex({ response_id: 1 }, { unique: true, name: 'mine', sparse: true });
    const [a, b, c] = [
      message({ step_id: 'a', response_id: 'x' }),
      message({ step_id: 'b', response_id: 'x' }),
      message({ step_id: 'c' }),
    ];
    expect(await store.write(FIRST_COLLECTION, [a, b, c])).toEqual([
      { outcome: 'applied' },
      { outcome: 'refused', detail: 'The unique index mine holds its key already.' },
      { outcome: 'applied' },
    ]);
    expect(
      await store.write(FIRST_COLLECTION, [{ ...c, rev: 2, response_id: 'x', last_event_at: T + 9 }]),
    ).toEqual([{ outcome: 'refused', detail: 'The unique index mine holds its key already.' }]);
    expect(await store.message('chat', 'c')).toEqual(c);
    expect((await store.chats()).items).toEqual([
      { chat_id: 'chat', created_at: T, updated_at: T, status: 'open' },
    ]);
  });
});

describe('writers of the same messages', () => {
  it('do not stand in each other’s way, whatever the order in which they bring them', async () => {
    const handles = await Promise.all(Array.from({ length: 4 }, () => open()));
    const steps = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(
      handles.map(async (store, h) => {
        for (let round = 1; round <= 5; round++) {
          const shuffled = steps.toSorted(
            (a, b) => ((a * 7919 + h * 31) % 211) - ((b * 7919 + h * 31) % 211),
          );
          const versions = shuffled.map((i) =>
            message({ chat_id: `chat-${i % 20}`, step_id: `s-${i}`, rev: round * 10 + h }),
          );
          await store.write(FIRST_COLLECTION, versions);
        }
      }),
    );
    const stored = await test.database.collection(FIRST_COLLECTION).distinct('rev');
    expect(stored).toEqual([53]);
  }, 30_000);
});

describe('a store that is away', () => {
  it('is a TransientError that names the address and not the password', async () => {
    const url = 'mongodb://user:s3cret@127.0.0.1:1/stepfold';
    const opening = openMongodbStore({ url, runtime, connectTimeoutMs: 200 });
    const error: unknown = await opening.catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'TransientError',
      code: 'store-unavailable',
      message:
        'The store at 127.0.0.1:1 cannot be reached (ECONNREFUSED). Check that it runs and that its address is right.',
    });
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
  });

  it('is given up in time if it takes connections and says nothing', async () => {
    const mute = net.createServer(() => undefined).listen(0, '127.0.0.1');
    const port = await new Promise<number>((resolve) => {
      mute.on('listening', () => resolve((mute.address() as net.AddressInfo).port));
    });
    const opening = openMongodbStore({ url: `mongodb://127.0.0.1:${port}`, runtime, connectTimeoutMs: 300 });
    await expect(opening).rejects.toMatchObject({ name: 'TransientError', code: 'store-unavailable' });
    mute.close();
  });

  it('fails writes and reads while it is gone, and takes them again when it is back', async () => {
    const proxy = await cuttableProxy(test.url);
    const store = await open({ url: proxy.url, connectTimeoutMs: 500, operationTimeoutMs: 2_000 });
    await store.write(FIRST_COLLECTION, [message()]);
    await proxy.cut();
    const away = { name: 'TransientError', code: 'store-unavailable' };
    await expect(store.write(FIRST_COLLECTION, [message({ rev: 2 })])).rejects.toMatchObject(away);
    await expect(store.messages('chat')).rejects.toMatchObject(away);
    await expect(store.raiseProgress({ generation: 0, partition: 0, folded_to: 1 })).rejects.toMatchObject(
      away,
    );
    await expect(store.liveCollection()).rejects.toMatchObject(away);
    await proxy.restore();
    expect(await store.write(FIRST_COLLECTION, [message({ rev: 2 })])).toEqual([{ outcome: 'applied' }]);
    expect((await store.message('chat', 'step'))?.rev).toBe(2);
    await store.close();
    await proxy.close();
  }, 30_000);

  it('leaves nothing unsaid when the line is cut in the middle of writes: what was answered is there', async () => {
    const proxy = await cuttableProxy(test.url);
    const store = await open({ url: proxy.url, connectTimeoutMs: 1_000 });
    const versions = Array.from({ length: 300 }, (_, i) => message({ step_id: `s-${i}`, parts: [] }));
    const answered: number[] = [];
    const unknown: number[] = [];
    for (let round = 1; round <= 12; round++) {
      const batch = versions.map((version) => ({ ...version, rev: round }));
      const writing = store.write(FIRST_COLLECTION, batch).then(
        () => answered.push(round),
        (error: unknown) => {
          expect(error).toMatchObject({
            name: 'TransientError',
            message: expect.stringMatching(/cannot be reached|did not answer in time/),
          });
          unknown.push(round);
        },
      );
      if (round % 3 === 0) {
        await proxy.cut();
        await writing;
        await proxy.restore();
      }
      await writing;
    }
    expect(unknown.length).toBeGreaterThan(0);
    expect(
      await store.write(
        FIRST_COLLECTION,
        versions.map((version) => ({ ...version, rev: 12 })),
      ),
    ).toHaveLength(300);
    expect(await test.database.collection(FIRST_COLLECTION).distinct('rev')).toEqual([12]);
    await store.close();
    await proxy.close();
  }, 30_000);
});

describe('opening', () => {
  it.each([
    [{ url: 'http://user:s3cret@host/' }, 'bad-configuration'],
    [{ url: 'mongodb://user:s3cret@@host:x/' }, 'bad-configuration'],
    [{ url: 'mongodb://user:s3cret@host/?noSuchOption=1' }, 'bad-configuration'],
    [{ database: 'a b' }, 'bad-configuration'],
    [{ database: '' }, 'bad-configuration'],
    [{ connectTimeoutMs: 0 }, 'bad-configuration'],
    [{ operationTimeoutMs: Number.NaN }, 'bad-configuration'],
  ])('with %j is refused, without the password', async (options, code) => {
    const error: unknown = await open(options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'UsageError', code });
    expect(inspect(error, { depth: 10 })).not.toContain('s3cret');
  });

  it('takes the database of the URL, unless one is named', async () => {
    const store = await open({
      url: new URL(test.name, test.url).href,
      database: undefined as unknown as string,
    });
    await store.write(FIRST_COLLECTION, [message()]);
    expect(await test.database.collection(FIRST_COLLECTION).countDocuments()).toBe(1);
  });

  it('does not let a URL weaken what is answered or where is read from', async () => {
    const store = await open({ url: `${test.url}?w=0&readPreference=secondary&journal=false` });
    expect(await store.write(FIRST_COLLECTION, [message()])).toEqual([{ outcome: 'applied' }]);
    expect(await store.write(FIRST_COLLECTION, [message()])).toEqual([{ outcome: 'stale' }]);
    expect((await store.message('chat', 'step'))?.rev).toBe(1);
  });

  it('asks for a majority that has journalled with every write, whatever the URL says', async () => {
    const bulkWrite = jest.spyOn(Collection.prototype, 'bulkWrite');
    try {
      const store = await open({ url: `${test.url}?w=1&journal=false`, operationTimeoutMs: 7_000 });
      await store.write(FIRST_COLLECTION, [message()]);
      await store.raiseProgress({ generation: 0, partition: 0, folded_to: 1 });
      await store.writeDeadLetters([
        { id: 't:0:1', stage: 'writer', reason: 'bad-json', detail: 'd', key: null, value: null, at: T },
      ]);
      await store.switchLiveCollection(FIRST_COLLECTION, 'shadow');
      await store.claimGeneration({ generation: 0, partition_count: 1 });
      expect(
        new Set(bulkWrite.mock.contexts.map((collection) => (collection as Collection).collectionName)),
      ).toEqual(new Set([FIRST_COLLECTION, 'chats', 'progress', 'dead_letters', 'settings']));
      for (const [, options] of bulkWrite.mock.calls) {
        expect(options?.writeConcern).toEqual({ w: 'majority', journal: true, wtimeoutMS: 7_000 });
      }
    } finally {
      bulkWrite.mockRestore();
    }
  });

  it('logs nothing when all is well', async () => {
    const lines: LogFields[] = [];
    const log = (fields: LogFields): void => void lines.push(fields);
    await open({ logger: { debug: log, info: log, warn: log, error: log } });
    expect(lines).toEqual([]);
  });
});
