/**
 * A publisher of the old or the new release (made-up-version.mjs): one short step after the other, in chats
 * of its own, until SIGTERM. All the while one step is open in which both meet: the old release opens it,
 * streams text and calls a tool; the new one runs that tool and, when it is stopped itself, ends the step. Says
 * on stderr how many steps of its own have been acknowledged.
 *
 * node release-publisher.mjs LOG_PLACE_JSON old|new
 */
import { createPublisher } from '@stepfold/publisher';
import { createSystemRuntime, sleep } from '@stepfold/runtime';
import { logOfRelease } from './made-up-version.mjs';
import { openLog } from './open-log.mjs';

const CHATS = 8;
const PAUSE_MS = 20;

const [place, release] = process.argv.slice(2);
const runtime = createSystemRuntime();
const log = await openLog(place, runtime);
const publisher = createPublisher({ log: logOfRelease(release, log), runtime, name: release });
let isStopped = false;
process.once('SIGTERM', () => (isStopped = true));

const isOld = release === 'old';
const address = { chatId: 'shared', stepId: 'shared' };
const tool = { toolCallId: 'tool', toolName: 'look' };
const shared = isOld ? publisher.openStep(address) : publisher.joinStep(address);
if (isOld) {
  void shared.textStart('0');
  void shared.toolCall({ ...tool, args: {} });
} else {
  void shared.toolExecutionStart(tool.toolCallId);
}

for (let i = 0; !isStopped; i++) {
  const step = publisher.openStep({ chatId: `${release}-${i % CHATS}`, stepId: `step-${i}` });
  void step.textStart('0');
  for (const word of ['Half ', 'and ', 'whole ', String(i)]) {
    void step.textDelta('0', word);
    if (isOld) void shared.textDelta('0', word);
    await sleep(runtime, PAUSE_MS);
  }
  void step.textEnd('0');
  void step.finish({ finishReason: 'stop' });
  await step.end().acknowledged;
  process.stderr.write(`acknowledged ${i + 1}.\n`);
}
if (isOld) {
  void shared.textEnd('0');
  void shared.finish({ finishReason: 'tool-calls' });
} else {
  void shared.toolResult({ ...tool, result: 'seen' });
  void shared.end();
}
await publisher.close();
await log.close();
