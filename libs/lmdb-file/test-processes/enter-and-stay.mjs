/** Is in the midst of a commit for ever. Says `entered`. Argument: path. */
import { writeSync } from 'node:fs';
import { open } from 'lmdb';
import { openSharedFile } from '@stepfold/lmdb-file';
import { createSystemRuntime, sleep } from '@stepfold/runtime';

const [, , path] = process.argv;
const runtime = createSystemRuntime();
const { enter } = await openSharedFile({
  path,
  runtime,
  unavailable: 'store-unavailable',
  open: () => open({ path, noSubdir: true, overlappingSync: false }),
});
enter();
writeSync(1, 'entered\n');
await sleep(runtime, 1_000_000);
