import { randomBytes } from 'node:crypto';
import { MongoClient, type Db } from 'mongodb';

/** A database of its own on the server that the tests are given. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  readonly database: Db;
  drop(): Promise<void>;
}

/** @throws if `STEPFOLD_TEST_MONGODB` does not name a server */
export async function testDatabase(): Promise<TestDatabase> {
  const url = process.env['STEPFOLD_TEST_MONGODB'];
  if (url === undefined)
    throw new Error('STEPFOLD_TEST_MONGODB is not set: it is the URL of a MongoDB server');
  const name = `stepfold-test-${randomBytes(8).toString('hex')}`;
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 5_000 }).connect();
  const database = client.db(name);
  return {
    url,
    name,
    database,
    drop: async () => {
      await database.dropDatabase();
      await client.close();
    },
  };
}
