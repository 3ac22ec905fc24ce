import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageStoreConformance } from '@stepfold/message-store/conformance';
import { createSystemRuntime } from '@stepfold/runtime';
import { openEmbeddedStore } from './embedded-store.js';

messageStoreConformance('embedded', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'stepfold-store-'));
  const runtime = createSystemRuntime();
  return {
    open: () => openEmbeddedStore({ directory, runtime }),
    remove: async () => rmSync(directory, { recursive: true }),
  };
});
