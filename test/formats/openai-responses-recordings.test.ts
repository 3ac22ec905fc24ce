import { expect, it } from '@jest/globals';
import type { Message, Part } from '@stepfold/fold';
import type { FormatName } from '@stepfold/formats';
import * as fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import {
  expectedResponses,
  words,
  wordsOfCall,
  type ExpectedResponse,
  type ResponsePart,
} from './expected-responses.js';
import { convertLines, expectEventsInOrder, messagesOfLines, START, TICK } from './convert-lines.js';
import { partsOfType } from '../support/convert-parts.js';
import { seededNumbers } from './raw-recordings.js';
import { recordedSuite } from './recorded-suite.js';

/**
 * The recorded streams of the Responses API, wherever they lie: told by what is in them.
 *
 * What the AI SDK makes of the same recordings says the same, but for this: it joins the parts of a text, drops
 * `reasoning_text` (its provider for OpenAI), makes searches of the web and of files without arguments, leaves out
 * what a picture was asked for and (version 6) what a command is limited to, gives approval requests an id by
 * chance, calls annotations of xAI an error, and has as sources either the pages that a search found (version 7) or
 * those that the text cites, where both are said.
 */

const shared = path.resolve(__dirname, '../../../shared/streams');

interface Recording {
  readonly name: string;
  readonly lines: readonly string[];
  /** Undefined where a line is no JSON. */
  readonly parts: readonly (ResponsePart | undefined)[];
}

function readRecordings(): Recording[] {
  const found = ['vercel-ai', 'fantasy'].flatMap((folder) => {
    const inside = path.join(shared, folder);
    const files = fs.existsSync(inside) ? fs.readdirSync(inside).sort() : [];
    return files.flatMap((file): Recording[] => {
      if (!file.endsWith('.jsonl')) return [];
      const lines = fs.readFileSync(path.join(inside, file), 'utf8').trimEnd().split('\n');
      const parts = lines.map(parsed);
      const isOurs = parts.some((part) => String(part?.['type']).startsWith('response.'));
      return isOurs ? [{ name: `${folder}/${file}`, lines, parts }] : [];
    });
  });
  if (found.length > 0) return found;
  if (process.env['CI']) throw new Error(`there are no recorded responses in ${shared}`);
  console.warn(`SKIPPED: no recorded responses in ${shared}; the converter is not tested on them`);
  return [];
}

function parsed(line: string): ResponsePart | undefined {
  try {
    return JSON.parse(line) as ResponsePart;
  } catch {
    return undefined;
  }
}

const recordings = readRecordings();
const suite = recordedSuite(recordings);

it('are there, or the lack of them was said', () => {
  expect(recordings.length > 0 || process.env['CI'] === undefined).toBe(true);
});

const convert = (lines: readonly string[]) => convertLines('openai-responses', lines);
const messagesOf = (lines: readonly string[], format: FormatName = 'openai-responses') =>
  messagesOfLines(format, lines);

function expectMessage(message: Message, response: ExpectedResponse, index: number): void {
  const isWhole = response.end !== undefined;
  const isFailed = response.end?.['type'] === 'response.failed';
  expect(message).toMatchObject({
    step_id: `run.${index}`,
    step_index: index,
    started_at: response.startedAt,
    ended_at: response.endedAt,
    status: isFailed ? 'failed' : isWhole ? 'complete' : message.status,
  });
  expect(message).not.toHaveProperty('anomalies');
  if (!isWhole) expect(['interrupted', 'failed']).toContain(message.status);
  const blocks = message.parts.filter(({ type }) => type === 'text' || type === 'reasoning');
  expect(isWhole ? blocks : blocks.slice(0, response.blocks.length)).toMatchObject(
    response.blocks.map((text) => ({
      type: text.type,
      text: text.text,
      created_at: text.createdAt,
      ...(text.lastDeltaAt === undefined ? {} : { last_delta_at: text.lastDeltaAt }),
      ...(isWhole ? { completed_at: text.completedAt } : {}),
      metadata: {
        openai: {
          itemId: text.itemId,
          ...(text.encrypted === undefined ? {} : { reasoningEncryptedContent: text.encrypted }),
        },
      },
    })),
  );
  expectCalls(message, response);
  expect(
    partsOfType(message, 'source').map((part) => ({
      named: part.url ?? part.metadata?.['openai']?.['fileId'],
      at: part.created_at,
    })),
  ).toEqual(response.sources);
  expect(partsOfType(message, 'data').map(({ data }) => words(data).sort())).toEqual(
    response.data.map((item) => words(item).sort()),
  );
  if (isWhole) expectEnd(message, response.end as ResponsePart);
}

