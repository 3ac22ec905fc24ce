import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import type { FormatName } from '@stepfold/formats';
import { expectMessage } from './expect-message.js';
import { expectedSteps, type StreamPart } from './expected-steps.js';
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

const isOfModel = (text: string) => text.startsWith('{"type":"stream-start"');
const recordings = readRecordings(['ai-sdk-v7'], '.jsonl', isOfModel);
const named = recordings.map((recording) => [recording.name, recording] as const);
const suite = recordedSuite(recordings);

const convert = (lines: readonly string[]) => convertLines('language-model', lines);
const messagesOf = (lines: readonly string[], format: FormatName = 'language-model') =>
  messagesOfLines(format, lines);

type Counts = Readonly<Record<string, number | undefined>>;

/** The parts in the words of `fullStream`, so that one reading tells what either must become. */
function inWordsOfFullStream(parts: readonly StreamPart[]): StreamPart[] {
  let response: StreamPart = {};
  return parts.map((part) => {
    const { type, delta } = part;
    switch (type) {
      case 'stream-start':
        response = {};
        return { ...part, type: 'start-step' };
      case 'response-metadata': {
        const { type: _type, ...given } = part;
        response = { ...response, ...given };
        return { type };
      }
      case 'text-delta':
      case 'reasoning-delta':
        return { ...part, text: delta };
      case 'tool-call':
        return { ...part, input: JSON.parse(String(part['input'])) as unknown };
      case 'tool-result':
        return { ...part, output: part['result'] };
      case 'finish': {
        const { inputTokens, outputTokens } = part['usage'] as Record<string, Counts>;
        const { unified, raw } = part['finishReason'] as Record<string, string>;
        return {
          type: 'finish-step',
          finishReason: unified,
          rawFinishReason: raw,
          response,
          providerMetadata: part['providerMetadata'],
          usage: {
            inputTokens: inputTokens?.['total'],
            inputTokenDetails: {
              cacheReadTokens: inputTokens?.['cacheRead'],
              cacheWriteTokens: inputTokens?.['cacheWrite'],
            },
            outputTokens: outputTokens?.['total'],
            outputTokenDetails: { reasoningTokens: outputTokens?.['reasoning'] },
          },
        };
      }
      default:
        return part;
    }
  });
}

suite('the recorded streams of language models', () => {
  it('are those of the index by their content too', () => {
    expect(recordings.every(({ name }) => name.endsWith('.lm.jsonl'))).toBe(true);
    expect(recordings.length).toBeGreaterThan(50);
  });

  it.each(named)('%s says the same as messages', (_name, { lines, parts }) => {
    expect(convert(lines).summary).toEqual({
      parts: lines.length,
      unreadableLines: 0,
      unknownParts: new Map(),
    });
    const messages = messagesOf(lines);
    const steps = expectedSteps(inWordsOfFullStream(parts), START, TICK);
    expect(messages).toHaveLength(steps.length);
    for (const [index, message] of messages.entries()) expectMessage(message, steps[index]!, index);
  });

  it.each(named)('%s says the same up to any line that it is cut after', (_name, { lines, parts }) => {
    const stride = Math.max(1, Math.floor(lines.length / 8));
    const expected = inWordsOfFullStream(parts);
    for (let count = 1; count < lines.length; count += stride) {
      const messages = messagesOf(lines.slice(0, count));
      const steps = expectedSteps(expected.slice(0, count), START, TICK);
      expect(messages.map(({ status }) => status)).not.toContain('open');
      expect(messages).toHaveLength(steps.length);
      for (const [index, message] of messages.entries()) expectMessage(message, steps[index]!, index);
    }
  });

  it('keep every event in order of its line, with the time of a line not later than its own', () => {
    expectEventsInOrder('language-model', recordings);
  });

  it('end every step, however their lines are dropped, doubled and moved', () => {
    expectStepsToEnd('language-model', recordings);
  }, 60_000);
});

/** `fullStream` of the same version is made of the same parts; it loses nothing that is compared here. */
suite('the recorded streams of language models, beside the fullStream made of them', () => {
  const others = readRecordings(['ai-sdk-v7'], '.full.jsonl');
  const pairs = named.flatMap(([name, recording]) =>
    others
      .filter((other) => other.name.replace('.full.', '.lm.') === name)
      .map((other) => [other.name, recording, other] as const),
  );

  it('are compared', () => {
    expect(pairs).toHaveLength(recordings.length);
  });

  it.each(pairs)('%s has the same content', (_name, recording, other) => {
    const ours = messagesOf(recording.lines);
    const theirs = messagesOf(other.lines, 'ai-sdk');
    expect(ours.map(content)).toEqual(theirs.map(content));
    // Where the model's stream broke off with an error, `streamText` makes up a finish.
    if (ours.some(({ status }) => status === 'failed')) return;
    expect(ours.map(end)).toEqual(theirs.map(end));
  });

  function end(message: Message): unknown {
    const { total_tokens: _total, ...usage } = message.usage ?? {};
    const { status, finish_reason, raw_finish_reason, response_id } = message;
    // Where the model gives no id, `streamText` makes one up.
    const id = response_id?.startsWith('aitxt-') === true ? undefined : response_id;
    return { status, usage, finish_reason, raw_finish_reason, id };
  }

  function content(message: Message): unknown[] {
    // Some providers make up ids, others in every run.
    const ids = new Map<string, number>();
    const ofClient = new Set(
      message.parts.flatMap((part) =>
        part.type === 'tool-call' && part.provider_executed !== true ? [part.tool_call_id] : [],
      ),
    );
    const idOf = (id: string) => ids.get(id) ?? ids.set(id, ids.size).get(id);
    return message.parts.flatMap((part): unknown[] => {
      switch (part.type) {
        case 'text':
        case 'reasoning':
          return [{ type: part.type, text: part.text, metadata: part.metadata }];
        case 'tool-call':
          return [
            { id: idOf(part.tool_call_id), name: part.tool_name, args: part.args, metadata: part.metadata },
          ];
        case 'tool-result':
          // Tools that the client runs are not in the stream of a model. It runs those of which the call does not
          // say that the provider did, and its result then is the last.
          return part.provider_executed === true && !ofClient.has(part.tool_call_id)
            ? [{ id: idOf(part.tool_call_id), result: part.result, isError: part.is_error }]
            : [];
        case 'source':
          return [{ url: part.url, title: part.title, metadata: part.metadata }];
        case 'data':
          return [{ name: part.name, data: part.data }];
        default:
          return [{ type: part.type }];
      }
    });
  }
});
