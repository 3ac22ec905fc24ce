/** Spends most of its time inside commits. Writes `writing` when it begins. Argument: directory. */
import fs from 'node:fs';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { createSystemRuntime } from '@stepfold/runtime';

const [directory] = process.argv.slice(2);
const log = await openEmbeddedLog({ directory, runtime: createSystemRuntime(), fsync: false });
const records = Array.from({ length: 20_000 }, () => ({ key: null, value: Buffer.alloc(300) }));
fs.writeSync(1, 'writing\n');
for (;;) await log.append('events', 0, records);
