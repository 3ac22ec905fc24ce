/**
 * Writes to the store of a directory until it takes no more, and prints what it was answered for last and
 * the error that it got. Argument: directory.
 */
import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { version } from './version.mjs';

const store = await openEmbeddedStore({ directory: process.argv[2], runtime: createSystemRuntime() });
const failures = [];
let answered = 0;
for (let i = 1; failures.length < 3; i++) {
  try {
    await store.write('messages', [version('chat', `step-${answered + 1}`, 3, i)]);
    answered++;
  } catch (error) {
    failures.push({
      name: error.name,
      code: error.code,
      message: error.message,
      hasCause: error.cause instanceof Error,
    });
  }
}
const readable = (await store.message('chat', `step-${answered}`))?.events;
writeSync(1, `${JSON.stringify({ answered, failures, readable })}\n`);
await store.close();
process.exit(0);
