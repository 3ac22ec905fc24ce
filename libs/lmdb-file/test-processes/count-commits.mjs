/**
 * Counts upwards under a key of its own in a file, one commit after the other, until it is told to end on stdin. It looks
 * in each transaction whether what it has committed last is still there. Says `begun`, and at the end what it has seen.
 * Arguments: path, key.
 */
import { writeSync } from 'node:fs';
import { open } from 'lmdb';
import { openSharedFile } from '@stepfold/lmdb-file';
import { createSystemRuntime, sleep } from '@stepfold/runtime';

const [, , path, key] = process.argv;
const runtime = createSystemRuntime();
const { root, enter, close } = await openSharedFile({
  path,
  runtime,
  unavailable: 'store-unavailable',
  open: () => open({ path, noSubdir: true, overlappingSync: false }),
});

let isToldToEnd = false;
process.stdin.once('data', () => (isToldToEnd = true));
let commits = 0;
let lost = 0;
while (!isToldToEnd) {
  for (let i = 0; i < 100; i++) {
    const leave = enter();
    root.transactionSync(() => {
      if ((root.get(key) ?? 0) !== commits) lost += 1;
      commits += 1;
      void root.put(key, commits);
    });
    leave();
  }
  if (commits === 100) writeSync(1, 'begun\n');
  await sleep(runtime, 0);
}
await close();
writeSync(1, `${JSON.stringify({ commits, lost })}\n`);
process.stdin.destroy();
