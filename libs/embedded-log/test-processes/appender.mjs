/**
 * Appends without end, four calls at a time, and writes one line for each that was acknowledged:
 * partition, first offset, number of the first record, count. Arguments: directory, name of the writer.
 */
import fs from 'node:fs';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { createSystemRuntime } from '@stepfold/runtime';

const [directory, writer] = process.argv.slice(2);
const runtime = createSystemRuntime();
const log = await openEmbeddedLog({ directory, runtime });

await Promise.all(Array.from({ length: log.partitionCount }, (_, partition) => appendTo(partition)));

async function appendTo(partition) {
  for (let number = 0; ;) {
    const count = 1 + Math.floor(runtime.random() * 20);
    const records = Array.from({ length: count }, (_, i) => ({
      key: Buffer.from(writer),
      value: Buffer.from(`${number + i} ${'x'.repeat(runtime.random() < 0.02 ? 20_000 : 50)}`),
    }));
    const { firstOffset } = await log.append('events', partition, records);
    fs.writeSync(1, `${partition} ${firstOffset} ${number} ${count}\n`);
    number += count;
  }
}
