/** Opens the file and closes it. Says how that went. Argument: path. */
import { writeSync } from 'node:fs';
import { open } from 'lmdb';
import { openSharedFile } from '@stepfold/lmdb-file';
import { createSystemRuntime } from '@stepfold/runtime';

const [, , path] = process.argv;
try {
  const { close } = await openSharedFile({
    path,
    runtime: createSystemRuntime(),
    unavailable: 'store-unavailable',
    open: () => open({ path, noSubdir: true, overlappingSync: false }),
  });
  await close();
  writeSync(1, 'opened\n');
} catch (error) {
  writeSync(1, `${error.message}\n`);
}