function expectCalls(message: Message, response: ExpectedResponse): void {
  const calls = partsOfType(message, 'tool-call');
  const made = response.calls.filter((call) => call.item !== undefined);
  for (const { id, item, inputText, calledAt } of made) {
    const call = calls.find((candidate) => candidate.tool_call_id === id);
    expect(words(call?.args)).toEqual(expect.arrayContaining(wordsOfCall(item as ResponsePart)));
    expect(call).toMatchObject({ metadata: { openai: { itemId: expect.any(String) } } });
    // What the provider runs is called as soon as all of it is known.
    expect(call?.created_at).toBeLessThanOrEqual(calledAt as number);
    expect(call).not.toHaveProperty('partial');
    if (inputText.startsWith('{')) expect(call?.args).toEqual(JSON.parse(inputText));
  }
  if (response.end !== undefined) expect(calls).toHaveLength(made.length);
  // A call that was cut off has what was written of it.
  const cut = calls.filter((call) => call.partial === true);
  for (const { item, inputText } of response.calls) {
    if (item !== undefined || inputText === '') continue;
    const texts = calls.map((call) => call.args_text ?? JSON.stringify(call.args));
    expect(
      texts.some(
        (text) => text === inputText || sameJson(text, inputText) || text.includes(JSON.stringify(inputText)),
      ),
    ).toBe(true);
  }
  expect(cut.length).toBeLessThanOrEqual(response.end === undefined ? Number.MAX_SAFE_INTEGER : 0);
  const results = partsOfType(message, 'tool-result').filter(
    (part) => part.synthetic !== true && part.preliminary !== true,
  );
  expect(results.map((part) => part.tool_call_id)).toEqual(response.results.map(({ id }) => id));
  for (const [index, { words: said, at }] of response.results.entries()) {
    expect(words(results[index]?.result)).toEqual(
      expect.arrayContaining(said.filter((word) => word !== 'search')),
    );
    expect(results[index]?.created_at).toBe(at);
  }
}

function sameJson(text: string, other: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(other));
  } catch {
    return false;
  }
}

function expectEnd(message: Message, end: ResponsePart): void {
  const response = end['response'] as ResponsePart;
  const usage = response['usage'] as Record<string, unknown> | null;
  expect(message).toMatchObject({
    response_id: response['id'],
    model: response['model'],
    finished_at: message.ended_at,
    metadata: { openai: { responseId: response['id'] } },
  });
  if (usage === null) return expect(message).not.toHaveProperty('usage');
  expect(message.usage).toEqual({
    input_tokens: usage['input_tokens'],
    output_tokens: usage['output_tokens'],
    total_tokens: usage['total_tokens'],
    reasoning_tokens: (usage['output_tokens_details'] as ResponsePart)['reasoning_tokens'],
    cache_read_tokens: (usage['input_tokens_details'] as ResponsePart)['cached_tokens'],
    ...('cache_write_tokens' in (usage['input_tokens_details'] as ResponsePart)
      ? { cache_creation_tokens: (usage['input_tokens_details'] as ResponsePart)['cache_write_tokens'] }
      : {}),
  });
}

