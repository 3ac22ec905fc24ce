import { describe, expect, it } from '@jest/globals';
import { MongoBulkWriteError, type Collection } from 'mongodb';
import { InvariantViolation, silentLogger, TransientError, type Runtime } from '@stepfold/runtime';
import { duplicateIndexOf, settleBulk, type BulkOperation } from './bulk.js';
import type { StoreConnection, StoredDocument } from './store-connection.js';

interface WriteError {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

/** Answers of a server, one for each bulk: write errors, trouble with the majority, or an error of the whole. */
type Answer = { writeErrors?: WriteError[]; concern?: { code: number }; matchedCount?: number } | Error;

function serverThatAnswers(...answers: Answer[]): {
  collection: Collection<StoredDocument>;
  bulks: string[][];
  options: unknown[];
} {
  const bulks: string[][] = [];
  const options: unknown[] = [];
  const collection = {
    bulkWrite: async (operations: { insertOne: { document: { _id: string } } }[], given: unknown) => {
      bulks.push(operations.map(({ insertOne }) => insertOne.document._id));
      options.push(given);
      const answer = answers.shift() ?? {};
      if (answer instanceof Error) throw answer;
      const { writeErrors = [], concern, matchedCount = 0 } = answer;
      const result = { getWriteConcernError: () => concern, matchedCount };
      if (writeErrors.length === 0) return result;
      throw new MongoBulkWriteError(
        { message: writeErrors[0]!.errmsg, code: writeErrors[0]!.code, writeErrors } as never,
        result as never,
      );
    },
  };
  return { collection: collection as unknown as Collection<StoredDocument>, bulks, options };
}

const pauses: number[] = [];
const runtime: Runtime = {
  nowMicros: () => 0,
  monotonicMs: () => 0,
  random: () => 0.5,
  setTimer: (delayMs, callback) => {
    pauses.push(delayMs);
    queueMicrotask(callback);
    return () => undefined;
  },
};

const connection = {
  place: { hosts: 'db:27017', database: 'stepfold', hasUser: false },
  runtime,
  logger: silentLogger,
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 30_000 },
  operationTimeoutMs: 30_000,
} as unknown as StoreConnection;

function inserts(...ids: string[]): BulkOperation[] {
  return ids.map((_id) => ({ insertOne: { document: { _id } } }));
}

const duplicate = (index: number): WriteError => ({
  index,
  code: 11_000,
  errmsg: 'E11000 duplicate key error collection: x.messages index: _id_ dup key: { _id: "a:b" }',
});
const deadlock = (index: number): WriteError => ({ index, code: 16_908_292, errmsg: 'deadlock detected' });

describe('settleBulk', () => {
  it('asks for a majority that has journalled, and goes on after an error', async () => {
    const { collection, options } = serverThatAnswers({});
    await settleBulk(connection, collection, inserts('a'));
    expect(options[0]).toMatchObject({
      ordered: false,
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: 30_000 },
    });
  });

  it('tells duplicates and refusals apart, each at its place', async () => {
    const other = "Duplicate key violation on the requested collection: Index 'mine_1'";
    const { collection, bulks } = serverThatAnswers({
      writeErrors: [
        duplicate(3),
        { index: 1, code: 11_000, errmsg: other },
        { index: 2, code: 121, errmsg: 'Document failed validation' },
        { index: 4, code: 10_334, errmsg: 'BSONObj size: 17000000' },
      ],
    });
    const { outcomes } = await settleBulk(connection, collection, inserts('a', 'b', 'c', 'd', 'e'));
    expect(outcomes).toEqual([
      'done',
      { refusal: 'The unique index mine_1 holds its key already.' },
      { refusal: 'The store does not take the message: it is against a rule of the collection.' },
      'duplicate-id',
      { refusal: 'The store does not take the message: it is too large.' },
    ]);
    expect(bulks).toHaveLength(1);
  });

  it('tries what met a deadlock again, and nothing else', async () => {
    const { collection, bulks } = serverThatAnswers(
      { writeErrors: [deadlock(1), duplicate(0), deadlock(3)], matchedCount: 1 },
      { writeErrors: [deadlock(1)] },
      { writeErrors: [duplicate(0)], matchedCount: 2 },
    );
    const { outcomes, matchedCount } = await settleBulk(connection, collection, inserts('a', 'b', 'c', 'd'));
    expect(bulks).toEqual([['a', 'b', 'c', 'd'], ['b', 'd'], ['d']]);
    expect(outcomes).toEqual(['duplicate-id', 'done', 'done', 'duplicate-id']);
    expect(matchedCount).toBe(3);
  });

  it('gives trouble that does not end to the caller, after five rounds with growing pauses', async () => {
    pauses.length = 0;
    const { collection, bulks } = serverThatAnswers(
      ...Array.from({ length: 9 }, () => ({ writeErrors: [deadlock(0)] })),
    );
    const settling = settleBulk(connection, collection, inserts('a', 'b'));
    await expect(settling).rejects.toMatchObject({
      name: 'TransientError',
      code: 'store-unavailable',
      message: expect.stringContaining(
        'The store at db:27017 did not do what it was asked (error 16908292).',
      ),
    });
    expect(bulks).toHaveLength(5);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses).toHaveLength(4);
  });

  it('knows nothing when a majority has not confirmed, whatever else was answered', async () => {
    for (const writeErrors of [[], [duplicate(0)]]) {
      const { collection } = serverThatAnswers({ concern: { code: 64 }, writeErrors });
      const settling = settleBulk(connection, collection, inserts('a', 'b'));
      await expect(settling).rejects.toBeInstanceOf(TransientError);
      await expect(settling).rejects.toThrow('has not confirmed that a majority holds what was written');
    }
  });

  it('does not call a bug of its own the store’s trouble', async () => {
    const { collection } = serverThatAnswers(new TypeError('x is not a function'));
    await expect(settleBulk(connection, collection, inserts('a'))).rejects.toBeInstanceOf(InvariantViolation);
  });
});

describe('duplicateIndexOf', () => {
  it.each([
    [
      'E11000 duplicate key error collection: db.messages index: _id_ dup key: { _id: "a index: b dup key" }',
      '_id_',
    ],
    [
      'E11000 duplicate key error collection: db.my-index index: parts.x_1 dup key: { parts.x: "_id_" }',
      'parts.x_1',
    ],
    ["Duplicate key violation on the requested collection: Index '_id_'", '_id_'],
    ["Duplicate key violation on the requested collection: Index 'u_1'", 'u_1'],
    ['duplicate', '_id_'],
  ])('reads %j', (message, index) => {
    expect(duplicateIndexOf(message)).toBe(index);
  });
});
