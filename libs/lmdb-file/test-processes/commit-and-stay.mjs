/** Is in the midst of a transaction that writes for ever. Says `entered`. Argument: path. */
import { writeSync } from 'node:fs';
import { open } from 'lmdb';
import { openSharedFile } from '@stepfold/lmdb-file';
import { createSystemRuntime } from '@stepfold/runtime';

const [, , path] = process.argv;
const { root, enter } = await openSharedFile({
  path,
  runtime: createSystemRuntime(),
  unavailable: 'store-unavailable',
  open: () => open({ path, noSubdir: true, overlappingSync: false }),
});
enter();
root.transactionSync(() => {
  writeSync(1, 'entered\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
