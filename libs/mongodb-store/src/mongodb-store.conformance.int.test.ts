import { messageStoreConformance } from '@stepfold/message-store/conformance';
import { createSystemRuntime } from '@stepfold/runtime';
import { openMongodbStore } from './open-mongodb-store.js';
import { testDatabase } from './testing/test-database.js';

messageStoreConformance(
  'MongoDB',
  async () => {
    const database = await testDatabase();
    const runtime = createSystemRuntime();
    return {
      open: () => openMongodbStore({ url: database.url, database: database.name, runtime }),
      remove: database.drop,
    };
  },
  { timeoutMs: 60_000 },
);
