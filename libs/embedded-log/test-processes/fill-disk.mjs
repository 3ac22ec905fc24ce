/**
 * Appends until three calls have failed, as on a full disk, and writes what happened as JSON: `acknowledged`
 * (the last offset) and `errors` (their codes). Argument: directory.
 */
import fs from 'node:fs';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { createSystemRuntime } from '@stepfold/runtime';

const [directory] = process.argv.slice(2);
const log = await openEmbeddedLog({ directory, runtime: createSystemRuntime() });
const errors = [];
let acknowledged = -1;
while (errors.length < 3) {
  try {
    const record = { key: null, value: Buffer.alloc(20_000) };
    acknowledged = (await log.append('events', 0, [record])).lastOffset;
  } catch (error) {
    errors.push(error.code);
  }
}
const { endOffset } = await log.read('events', 0, 0);
fs.writeSync(1, `${JSON.stringify({ acknowledged, errors, endOffset })}\n`);
await log.close();
