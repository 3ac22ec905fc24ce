/**
 * A member of the group "group" on the topic "events". Writes lines: `own P`, `got P OFFSET`, `lost P`,
 * `left`. Leaves on SIGTERM. Arguments: directory, options of `openEmbeddedLog` as JSON.
 */
import fs from 'node:fs';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { createSystemRuntime } from '@stepfold/runtime';

const [directory, options] = process.argv.slice(2);
const log = await openEmbeddedLog({ directory, runtime: createSystemRuntime(), ...JSON.parse(options) });
const controller = new AbortController();
process.on('SIGTERM', () => controller.abort());

await log.subscribe({ group: 'group', topics: ['events'], signal: controller.signal }, async (assigned) => {
  const { partition, signal } = assigned;
  say(`own ${partition}`);
  signal.addEventListener('abort', () => say(`lost ${partition}`));
  while (!signal.aborted) {
    try {
      const { records, nextOffset } = await assigned.poll();
      for (const { offset } of records) say(`got ${partition} ${offset}`);
      if (records.length > 0) await assigned.commit({ nextOffset, metadata: '' });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
});
say('left');
await log.close();

function say(line) {
  fs.writeSync(1, `${line}\n`);
}
