import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '@stepfold/event-log';
import type { Publisher } from '@stepfold/publisher';
import type { Recorder } from '@stepfold/recorder';
import { transformSync } from '@swc/core';
import * as ai from 'ai-6';
import { MockLanguageModelV3 } from 'ai-6/test';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { brief, setUp, streamOf } from './recorder-test.js';

/** What the program of a README exports, compiled as the sources are. */
function programOf<T>(library: string): T {
  const readme = readFileSync(path.join(__dirname, `../../libs/${library}/README.md`), 'utf8');
  const source = /```ts\n([\s\S]*?)```/
    .exec(readme)![1]!
    .replace('/var/lib/my-app/outbox', '/tmp/stepfold-readme-outbox');
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported = {};
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the point is to run what the README shows
  new Function('exports', 'require', code)(exported, (name: string): unknown =>
    name === 'ai' ? ai : require(name),
  );
  return exported as T;
}

const anthropicEvents = [
  { type: 'message_start', message: { id: 'm', model: 'c', content: [], usage: {} } },
  { type: 'message_stop' },
];

describe('the program of the README of', () => {
  it('the recorder records what it prints', async () => {
    const log = new RecordingLog();
    const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const { answer } = programOf<{ answer(log: EventLog, stream: unknown): Promise<void> }>('recorder');
    await answer(log, streamOf(anthropicEvents));
    expect(print.mock.calls.map(([event]) => event as unknown)).toEqual(anthropicEvents);
    print.mockRestore();
    expect(log.events().map(({ type }) => type)).toEqual(['step-start', 'finish', 'step-end']);
  });

  it('the outbox publishes', async () => {
    const { connect } = programOf<{ connect(log: EventLog): Publisher }>('outbox');
    const log = new RecordingLog();
    const publisher = connect(log);
    await publisher.openStep({ chatId: 'c', stepId: 's' }).end();
    await publisher.close();
    expect(log.events()).toHaveLength(2);
  });

  it('the recorder of the AI SDK answers', async () => {
    const { log, recorder } = setUp();
    const { answer } = programOf<{
      answer(recorder: Recorder, model: unknown, chatId: string, prompt: string): Response;
    }>('recorder-ai-sdk');
    const parts = [
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'Hello' },
      { type: 'text-end', id: 't' },
    ];
    const model = new MockLanguageModelV3({
      doStream: (async () => ({ stream: streamOf(parts) })) as never,
    });
    expect(await answer(recorder, model, 'chat', 'Hi').text()).toContain('"delta":"Hello"');
    await recorder.flush();
    expect(brief(log.events())[2]).toMatch(/text-delta$/);
  });
});
