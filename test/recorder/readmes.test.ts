import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '@stepfold/event-log';
import type { Publisher } from '@stepfold/publisher';
import type { Recorder } from '@stepfold/recorder';
import { transformSync } from '@swc/core';
import * as ai from 'ai-6';
import { MockLanguageModelV3 } from 'ai-6/test';
import OpenAI from 'openai';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { brief, setUp, streamOf } from './recorder-test.js';

const directory = mkdtempSync(path.join(tmpdir(), 'stepfold-readme-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the program of a README exports, compiled as the sources are. */
function programOf<T>(library: string): T {
  const readme = readFileSync(path.join(__dirname, `../../libs/${library}/README.md`), 'utf8');
  const source = /```ts\n([\s\S]*?)```/
    .exec(readme)![1]!
    .replace('/var/lib/my-app/outbox', path.join(directory, 'outbox'));
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

  it('the importer publishes', async () => {
    const { log, recorder } = setUp();
    type Program = { publishChat(publisher: Publisher, messages: unknown[]): Promise<void> };
    const message = { id: 'm', role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
    await programOf<Program>('import').publishChat(recorder.publisher, [message]);
    expect(log.events()).toMatchObject([{ type: 'message', step_id: 'm' }]);
  });

  it('the recorders of Anthropic and OpenAI answer', async () => {
    const { log, recorder } = setUp();
    type Program = { answer(recorder: Recorder, client: unknown, chatId: string): Promise<string> };
    const answering = (parts: readonly object[]) => async (): Promise<Response> =>
      new Response(
        parts
          .map((part) => `event: ${(part as { type: string }).type}\ndata: ${JSON.stringify(part)}\n\n`)
          .join(''),
        {
          headers: { 'content-type': 'text/event-stream' },
        },
      );
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } };
    const start = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
    const anthropic = new Anthropic({
      apiKey: 'key',
      fetch: answering([anthropicEvents[0]!, start, delta, anthropicEvents[1]!]),
    });
    expect(await programOf<Program>('recorder-anthropic').answer(recorder, anthropic, 'chat')).toBe('Hello');
    const item = { type: 'message', id: 'y', role: 'assistant', content: [] };
    const openai = new OpenAI({
      apiKey: 'key',
      fetch: answering([
        { type: 'response.created', response: { id: 'r', model: 'm', output: [] } },
        { type: 'response.output_item.added', output_index: 0, item },
        {
          type: 'response.output_text.delta',
          output_index: 0,
          item_id: 'y',
          content_index: 0,
          delta: 'Hello',
        },
      ]),
    });
    expect(await programOf<Program>('recorder-openai').answer(recorder, openai, 'chat')).toBe('Hello');
    await recorder.flush();
    expect(log.events().filter(({ type }) => type === 'text-delta')).toHaveLength(2);
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
