/**
 * A stop button in another process than the one that streams.
 *
 *     node examples/dist/stop-button.js && npx stepfold replay story-chat
 *
 * `stop-button.js stop CHAT STEP` is the button. Without words this program is the one that streams, and presses the button
 * after a while, in a process of its own.
 */
import { spawn } from 'node:child_process';
import { languageModel } from '@stepfold/formats';
import { openRecorder } from './open-recorder.js';

/** A model that tells a story without end, until it is told to stop. */
async function* story(signal: AbortSignal): AsyncGenerator<object> {
  yield { type: 'stream-start', warnings: [] };
  yield { type: 'text-start', id: 't' };
  for (let chapter = 1; ; chapter++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    signal.throwIfAborted();
    yield { type: 'text-delta', id: 't', delta: `Chapter ${chapter}. ` };
  }
}

async function pressStop(chatId: string, stepId: string): Promise<void> {
  const recorder = await openRecorder();
  await recorder.publisher.joinStep({ chatId, stepId }).interrupt('user');
  await recorder.close();
}

async function stream(): Promise<void> {
  const recorder = await openRecorder();
  const run = recorder.openRun({ chatId: 'story-chat', runId: 'story' });
  try {
    let parts = 0;
    for await (const part of run.recordIterable(story(run.signal), { format: languageModel })) {
      if ('delta' in part) process.stdout.write(String(part.delta));
      parts++;
      // The button knows the chat and the step from what the browser shows.
      if (parts === 5)
        spawn(process.execPath, [process.argv[1]!, 'stop', 'story-chat', 'story.0'], { stdio: 'inherit' });
    }
  } catch (error) {
    console.log(`\n${(error as Error).message}`);
  }
  await recorder.close();
}

const [, , word, chatId = '', stepId = ''] = process.argv;
await (word === 'stop' ? pressStop(chatId, stepId) : stream());
process.exit();