suite('the recorded responses', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same as messages',
    (_name, { lines, parts }) => {
      const { summary } = convert(lines);
      const unreadableLines = parts.filter((part) => part === undefined).length;
      expect(summary).toEqual({
        parts: lines.length - unreadableLines,
        unreadableLines,
        unknownParts: new Map(),
      });
      const messages = messagesOf(lines);
      const responses = expectedResponses(parts, START, TICK);
      expect(messages).toHaveLength(responses.length);
      for (const [index, message] of messages.entries()) expectMessage(message, responses[index]!, index);
    },
  );

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same up to any line that it is cut after',
    (_name, { lines, parts }) => {
      const stride = Math.max(1, Math.floor(lines.length / 25));
      const whole = messagesOf(lines);
      for (let count = 1; count < lines.length; count += stride) {
        if (parts.slice(0, count).every((part) => part === undefined)) continue;
        const messages = messagesOf(lines.slice(0, count));
        const responses = expectedResponses(parts.slice(0, count), START, TICK);
        expect(messages).toHaveLength(responses.length);
        for (const [index, message] of messages.entries()) {
          expectMessage(message, responses[index]!, index);
          // Never a part that the whole did not begin.
          const begun = message.parts.filter(
            (part) => part.type !== 'tool-result' || part.synthetic !== true,
          );
          expect(begun.map(nameOf)).toEqual(whole[index]!.parts.slice(0, begun.length).map(nameOf));
        }
      }
    },
  );

  it('keep every event in order of its line, with the time of a line not later than its own', () => {
    expectEventsInOrder('openai-responses', recordings);
  });

  it('say nothing twice where only their last line has it, and nothing less', () => {
    for (const { name, lines, parts } of recordings) {
      const responses = expectedResponses(parts, START, TICK);
      if (responses.length !== 1 || responses[0]?.end?.['type'] !== 'response.completed') continue;
      // One was made by hand, and its last line says something else than the others.
      if (!responses[0].blocks.every(({ text }) => words(parts.at(-1)).includes(text) || text === ''))
        continue;
      const [whole] = messagesOf(lines);
      const [alone] = messagesOf(lines.slice(-1));
      const said = (message: Message | undefined) =>
        (message?.parts ?? [])
          .map((part) => [part.type, 'text' in part ? part.text : 'args' in part ? part.args : undefined])
          .sort();
      expect([name, said(alone)]).toEqual([name, said(whole)]);
    }
  });

  it('become events that the fold accepts, however their lines are dropped, doubled and moved', () => {
    const mutation = fc.record({
      recording: fc.constantFrom(...recordings),
      seed: fc.integer(),
      dropped: fc.constantFrom(0, 0.02, 0.3),
      doubled: fc.constantFrom(0, 0.02, 0.3),
      moved: fc.constantFrom(0, 0.02, 1),
    });
    fc.assert(
      fc.property(mutation, ({ recording, seed, dropped, doubled, moved }) => {
        const random = seededNumbers(seed);
        const lines = recording.lines.filter(() => random() >= dropped);
        const mutated = lines.flatMap((line) => (random() < doubled ? [line, line] : [line]));
        for (const index of mutated.keys()) {
          if (random() >= moved) continue;
          const other = Math.floor(random() * mutated.length);
          [mutated[index], mutated[other]] = [mutated[other]!, mutated[index]!];
        }
        if (!mutated.some((line) => parsed(line) !== undefined)) return;
        expect(messagesOf(mutated).map(({ status }) => status)).not.toContain('open');
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

function nameOf(part: Part): string {
  return `${part.type} ${'tool_call_id' in part ? part.tool_call_id : 'id' in part ? part.id : ''}`;
}

suite('what the AI SDK makes of recorded responses', () => {
  const pairs = recordings.flatMap((recording) =>
    ['ai-sdk-v6', 'ai-sdk-v7'].flatMap((folder) => {
      const file = path.join(shared, folder, path.basename(recording.name).replace('.jsonl', '.full.jsonl'));
      if (!fs.existsSync(file)) return [];
      const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
      return [[`${folder} ${path.basename(recording.name)}`, recording, lines] as const];
    }),
  );

  it.each(pairs)('%s is the same', (name, recording, lines) => {
    const ours = messagesOf(recording.lines);
    const theirs = messagesOf(lines, 'ai-sdk');
    const join = (messages: readonly Message[], type: 'text' | 'reasoning') =>
      messages.flatMap((message) => partsOfType(message, type).map(({ text }) => text)).join('');
    expect(join(ours, 'text')).toBe(join(theirs, 'text'));
    // Its provider for OpenAI does not know this kind of reasoning.
    if (!recording.lines.some((line) => line.includes('response.reasoning_text.delta'))) {
      expect(join(ours, 'reasoning')).toBe(join(theirs, 'reasoning'));
      expect(lastEncrypted(ours)).toEqual(lastEncrypted(theirs));
    }

    const calls = ours.flatMap((message) => partsOfType(message, 'tool-call'));
    const theirCalls = theirs.flatMap((message) => partsOfType(message, 'tool-call'));
    expect(calls.map(({ tool_name, args }) => [tool_name, knownArgs(tool_name, args)])).toEqual(
      theirCalls.map(({ tool_name, args }) => [tool_name, knownArgs(tool_name, args)]),
    );
    for (const [index, { tool_call_id, approval, metadata }] of calls.entries()) {
      if (approval === undefined) expect(theirCalls[index]?.tool_call_id).toBe(tool_call_id);
      else expect(theirCalls[index]?.approval?.approval_id).toBe(approval.approval_id);
      expect(metadata).toMatchObject(
        theirCalls[index]?.metadata?.['openai'] === undefined
          ? {}
          : { openai: theirCalls[index]?.metadata?.['openai'] },
      );
    }

    for (const result of ours.flatMap((message) => partsOfType(message, 'tool-result'))) {
      if (result.synthetic === true) continue;
      const found = lines
        .map((line) => JSON.parse(line) as ResponsePart)
        .find(
          (part) =>
            part['type'] === 'tool-result' &&
            part['toolCallId'] === result.tool_call_id &&
            part['preliminary'] !== true,
        );
      const { prompt: _prompt, ...known } = result.result as Record<string, unknown>;
      expect([name, result.tool_name, known]).toEqual([name, found?.['toolName'], found?.['output']]);
    }

    const sources = (messages: readonly Message[]) =>
      messages.flatMap((message) =>
        partsOfType(message, 'source').map(({ url, title, filename }) => [url, title, filename]),
      );
    expect(sources(ours)).toEqual(expect.arrayContaining(sources(theirs)));
  });

  function lastEncrypted(messages: readonly Message[]): unknown {
    return messages
      .flatMap((message) =>
        partsOfType(message, 'reasoning').map(
          ({ metadata }) => metadata?.['openai']?.['reasoningEncryptedContent'],
        ),
      )
      .findLast((encrypted) => encrypted !== undefined && encrypted !== null);
  }

  function knownArgs(toolName: string | undefined, args: unknown): unknown {
    if (toolName === 'web_search' || toolName === 'file_search') return 'not told by the AI SDK';
    if (toolName !== 'shell') return args;
    const { maxOutputLength: _limit, ...action } = (args as { action: Record<string, unknown> }).action;
    return { action };
  }
});
