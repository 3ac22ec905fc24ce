/**
 * Publishes with an outbox until it kills itself: `node publishing.mjs FOLDER LIFE SEED`. The seed says what is published, when the
 * log is away, and before, in the midst of or after which call of the file system or of the log the process is killed. What is
 * handed to the outbox is noted in `FOLDER/given-LIFE` before (`?` and the event) and after (`!`). Without a seed the process only
 * sends what others have left, and ends.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { openOutbox } from '@stepfold/outbox';
import { createPublisher } from '@stepfold/publisher';
import { createSystemRuntime, TransientError } from '@stepfold/runtime';

const [folder, life, seed] = process.argv.slice(2);
const isKilled = seed !== undefined;
const { openSync, writeSync } = fs;
const given = openSync(path.join(folder, `given-${life}`), 'a');

let state = Number(seed ?? 0);
/** A whole number from 0 to `end` − 1: mulberry32. */
function below(end) {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
}

let momentsLeft = !isKilled ? Infinity : below(3) === 0 ? below(40) : below(1_000);
/** One at which the process may be killed. */
function moment() {
  if (momentsLeft-- <= 0) process.kill(process.pid, 'SIGKILL');
}

for (const name of ['openSync', 'renameSync', 'rmSync', 'readFileSync', 'closeSync', 'ftruncateSync']) {
  const call = fs[name];
  fs[name] = (...args) => {
    moment();
    const answer = call(...args);
    moment();
    return answer;
  };
}
fs.writeSync = (file, bytes, ...rest) => {
  moment();
  // In the midst of a write.
  if (momentsLeft <= 0) writeSync(file, bytes.subarray(0, below(bytes.length)));
  moment();
  const written = writeSync(file, bytes, ...rest);
  moment();
  return written;
};

const runtime = createSystemRuntime();
const log = await openEmbeddedLog({
  directory: path.join(folder, 'log'),
  runtime,
  partitionCount: 2,
  fsync: false,
});
syncBuiltinESMExports();

const unsteadyLog = {
  partitionCount: log.partitionCount,
  async append(...args) {
    moment();
    if (isKilled && below(3) === 0) throw new TransientError('log-unavailable', 'away');
    const appended = log.append(...args);
    moment();
    await appended;
    moment();
    if (isKilled && below(5) === 0) throw new TransientError('log-unavailable', 'the answer was lost');
    return appended;
  },
};
const outbox = openOutbox({ directory: path.join(folder, 'outbox'), staleBytesMax: 3_000 });
const publisher = createPublisher({
  log: unsteadyLog,
  runtime,
  producer: `life-${life}`,
  ...{ queueEventsMax: 50, batchRecordsMax: 20, retryDelayMinMs: 1, retryDelayMaxMs: 10 },
  outbox: {
    recover: (nowMicros) => outbox.recover(nowMicros),
    keep(event, text) {
      writeSync(given, `?${text}\n`);
      const onSettled = outbox.keep(event, text);
      writeSync(given, '!\n');
      return onSettled;
    },
    close: () => outbox.close(),
  },
});

if (!isKilled) {
  await publisher.close();
  await log.close();
} else {
  const steps = [];
  for (let number = 0; ; number++) {
    const slot = below(4);
    const step = steps[slot];
    const choice = below(16);
    const text = `${life}.${number} ${'x'.repeat(below(120))}`;
    let publication;
    if (step === undefined || step.isEnded) {
      steps[slot] = publisher.openStep({ chatId: `chat-${slot}`, stepId: `s${life}.${number}` });
      publication = steps[slot].opened;
    } else if (choice === 0) publication = step.end();
    else if (choice === 1) publication = step.interrupt('user');
    else if (choice === 2) publication = step.error({ message: text, fatal: true });
    else if (choice === 3) publication = (steps[slot] = step.retry()).opened;
    else if (choice === 4)
      publication = step.toolCall({ toolCallId: text, toolName: 'add', args: { a: number } });
    else if (choice === 5) publication = step.toolResult({ toolCallId: text, result: { text } });
    else if (choice === 6) {
      const message = { chatId: step.chatId, stepId: `m${life}.${number}`, role: 'user' };
      publication = publisher.message({ ...message, parts: [{ type: 'text', text }] });
    } else publication = step.textDelta('t', text);
    await publication;
    if (below(3) === 0) await new Promise((resolve) => void setImmediate(resolve));
    if (below(40) === 0) await publisher.flush();
  }
}
