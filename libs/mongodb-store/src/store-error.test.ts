import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { UsageError } from '@stepfold/runtime';
import { storeError } from './store-error.js';

const place = { hosts: 'db-1:27017,db-2:27017', database: 'prod', hasUser: true };

function server(code: number, errmsg: string, codeName?: string): MongoServerError {
  return new MongoServerError({ errmsg, code, codeName, message: errmsg });
}

function selection(type: string, serverTypes: readonly string[]): MongoServerSelectionError {
  const servers = new Map(serverTypes.map((kind, i) => [`db-${i}`, { type: kind }]));
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:27017'), { code: 'ECONNREFUSED' });
  return new MongoServerSelectionError('no server', { type, servers, error: refused } as never);
}

describe('storeError', () => {
  it.each([
    [
      selection('Unknown', ['Unknown']),
      'cannot be reached (ECONNREFUSED). Check that it runs and that its address is right.',
    ],
    [selection('ReplicaSetNoPrimary', ['Unknown', 'Unknown']), 'cannot be reached (ECONNREFUSED). Check'],
    [
      selection('ReplicaSetNoPrimary', ['RSSecondary', 'Unknown']),
      'has no primary at the moment. Wait until one is elected.',
    ],
    [
      new MongoNetworkError('read ECONNRESET', {
        cause: Object.assign(new Error('read'), { code: 'ECONNRESET' }),
      }),
      'cannot be reached (ECONNRESET).',
    ],
    [
      Object.assign(new Error('querySrv ENOTFOUND _mongodb._tcp.db'), { code: 'ENOTFOUND' }),
      'cannot be reached (ENOTFOUND).',
    ],
    [
      new MongoBulkWriteError(new MongoNetworkError('read ECONNRESET') as never, {} as never),
      'cannot be reached (ECONNRESET).',
    ],
    [
      new MongoBulkWriteError(server(13_435, 'not primary') as never, {} as never),
      'is not the primary at the moment.',
    ],
    [
      new MongoBulkWriteError(
        { message: 'waiting for replication timed out', code: 64 } as never,
        {} as never,
      ),
      'has not confirmed that a majority holds what was written.',
    ],
    [new MongoNetworkTimeoutError('connection 1 to db timed out'), 'did not answer in time.'],
    [server(50, 'operation exceeded time limit'), 'did not answer in time.'],
    [server(10_107, 'not primary'), 'is not the primary at the moment. Wait until one is elected.'],
    [server(11_602, 'interrupted'), 'is not the primary at the moment.'],
    [
      server(
        10_107,
        'Write operations cannot be performed because the server is currently operating in a read-only mode.',
      ),
      'is read-only. Let it take writes again.',
    ],
    [server(371, 'User writes blocked'), 'is read-only. Let it take writes again.'],
    [
      server(1, 'cannot execute INSERT in a read-only transaction'),
      'is read-only. Let it take writes again.',
    ],
    [server(14_031, 'out of disk space'), 'is full. Give it room.'],
    [server(1, 'could not extend file "base/5/1": No space left on device'), 'is full. Give it room.'],
    [server(8_000, 'you are over your space quota'), 'is full. Give it room.'],
    [
      server(1, 'the database system is shutting down'),
      'did not do what it was asked (error 1). See that it is well.',
    ],
  ])('says of %s what is the matter and what to do', (error, words) => {
    const known = storeError(error, place);
    expect(known).toMatchObject({ name: 'TransientError', code: 'store-unavailable' });
    expect(known.message).toContain(`The store at db-1:27017,db-2:27017 ${words}`);
  });

  it.each([
    [
      server(18, 'Authentication failed.'),
      true,
      'refuses the user or the password. Correct them in its URL.',
    ],
    [server(8_000, 'bad auth : authentication failed'), true, 'refuses the user or the password.'],
    [
      server(13, 'not authorized on prod to execute command'),
      true,
      'does not let this user do that. Give it the role readWrite on the database prod.',
    ],
    [
      server(13, 'Command insert requires authentication'),
      false,
      'asks for a user and a password. Put them into its URL.',
    ],
  ])('says of %s what about the user is refused', (error, hasUser, words) => {
    const known = storeError(error, { ...place, hasUser });
    expect(known).toMatchObject({ name: 'TransientError', code: 'store-access-denied' });
    expect(known.message).toContain(words);
  });

  it('calls a store that was closed a wrong use of it, and a server that is too old a wrong configuration', () => {
    expect(storeError(new MongoClientClosedError(), place)).toMatchObject({ code: 'store-closed' });
    expect(storeError(new MongoCompatibilityError('wire version 6'), place)).toMatchObject({
      code: 'bad-configuration',
    });
  });

  it('leaves errors of ours as they are, and takes any other for a bug', () => {
    const own = new UsageError('bad-usage', 'what');
    expect(storeError(own, place)).toBe(own);
    expect(storeError(new TypeError('x'), place)).toMatchObject({ name: 'InvariantViolation' });
  });

  it('holds nothing of what was written, in its words or its causes', () => {
    const op = { q: { _id: 'a:b' }, u: { parts: [{ text: 'secret text' }] } };
    const writeErrors = [{ index: 0, code: 8, errmsg: 'cannot index "secret text"', op, err: { op } }];
    const bulk = new MongoBulkWriteError(
      { message: writeErrors[0]!.errmsg, code: 8, writeErrors } as never,
      { getWriteConcernError: () => undefined } as never,
    );
    for (const error of [bulk, server(8, 'cannot index "secret text"')]) {
      const known = storeError(error, place);
      expect(inspect(known, { depth: 10 })).not.toContain('secret');
      expect(known.cause).toBeInstanceOf(Error);
    }
  });
});
