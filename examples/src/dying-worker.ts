/**
 * A worker dies in the middle of an answer, and nobody is left to end its step. The reaper of the projector does.
 *
 *     node examples/dist/dying-worker.js && npx stepfold messages lost-chat
 *
 * Silence of 15 minutes is what it waits for by default; here it is two seconds.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import { languageModel } from '@stepfold/formats';
import { createSystemRuntime } from '@stepfold/runtime';
import { openRecorder } from './open-recorder.js';

/** Records the beginning of an answer, and is gone. */
async function workAndDie(): Promise<void> {
  const recorder = await openRecorder();
  const tap = recorder.openRun({ chatId: 'lost-chat', runId: 'answer' }).openTap({ format: languageModel });
  void tap.part({ type: 'stream-start', warnings: [] });
  void tap.part({ type: 'text-start', id: 't' });
  void tap.part({ type: 'text-delta', id: 't', delta: 'The answer is ' });
  await recorder.flush();
  process.kill(process.pid, 'SIGKILL');
}

async function watch(): Promise<void> {
  const bin = fileURLToPath(new URL('../bin/stepfold.mjs', import.meta.resolve('stepfold')));
  const options = ['--step-idle-timeout', '2000', '--reaper-grace', '500', '--log-level', 'error'];
  const services = spawn(process.execPath, [bin, 'dev', ...options], { stdio: 'inherit' });
  spawn(process.execPath, [process.argv[1]!, 'work'], { stdio: 'inherit' });
  const store = await openEmbeddedStore({ directory: '.stepfold/store', runtime: createSystemRuntime() });
  for (let shown = ''; shown !== 'interrupted';) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const message = (await store.messages('lost-chat')).items.at(-1);
    if (message === undefined || message.status === shown) continue;
    shown = message.status;
    console.log(
      `the step is ${shown}${message.interrupt === undefined ? '' : `: ${message.interrupt.reason}`}`,
    );
  }
  services.kill('SIGTERM');
  await new Promise((resolve) => services.once('exit', resolve));
  await store.close();
}

await (process.argv[2] === 'work' ? workAndDie() : watch());
process.exit();
