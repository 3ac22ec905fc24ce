import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import type { FormatName } from '@stepfold/formats';
import { expectMessage } from './expect-message.js';
import { expectedSteps, type ExpectedStep, type StreamPart } from './expected-steps.js';
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

const folders = ['ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'];
// Of all JSON lines there, only chunks for a page have argument text or step ends of this kind.
const isOfPage = (text: string) =>
  text.startsWith('{"type":"start"') && !text.includes('{"type":"start-step",');
const recordings = readRecordings(folders, '.jsonl', isOfPage);
const named = recordings.map((recording) => [recording.name, recording] as const);
const suite = recordedSuite(recordings);

const convert = (lines: readonly string[]) => convertLines('ui-message', lines);
const messagesOf = (lines: readonly string[], format: FormatName = 'ui-message') =>
  messagesOfLines(format, lines);

/** The chunks in the words of `fullStream`, so that one reading tells what either must become. */
function inWordsOfFullStream(parts: readonly StreamPart[]): StreamPart[] {
  return parts.map((part, index) => {
    const { type, toolCallId: id } = part;
    switch (type) {
      case 'text-delta':
      case 'reasoning-delta':
        return { ...part, text: part['delta'] };
      case 'tool-input-start':
        return { ...part, id };
      case 'tool-input-delta':
        return { type, id, delta: part['inputTextDelta'] };
      case 'tool-input-available':
        return { ...part, type: 'tool-call' };
      case 'tool-output-available':
        return { ...part, type: 'tool-result' };
      case 'tool-output-error':
        return { ...part, type: 'tool-error', error: part['errorText'] };
      case 'source-url':
      case 'source-document':
        return { ...part, type: 'source' };
      case 'error':
        return { type, error: { message: part['errorText'] } };
      case 'finish-step':
        // What the next chunk says of the message is the reason of its last step.
        return { type, finishReason: parts[index + 1]?.['finishReason'] };
      default:
        return part;
    }
  });
}

function stepsOf(parts: readonly StreamPart[]): ExpectedStep[] {
  const steps = expectedSteps(inWordsOfFullStream(parts), START, TICK);
  // Nothing is said of usage, and of the reason only for the whole message.
  for (const step of steps) delete step.finish;
  return steps;
}

suite('the recorded streams for pages', () => {
  it('are those of the index by their content too', () => {
    expect(recordings.every(({ name }) => name.endsWith('.ui.jsonl'))).toBe(true);
    expect(recordings).toHaveLength(readRecordings(folders, '.ui.jsonl').length);
    expect(recordings.length).toBeGreaterThan(100);
  });

  it.each(named)('%s says the same as messages', (_name, { lines, parts }) => {
    expect(convert(lines).summary).toEqual({
      parts: lines.length,
      unreadableLines: 0,
      unknownParts: new Map(),
    });
    const messages = messagesOf(lines);
    const steps = stepsOf(parts);
    expect(messages).toHaveLength(steps.length);
    for (const [index, message] of messages.entries()) expectMessage(message, steps[index]!, index);
  });

  it.each(named)('%s says the same up to any line that it is cut after', (_name, { lines, parts }) => {
    const stride = Math.max(1, Math.floor(lines.length / 8));
    for (let count = 1; count < lines.length; count += stride) {
      const messages = messagesOf(lines.slice(0, count));
      const steps = stepsOf(parts.slice(0, count));
      expect(messages.map(({ status }) => status)).not.toContain('open');
      expect(messages).toHaveLength(steps.length);
      for (const [index, message] of messages.entries()) expectMessage(message, steps[index]!, index);
    }
  });

  it('say the same as server-sent events', () => {
    for (const { lines } of recordings.slice(0, 20)) {
      const events = (given: readonly string[]) =>
        convert(given).events.map(({ event: { at: _at, ...event } }) => event);
      const sent = [...lines.flatMap((line) => [`data: ${line}`, '']), 'data: [DONE]', ''];
      expect(events(sent)).toEqual(events(lines));
    }
  });

  it('keep every event in order of its line, with the time of a line not later than its own', () => {
    expectEventsInOrder('ui-message', recordings);
  });

  it('end every step, however their lines are dropped, doubled and moved', () => {
    expectStepsToEnd('ui-message', recordings);
  }, 60_000);

  it('may follow each other in one file', () => {
    const pair = ['groq-text', 'anthropic-mcp.1'].map(
      (name) => recordings.find((recording) => recording.name === `ai-sdk-v7/${name}.ui.jsonl`)!.lines,
    );
    const [first, second] = pair.map((lines) => messagesOf(lines));
    const both = messagesOf(pair.flat());
    expect(both).toHaveLength(first!.length + second!.length);
    expect(both.map(({ parts }) => parts.length)).toEqual(
      [...first!, ...second!].map(({ parts }) => parts.length),
    );
  });
});

/**
 * A page gets what `fullStream` has, but for what the chunks have no field for: usage, finish reason, model and response
 * of a step, metadata of argument text, and the tool's name on a result (of which the call's is then taken).
 */
suite('the recorded streams for pages, beside the fullStream that they are made of', () => {
  const pairs = named.map(
    ([name, recording]) =>
      [
        name,
        recording,
        readRecordings([name.slice(0, name.indexOf('/'))], '.full.jsonl').find(
          (other) => other.name === name.replace('.ui.', '.full.'),
        )!,
      ] as const,
  );

  it.each(pairs)('%s has the same content', (_name, recording, other) => {
    const ours = messagesOf(recording.lines);
    const theirs = messagesOf(other.lines, 'ai-sdk');
    const isStated = (message: Message) => [message.step_id, message.status, message.interrupt?.reason];
    expect(ours.map(isStated)).toEqual(theirs.map(isStated));
    const { content: oursContent } = reader();
    const { content: theirsContent } = reader();
    expect(ours.map(oursContent)).toEqual(theirs.map(theirsContent));
  });

  function reader() {
    // Some providers make up ids, others in every run.
    const ids = new Map<string, number>();
    const idOf = (id: string) => ids.get(id) ?? ids.set(id, ids.size).get(id);
    const content = (message: Message): unknown[] =>
      message.parts.map((part) => {
        const { metadata } = part;
        switch (part.type) {
          case 'text':
          case 'reasoning':
            return { type: part.type, text: part.text, metadata, end: part.end_reason };
          case 'tool-call':
            return {
              id: idOf(part.tool_call_id),
              name: part.tool_name,
              args: part.args,
              text: part.args_text,
              metadata,
            };
          case 'tool-result':
            return {
              id: idOf(part.tool_call_id),
              result: part.result,
              isError: part.is_error,
              isByProvider: part.provider_executed,
              metadata,
            };
          case 'source':
            return { url: part.url, title: part.title, filename: part.filename, metadata };
          case 'file':
            return { mediaType: part.media_type, data: part.data, url: part.url };
          case 'data':
            return { name: part.name, data: part.data };
          default:
            return { type: part.type };
        }
      });
    return { content };
  }
});
