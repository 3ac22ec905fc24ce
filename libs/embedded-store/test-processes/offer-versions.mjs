/**
 * Waits for a line on stdin, then offers the versions of a file to the store of a directory, some at a
 * time, and prints the outcomes as JSON. Says `ready` and `offering` before.
 * Arguments: directory, file of a JSON array of batches.
 */
import { readFileSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import { createSystemRuntime } from '@stepfold/runtime';

const [directory, file] = process.argv.slice(2);
const batches = JSON.parse(readFileSync(file, 'utf8'));

const store = await openEmbeddedStore({ directory, runtime: createSystemRuntime() });
writeSync(1, 'ready\n');
await once(process.stdin, 'data');
writeSync(1, 'offering\n');
const outcomes = [];
for (const batch of batches) {
  outcomes.push((await store.write('messages', batch)).map(({ outcome }) => outcome));
}
writeSync(1, `${JSON.stringify(outcomes)}\n`);
await store.close();
process.exit(0);
