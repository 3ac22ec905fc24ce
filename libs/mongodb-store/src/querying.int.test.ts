import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AggregationCursor, Db, Document, FindCursor } from 'mongodb';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { openMongodbStore } from './open-mongodb-store.js';
import { queryingLetters, queryingMessages, SINCE, BEFORE } from './testing/querying-data.js';
import { testDatabase, type TestDatabase } from './testing/test-database.js';

interface PageQuery {
  readonly title: string;
  /** `undefined`: the page says that it reads the collection. */
  readonly index: string | undefined;
  readonly code: string;
}

const page = fs.readFileSync(path.resolve(__dirname, '../../../docs/querying.md'), 'utf8');

/** Every fenced query of the page, with the title above it and the index that it names. */
function queriesOf(text: string): PageQuery[] {
  return text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const title = section.slice(0, section.indexOf('\n'));
      const line = /^Index: (?:`([^`]+)`|none, reads the collection)$/m.exec(section);
      const codes = [...section.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code!);
      if (line === null || codes.length !== 1)
        throw new Error(`"${title}" needs one index line and one query`);
      return { title, index: line[1], code: codes[0]! };
    });
}

const seconds = (since: Date, offset: number): Date => new Date(since.getTime() + offset * 1_000);

/** What each query finds in the data of the test, by its title. */
const expected: Readonly<Record<string, readonly Document[]>> = {
  'The messages of a chat, in order': [
    {
      _id: 'chat-1:s1',
      step_id: 's1',
      status: 'complete',
      model: 'fast-1',
      started_at: seconds(SINCE, 3_600),
    },
    {
      _id: 'chat-1:s2',
      step_id: 's2',
      status: 'complete',
      model: 'fast-1',
      started_at: seconds(SINCE, 3_700),
    },
    {
      _id: 'chat-1:s3',
      step_id: 's3',
      status: 'complete',
      model: 'fast-1',
      started_at: seconds(SINCE, 3_800),
    },
  ],
  'The message of a tool call': [
    { _id: 'chat-1:s2', chat_id: 'chat-1', step_id: 's2', status: 'complete' },
    { _id: 'chat-1:s3', chat_id: 'chat-1', step_id: 's3', status: 'complete' },
  ],
  'Steps that have been open for long': [
    { _id: 'chat-2:s2', chat_id: 'chat-2', step_id: 's2', last_event_at: seconds(BEFORE, -60) },
  ],
  'Chats with interrupted steps': [{ _id: 'chat-2', interrupted: 1, reasons: ['user'] }],
  'Slowest tools this week': [
    { _id: 'render', runs: 1, average: 12, slowest: 12 },
    { _id: 'search', runs: 3, average: 2, slowest: 3 },
  ],
  'The slowest runs of one tool': [
    { _id: 'chat-1:s1', call: 'call-1', seconds: 3 },
    { _id: 'chat-2:s1', call: 'call-5', seconds: 2 },
    { _id: 'chat-1:s1', call: 'call-2', seconds: 1 },
  ],
  'Errors per tool': [{ _id: 'search', results: 3, errors: 1, share: 1 / 3 }],
  'Calls that were cut off': [{ _id: 'render', calls: ['call-6'] }],
  'Unanswered calls of a chat': [{ _id: 'call-4', tool: 'approve', called_at: seconds(SINCE, 3_712) }],
  'How long answers took that came in a later message': [{ _id: 'call-3', seconds: 95 }],
  'Reasoning time per model': [
    { _id: 'deep-1', blocks: 1, total: 30, average: 30 },
    { _id: 'fast-1', blocks: 2, total: 6, average: 3 },
  ],
  'Time to first output per model': [
    { _id: 'deep-1', steps: 1, average: 5, slowest: 5 },
    { _id: 'fast-1', steps: 2, average: 0.5, slowest: 0.75 },
  ],
  'Chats active this week, and their steps': [
    { _id: 'chat-1', status: 'complete', steps: 3 },
    { _id: 'chat-2', status: 'open', steps: 3 },
  ],
  'Tokens per chat': [
    { _id: 'chat-1', input: 110, output: 55 },
    { _id: 'chat-2', input: 1_000, output: 7 },
  ],
  'Dead letters by reason': [
    { _id: { stage: 'projector', reason: 'bad-json' }, letters: 2, last: seconds(SINCE, 20) },
    { _id: { stage: 'writer', reason: 'store-refused' }, letters: 1, last: seconds(SINCE, 30) },
  ],
  'How far the store has got': [
    { _id: '0:0', folded_to: 41 },
    { _id: '0:1', folded_to: 42 },
  ],
};

const parameters: Readonly<Record<string, Date>> = { since: SINCE, before: BEFORE };

type Cursor = FindCursor<Document> | AggregationCursor<Document>;

/** Runs a query as `mongosh` would, with the dates of the test in the place of those of the page. */
function cursorOf(query: PageQuery, database: Db): Cursor {
  let parameterCount = 0;
  const code = query.code.replace(/^const (\w+) = ISODate\('[^']*'\);$/gm, (_, name: string) => {
    const date = parameters[name];
    if (date === undefined) throw new Error(`the test knows no parameter ${name}`);
    parameterCount++;
    return `const ${name} = ISODate('${date.toISOString()}');`;
  });
  if (query.code.split('ISODate').length - 1 !== parameterCount)
    throw new Error('a date that is no parameter');
  const shell = new Proxy(
    {},
    {
      get: (_, name: string) => {
        const collection = database.collection(name);
        return {
          find: (filter: Document, projection?: Document) =>
            collection.find(filter, projection === undefined ? {} : { projection }),
          aggregate: (pipeline: Document[]) => collection.aggregate(pipeline),
        };
      },
    },
  );
  return vm.runInNewContext(code, { db: shell, ISODate: (text: string) => new Date(text) }) as Cursor;
}

/** The indexes that a plan reads, of MongoDB or of FerretDB; plans that were not taken do not count. */
function indexesIn(plan: unknown): Set<string> {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const fields = node as Record<string, unknown>;
    if (typeof fields['Index Name'] === 'string') found.add(fields['Index Name']);
    if (fields['stage'] === 'IXSCAN') found.add(String(fields['indexName']));
    if (String(fields['stage']).startsWith('CLUSTERED') || fields['stage'] === 'IDHACK') found.add('_id_');
    for (const [name, value] of Object.entries(fields)) if (name !== 'rejectedPlans') visit(value);
  };
  visit(plan);
  return found;
}

let test: TestDatabase;

beforeAll(async () => {
  test = await testDatabase();
  await using store = await openMongodbStore({
    url: test.url,
    database: test.name,
    runtime: createSystemRuntime(),
  });
  const outcomes = await store.write(FIRST_COLLECTION, queryingMessages);
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['applied']));
  await store.writeDeadLetters(queryingLetters);
  for (const [partition, folded_to] of [41, 42].entries()) {
    await store.raiseProgress({ generation: 0, partition, folded_to });
    await store.raiseProgress({ generation: 1, partition, folded_to: 7 });
  }
}, 60_000);

afterAll(() => test.drop());

describe('docs/querying.md', () => {
  const queries = queriesOf(page);

  it('has the queries that this test knows the results of, and no others', () => {
    expect(queries.map(({ title }) => title).sort()).toEqual(Object.keys(expected).sort());
    expect(queries.length).toBeGreaterThanOrEqual(10);
  });

  it.each(queries)('finds with "$title" what it says', async (query) => {
    expect(await cursorOf(query, test.database).toArray()).toEqual(expected[query.title]);
  });

  it.each(queries)('reads for "$title" the index that it names', async (query) => {
    const used = indexesIn(await cursorOf(query, test.database).explain('queryPlanner'));
    if (query.index === undefined) expect([...used].filter((name) => name !== '_id_')).toEqual([]);
    else expect([...used]).toContain(query.index);
  });
});
