import { describe, expect, it } from '@jest/globals';
import { Long } from 'mongodb';
import type { Message } from '@stepfold/fold';
import { silentLogger, type Runtime } from '@stepfold/runtime';
import { createGuardedWritePort, guardOf } from './guarded-write-port.js';
import { offeredVersionOf, type OfferedVersion } from './offered-version.js';
import type { StoreConnection } from './store-connection.js';

const T = 1_775_822_400_123_456;

function offered(step: string, rev: number, foldVersion = 1, firstOffset = 5): OfferedVersion {
  const message: Message = {
    chat_id: 'chat',
    step_id: step,
    attempt: 0,
    role: 'assistant',
    status: 'open',
    rev,
    events: 1,
    parts: [],
    started_at: T,
    last_event_at: T,
    log: { generation: 1, topic: 't', partition: 0, first_offset: firstOffset, last_offset: 9 },
    fold_version: foldVersion,
  };
  return offeredVersionOf(message) as OfferedVersion;
}

interface ReplaceOne {
  readonly replaceOne: { filter: { _id: string }; replacement: unknown; upsert: boolean };
}

/** A server that has some heads, and answers each bulk with what it matched. */
function recordingServer(
  heads: object[],
  matchedCounts: number[] = [],
): { connection: StoreConnection; bulks: ReplaceOne[][]; looks: object[] } {
  const bulks: ReplaceOne[][] = [];
  const looks: object[] = [];
  const collection = {
    bulkWrite: async (operations: ReplaceOne[]) => {
      bulks.push(operations);
      return { matchedCount: matchedCounts.shift() ?? 0, getWriteConcernError: () => undefined };
    },
    find: (_filter: object, options: object) => {
      looks.push(options);
      return { toArray: async () => heads };
    },
  };
  const connection = {
    database: { collection: () => collection },
    place: { hosts: 'db:27017', database: 'x', hasUser: false },
    runtime: {} as Runtime,
    logger: silentLogger,
  };
  return { connection: connection as unknown as StoreConnection, bulks, looks };
}

describe('guardOf', () => {
  it('is the filter of contract/topology.md, with exact integers', () => {
    expect(guardOf(offered('s', 7, 2))).toEqual({
      _id: 'chat:s',
      $or: [
        { rev: { $lt: Long.fromNumber(7) } },
        {
          rev: Long.fromNumber(7),
          fold_version: { $lt: Long.fromNumber(2) },
          order: { $gte: Long.fromBigInt(2n ** 48n + 5n) },
        },
      ],
    });
  });
});

describe('guardOf a repair', () => {
  it('also lets an equal fold version go, and nothing else more', () => {
    const [raised, repaired] = [guardOf(offered('s', 7, 2)), guardOf(offered('s', 7, 2), 'repair')];
    expect(JSON.stringify(repaired)).toBe(
      JSON.stringify(raised).replace('"fold_version":{"$lt":', '"fold_version":{"$lte":'),
    );
  });
});

describe('the guarded writes of MongoDB', () => {
  it('sort a bulk by id, so that two never wait for each other, and answer in the order asked', async () => {
    const { connection, bulks } = recordingServer([]);
    const versions = ['c', 'a', 'b', 'A', 'a.b'].map((step) => offered(step, 1));
    const answers = await createGuardedWritePort(connection).upsert('messages', versions);
    expect(bulks[0]?.map(({ replaceOne }) => replaceOne.filter._id)).toEqual([
      'chat:A',
      'chat:a',
      'chat:a.b',
      'chat:b',
      'chat:c',
    ]);
    expect(answers).toEqual(versions.map(() => ({ answer: 'written' })));
  });

  it('never insert on the second try, and ask nothing about what the guard protects already', async () => {
    const heads = [
      { _id: 'chat:higher', rev: 9, fold_version: 1, order: Long.fromBigInt(2n ** 48n + 5n) },
      { _id: 'chat:equal', rev: 5, fold_version: 1, order: Long.fromBigInt(2n ** 48n + 5n) },
      { _id: 'chat:lower', rev: 4, fold_version: 1, order: Long.fromBigInt(2n ** 48n + 5n) },
      { _id: 'chat:strange', rev: 'x' },
    ];
    const { connection, bulks, looks } = recordingServer(heads, [1, 0, 0]);
    const versions = ['higher', 'lower', 'equal', 'strange', 'gone'].map((step) => offered(step, 5));
    const answers = await createGuardedWritePort(connection).replace('messages', versions);
    // What only one member holds could still be lost, and would be no reason to call a version stale.
    expect(looks).toEqual([expect.objectContaining({ readConcern: 'majority' })]);
    expect(answers.map(({ answer }) => answer)).toEqual([
      'unmatched',
      'matched',
      'unmatched',
      'unmatched',
      'unmatched',
    ]);
    expect(
      bulks.map((bulk) => bulk.map(({ replaceOne }) => [replaceOne.filter._id, replaceOne.upsert])),
    ).toEqual([[['chat:lower', false]], [['chat:strange', false]], [['chat:gone', false]]]);
  });
});
