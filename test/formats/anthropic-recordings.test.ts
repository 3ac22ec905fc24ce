import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import type { FormatName } from '@stepfold/formats';
import { expectedMessages, type ExpectedMessage } from './expected-anthropic.js';
import { readRecordings } from './stream-recordings.js';
import {
  convertLines,
  expectEventsInOrder,
  expectStepsToEnd,
  messagesOfLines,
  START,
  TICK,
} from './convert-lines.js';
import { recordedSuite } from './recorded-suite.js';

/** By content: streams of Claude on other clouds are among them. */
const recordings = readRecordings(['vercel-ai', 'fantasy'], '.jsonl', (text) =>
  /^\{"type": ?"message_start"/m.test(text),
);
const named = recordings.map((recording) => [recording.name, recording] as const);
const suite = recordedSuite(recordings);

const convert = (lines: readonly string[]) => convertLines('anthropic', lines);
const messagesOf = (lines: readonly string[], format: FormatName = 'anthropic') =>
  messagesOfLines(format, lines);

/** Holds a message against what its part of the stream plainly says. */
function expectMessage(message: Message, expected: ExpectedMessage, index: number, isCut: boolean): void {
  expect(message).toMatchObject({
    step_id: `run.${index}`,
    step_index: index,
    provider: 'anthropic',
    started_at: expected.startedAt,
    ended_at: expected.lastAt,
    status: expected.isOver ? 'complete' : 'interrupted',
    ...(expected.isOver ? {} : { interrupt: { reason: 'eof', at: expected.lastAt } }),
  });
  const parts = message.parts.filter((part) => part.type !== 'tool-result' || part.synthetic !== true);
  // Sources stand where their citation came, which may be behind parts that started before.
  const bySource = (isSource: boolean, all: readonly { readonly type?: unknown }[]) =>
    all.filter(({ type }) => (type === 'source') === isSource);
  for (const isSource of [true, false]) {
    expect(bySource(isSource, parts)).toHaveLength(bySource(isSource, expected.parts).length);
    expect(bySource(isSource, parts)).toMatchObject(bySource(isSource, expected.parts));
  }
  if (!isCut) expect(message).not.toHaveProperty('anomalies');
  if (expected.finishedAt === undefined) {
    expect(message).not.toHaveProperty('finish_reason');
    return;
  }
  expect(message).toMatchObject({
    finished_at: expected.finishedAt,
    raw_finish_reason: expected.stopReason,
    response_id: expected.id,
  });
  expect(message.usage).toEqual(expected.usage);
}

suite('the recorded streams of the Messages API', () => {
  it.each(named)('%s says the same as messages', (_name, { lines, parts }) => {
    expect(convert(lines).summary).toEqual({
      parts: lines.length,
      unreadableLines: 0,
      unknownParts: new Map(),
    });
    const messages = messagesOf(lines);
    const expected = expectedMessages(parts, START, TICK);
    expect(messages).toHaveLength(expected.length);
    for (const [index, message] of messages.entries()) expectMessage(message, expected[index]!, index, false);
  });

  it.each(named)('%s says the same up to any line that it is cut after', (_name, { lines, parts }) => {
    const stride = Math.max(1, Math.floor(lines.length / 40));
    for (let count = 1; count < lines.length; count += stride) {
      const messages = messagesOf(lines.slice(0, count));
      const expected = expectedMessages(parts.slice(0, count), START, TICK);
      expect(messages).toHaveLength(expected.length);
      for (const [index, message] of messages.entries())
        expectMessage(message, expected[index]!, index, true);
    }
  });

  it('say the same as server-sent events', () => {
    for (const { lines, parts } of recordings) {
      const sent = lines.flatMap((line, index) => [
        `event: ${String(parts[index]?.['type'])}`,
        `data: ${line}`,
        '',
      ]);
      const { summary, events } = convert([...sent, 'data: [DONE]', '']);
      expect(summary).toMatchObject({ parts: lines.length, unreadableLines: 0 });
      const types = convert(lines).events.map(({ event }) => event.type);
      expect(events.map(({ event }) => event.type)).toEqual(types);
    }
  });

  it('keep every event in order of its line, with the time of a line not later than its own', () => {
    expectEventsInOrder('anthropic', recordings);
  });

  it('end every step, however their lines are dropped, doubled and moved', () => {
    expectStepsToEnd('anthropic', recordings);
  }, 60_000);
});

/**
 * What AI SDK 7 makes of the same recordings. It renames tools, writes a `type` into their arguments and results in
 * camel case, shows compaction as text, drops the arguments of MCP calls, and gives up a message that another one
 * interrupts.
 */
suite('the recorded streams of the Messages API, beside what the AI SDK made of them', () => {
  const renamed: Readonly<Record<string, string>> = {
    bash_code_execution: 'code_execution',
    text_editor_code_execution: 'code_execution',
  };
  const others = readRecordings(['ai-sdk-v7', 'ai-sdk-v6'], '.full.jsonl', (text) =>
    text.includes('"anthropic'),
  );
  const pairs = named.flatMap(([name, recording]) =>
    others
      .filter((other) => fileOf(other.name) === fileOf(name) && !name.includes('spliced'))
      .map((other) => [other.name, recording, other] as const),
  );

  it('are compared', () => {
    expect(pairs.length).toBeGreaterThan(20);
  });

  it.each(pairs)('%s has the same content', (_name, recording, other) => {
    const ours = messagesOf(recording.lines);
    const theirs = messagesOf(other.lines, 'ai-sdk');
    // Version 6 drops fields of results that it does not know.
    expect(ours.map(shown)).toMatchObject(theirs.map(shown));
    expect(ours.map(({ usage }) => counted(usage))).toEqual(theirs.map(({ usage }) => counted(usage)));
    expect(ours.map(({ finish_reason }) => finish_reason)).toEqual(
      theirs.map(({ finish_reason }) => finish_reason),
    );
    expect(ours.map(({ response_id }) => response_id)).toEqual(theirs.map(({ response_id }) => response_id));
  });

  function fileOf(name: string): string {
    return name.replace(/^.*\//, '').replace(/(\.full)?\.jsonl$/, '');
  }

  /** Texts, reasoning with signatures, calls with arguments and results of a message, in order. */
  function shown(message: Message): unknown[] {
    return message.parts.flatMap((part): unknown[] => {
      switch (part.type) {
        case 'text':
          return [{ text: part.text }];
        case 'data':
          return part.name === 'compaction' ? [{ text: (part.data as { content: string }).content }] : [];
        case 'reasoning':
          return [
            { reasoning: part.text, signature: (part.metadata?.['anthropic'] ?? {})['signature'] ?? null },
          ];
        case 'tool-call': {
          const isMcp = part.dynamic === true;
          const args = part.args as Record<string, unknown>;
          const { type: _type, ...own } = args;
          const name = renamed[part.tool_name ?? ''] ?? part.tool_name;
          return [
            {
              id: part.tool_call_id,
              name,
              args: isMcp ? {} : name === 'code_execution' ? own : args,
              isProvider: part.provider_executed === true,
              parent: part.parent_tool_call_id,
            },
          ];
        }
        case 'tool-result':
          return part.provider_executed === true
            ? [{ id: part.tool_call_id, result: asTheirs(part.result), isError: part.is_error === true }]
            : [];
        default:
          return [];
      }
    });
  }

  function asTheirs(result: unknown): unknown {
    const { type, tool_references } = result as { type?: unknown; tool_references?: unknown };
    return inCamelCase(type === 'tool_search_tool_search_result' ? tool_references : result);
  }

  function inCamelCase(value: unknown): unknown {
    const text = JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? Object.fromEntries(
            Object.entries(item).map(([key, inner]) => [
              key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
              inner,
            ]),
          )
        : item,
    );
    return JSON.parse(text);
  }

  /** They add up a total and say 0 where the API said nothing. */
  function counted(usage: Message['usage']) {
    const { total_tokens: _total, ...counts } = usage ?? {};
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }
});
