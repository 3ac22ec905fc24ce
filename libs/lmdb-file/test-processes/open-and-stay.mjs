/** Is in the midst of opening a file for ever. Says `opening`. Argument: path. */
import { writeSync } from 'node:fs';
import { openSharedFile } from '@stepfold/lmdb-file';
import { createSystemRuntime } from '@stepfold/runtime';

const [, , path] = process.argv;
await openSharedFile({
  path,
  runtime: createSystemRuntime(),
  unavailable: 'store-unavailable',
  open() {
    writeSync(1, 'opening\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
