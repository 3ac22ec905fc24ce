/**
 * Records a stream that does not end, with a log that is away after its first append. Says `queued` when all of it is
 * queued, and waits to be killed. `node recording.mjs FOLDER [outbox]`; with `restart` as the third word it only starts, and ends.
 */
import path from 'node:path';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { languageModel } from '@stepfold/formats';
import { openOutbox } from '@stepfold/outbox';
import { createRecorder } from '@stepfold/recorder';
import { createSystemRuntime, TransientError } from '@stepfold/runtime';

const [folder, outboxWord, restartWord] = process.argv.slice(2);
const runtime = createSystemRuntime();
const log = await openEmbeddedLog({ directory: path.join(folder, 'log'), runtime, partitionCount: 1 });
const outbox = outboxWord === 'outbox' ? openOutbox({ directory: path.join(folder, 'outbox') }) : undefined;
let appends = 0;
const awayLog = {
  ...log,
  partitionCount: log.partitionCount,
  read: (...given) => log.read(...given),
  append: (...given) => {
    appends++;
    if (restartWord === undefined && appends > 1) throw new TransientError('log-unavailable', 'away');
    return log.append(...given);
  },
};
const recorder = createRecorder({ log: awayLog, runtime, ...(outbox === undefined ? {} : { outbox }) });
if (restartWord !== undefined) {
  await recorder.close();
  await log.close();
} else {
  const tap = recorder.openRun({ chatId: 'chat', runId: 'run' }).openTap({ format: languageModel });
  void tap.part({ type: 'stream-start', warnings: [] });
  void tap.part({ type: 'text-start', id: 't' });
  void tap.part({ type: 'text-delta', id: 't', delta: 'acknowledged ' });
  await recorder.flush();
  for (let word = 0; word < 50; word++) void tap.part({ type: 'text-delta', id: 't', delta: `w${word} ` });
  console.error('queued');
}
