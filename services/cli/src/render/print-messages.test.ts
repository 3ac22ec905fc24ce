import { describe, expect, it } from '@jest/globals';
import { coderMessages, createSpansView, uiMessages } from '@stepfold/views';
import { foldAll } from '../../../../test/support/fold-all.js';
import { otlpTracesSchema } from '../../../../test/support/otlp-schema.js';
import { decodedEvents, readVectors } from '../../../../test/support/vectors.js';
import { runStepfold } from '../run-stepfold.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

async function printed(commandLine: readonly string[], input = ''): Promise<string> {
  const host = createInProcessHost(input);
  expect([await runStepfold(commandLine, host), host.complained()]).toEqual([0, '']);
  return host.printed();
}

describe('--view coder', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: prints what the view makes of the messages, with and without --json',
    async (_name, vector) => {
      const input = vector.events.map((event) => `${JSON.stringify(event)}\n`).join('');
      const command = ['fold', '-', '--format', 'stepfold', '--view', 'coder'];
      const json = await printed([...command, '--json'], input);
      const wanted = foldAll(decodedEvents(vector)).messages.flatMap(coderMessages);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(wanted)));
      expect(await printed(command, input)).toBe(json);
    },
  );

  it('prints an empty array for a chat that is not known', async () => {
    using folder = temporaryFolder();
    const words = ['messages', 'nobody', '--data', folder.path, '--view', 'coder'];
    expect(await printed([...words, '--json'])).toBe('[]\n');
    expect(await printed(words)).toBe('[]\n');
  });
});

describe('--view ui-message', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: prints what the view makes of each chat, with and without --json',
    async (_name, vector) => {
      const input = vector.events.map((event) => `${JSON.stringify(event)}\n`).join('');
      const command = ['fold', '-', '--format', 'stepfold', '--view', 'ui-message'];
      const json = await printed([...command, '--json'], input);
      const { messages } = foldAll(decodedEvents(vector));
      const chats = [...new Set(messages.map(({ chat_id }) => chat_id))];
      const wanted = chats.flatMap((id) => uiMessages(messages.filter(({ chat_id }) => chat_id === id)));
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(wanted)));
      expect(await printed(command, input)).toBe(json);
    },
  );

  it('keeps chats apart whose steps came mixed: a result is looked up in its own', async () => {
    const step = (chat_id: string, step_id: string, ...own: readonly object[]) =>
      [{ type: 'step-start' }, ...own, { type: 'step-end' }]
        .map((event) => ({ v: 1, chat_id, step_id, at: 1_800_000_000_000_000, ...event }))
        .map((event) => `${JSON.stringify(event)}\n`)
        .join('');
    const input =
      step('a', 'a1', { type: 'tool-call', tool_call_id: 'c', tool_name: 'look', args: {} }) +
      step('b', 'b1', { type: 'tool-call', tool_call_id: 'c', tool_name: 'look', args: {} }) +
      step('a', 'a2', { type: 'tool-result', tool_call_id: 'c', result: 'of a' });
    const json = await printed(['fold', '-', '--format', 'stepfold', '--view', 'ui-message'], input);
    expect(JSON.parse(json)).toMatchObject([
      { id: 'a1', parts: [{ type: 'step-start' }, { state: 'output-available', output: 'of a' }] },
      { id: 'b1', parts: [{ type: 'step-start' }, { state: 'input-available' }] },
    ]);
  });
});

describe('--view spans', () => {
  it.each(readVectors().map((vector) => [vector.name, vector] as const))(
    '%s: prints a request to a collector for each step that has ended',
    async (_name, vector) => {
      const input = vector.events.map((event) => `${JSON.stringify(event)}\n`).join('');
      const command = ['fold', '-', '--format', 'stepfold', '--view', 'spans'];
      const json = await printed([...command, '--json'], input);
      const spansOf = createSpansView();
      const wanted = foldAll(decodedEvents(vector)).messages.flatMap((message) => spansOf(message) ?? []);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(wanted)));
      for (const request of JSON.parse(json) as unknown[]) otlpTracesSchema.parse(request);
      expect(await printed(command, input)).toBe(json);
    },
  );
});
