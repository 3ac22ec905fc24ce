import { describe, expect, it } from '@jest/globals';
import { partsOfType } from '../support/convert-parts.js';
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

const recordings = readRecordings(['ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'], '.full.jsonl');
const suite = recordedSuite(recordings);

const convert = (lines: readonly string[]) => convertLines('ai-sdk', lines);
const messagesOf = (lines: readonly string[]) => messagesOfLines('ai-sdk', lines);

suite('the recorded AI SDK streams', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same as messages',
    (_name, { lines, parts }) => {
      const { summary } = convert(lines);
      expect(summary).toEqual({ parts: lines.length, unreadableLines: 0, unknownParts: new Map() });
      const messages = messagesOf(lines);
      const steps = expectedSteps(parts, START, TICK);
      expect(messages).toHaveLength(steps.length);
      for (const [index, message] of messages.entries()) expectMessage(message, steps[index]!, index);
    },
  );

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same up to any line that it is cut after',
    (_name, { lines, parts }) => {
      const stride = Math.max(1, Math.floor(lines.length / 8));
      for (let count = 1; count < lines.length; count += stride) {
        const messages = messagesOf(lines.slice(0, count));
        const steps = expectedSteps(parts.slice(0, count), START, TICK);
        expect(messages.map(({ status }) => status)).not.toContain('open');
        expect(messages).toHaveLength(steps.length);
        for (const [index, message] of messages.entries()) expectMessage(message, steps[index]!, index);
      }
    },
  );

  it('keep every event in order of its line, with the time of a line not later than its own', () => {
    expectEventsInOrder('ai-sdk', recordings);
  });

  it('become events that the fold accepts, however their lines are dropped, doubled and moved', () => {
    expectStepsToEnd('ai-sdk', recordings);
  }, 60_000);
});

/** What the table of the recordings' README demands, row by row. */
suite('the AI SDK streams that were cut short', () => {
  const versions = ['v6', 'v7'] as const;
  const recorded = (name: string, version: string) => {
    const found = recordings.find(
      (recording) => recording.name === `ai-sdk-aborted/${name}.${version}.full.jsonl`,
    );
    if (found === undefined) throw new Error(`there is no recording ${name}.${version}`);
    return { messages: messagesOf(found.lines), parts: found.parts };
  };
  const only = (name: string, version: string) => {
    const { messages, parts } = recorded(name, version);
    expect(messages).toHaveLength(1);
    return { message: messages[0]!, parts, lastAt: START + (parts.length - 1) * TICK };
  };
  const textOf = (parts: readonly StreamPart[], type: string) =>
    parts
      .filter((part) => part['type'] === type)
      .map((part) => String(part['text'] ?? part['delta']))
      .join('');

  describe.each(versions)('%s', (version) => {
    it.each([
      ['abort-mid-reasoning', 'reasoning'],
      ['abort-mid-text', 'text'],
      ['abort-mid-text-after-reasoning', 'text'],
    ] as const)('%s: interrupted by the user, the open block closed at the abort', (name, type) => {
      const { message, parts, lastAt } = only(name, version);
      expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason: 'user', at: lastAt } });
      expect(message).not.toHaveProperty('usage');
      expect(message).not.toHaveProperty('finish_reason');
      const open = partsOfType(message, type).at(-1);
      expect(open).toMatchObject({
        text: textOf(parts, `${type}-delta`),
        completed_at: lastAt,
        end_reason: 'interrupt',
      });
      const reasoning = partsOfType(message, 'reasoning')[0];
      if (type === 'text' && name.includes('reasoning')) {
        expect(reasoning?.completed_at).toBeLessThan(lastAt);
        expect(reasoning).not.toHaveProperty('end_reason');
        expect(reasoning?.text).toBe(textOf(parts, 'reasoning-delta'));
      }
    });

    it('abort-with-reason-mid-text: v7 sees the abort, v6 only the end of the file', () => {
      const { message, parts, lastAt } = only('abort-with-reason-mid-text', version);
      expect(message).toMatchObject({
        status: 'interrupted',
        interrupt: { reason: version === 'v7' ? 'user' : 'eof', at: lastAt },
      });
      expect(partsOfType(message, 'text')).toMatchObject([
        { text: textOf(parts, 'text-delta'), completed_at: lastAt, end_reason: 'interrupt' },
      ]);
    });

    it.each([
      ['abort-mid-tool-input', 'user'],
      ['socket-error-mid-tool-input', 'eof'],
    ] as const)('%s: a partial call with its raw text and a synthetic result', (name, reason) => {
      const { message, parts, lastAt } = only(name, version);
      expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason, at: lastAt } });
      const [call] = partsOfType(message, 'tool-call');
      expect(call).toMatchObject({ partial: true, args_text: textOf(parts, 'tool-input-delta') });
      expect(call?.input_started_at).toBeGreaterThan(START);
      expect(call).not.toHaveProperty('created_at');
      expect(message.parts.at(-1)).toMatchObject({
        type: 'tool-result',
        tool_call_id: call?.tool_call_id,
        synthetic: true,
        is_error: true,
        created_at: lastAt,
      });
    });

    it('abort-during-tool-execution: the whole call and a synthetic result', () => {
      const { message, lastAt } = only('abort-during-tool-execution', version);
      const [call] = partsOfType(message, 'tool-call');
      expect(call).toMatchObject({ args: {}, created_at: lastAt - TICK });
      expect(call).not.toHaveProperty('partial');
      expect(message.parts.at(-1)).toMatchObject({
        tool_call_id: call?.tool_call_id,
        synthetic: true,
        created_at: lastAt,
      });
    });

    it('abort-with-one-of-two-tools-done: the real result kept, a synthetic one for the other call only, last', () => {
      const { message, lastAt } = only('abort-with-one-of-two-tools-done', version);
      const calls = partsOfType(message, 'tool-call');
      expect(calls).toHaveLength(2);
      expect(message.parts.slice(-2)).toMatchObject([
        {
          type: 'tool-result',
          tool_call_id: calls[0]?.tool_call_id,
          result: { ok: true },
          created_at: lastAt - TICK,
        },
        { type: 'tool-result', tool_call_id: calls[1]?.tool_call_id, synthetic: true, created_at: lastAt },
      ]);
      expect(message.parts.at(-2)).not.toHaveProperty('synthetic');
    });

    it('abort-in-second-step: a complete message and an interrupted one', () => {
      const { messages } = recorded('abort-in-second-step', version);
      expect(messages).toMatchObject([
        { status: 'complete', finish_reason: 'tool-calls' },
        { status: 'interrupted', interrupt: { reason: 'user' } },
      ]);
    });

    it.each([
      ['socket-error-mid-text', 'text'],
      ['consumer-leaves-mid-text', 'text'],
      ['consumer-leaves-mid-reasoning', 'reasoning'],
    ] as const)('%s: interrupted by the end of the file, with all that had arrived', (name, type) => {
      const { message, parts, lastAt } = only(name, version);
      expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason: 'eof', at: lastAt } });
      expect(partsOfType(message, type).at(-1)).toMatchObject({
        text: textOf(parts, `${type}-delta`),
        completed_at: lastAt,
        end_reason: 'interrupt',
      });
    });

    it.each([
      ['ends-mid-text', 'text'],
      ['ends-mid-reasoning', 'reasoning'],
      ['ends-mid-tool-input', 'tool-call'],
    ] as const)('%s: closed as implied at finish-step, its reason kept, no usage', (name, type) => {
      const { message, parts } = only(name, version);
      const finishedAt = START + parts.findIndex((part) => part['type'] === 'finish-step') * TICK;
      expect(message).toMatchObject({
        status: version === 'v6' ? 'complete' : 'interrupted',
        finish_reason: version === 'v6' ? 'other' : 'interrupted',
        finished_at: finishedAt,
        ended_at: finishedAt,
      });
      if (version === 'v7') expect(message.interrupt).toEqual({ reason: 'eof', at: finishedAt });
      expect(message).not.toHaveProperty('usage');
      expect(message).not.toHaveProperty('pending_tool_call_ids');
      if (type === 'tool-call') {
        const [call] = partsOfType(message, type);
        expect(call).toMatchObject({ partial: true, args_text: textOf(parts, 'tool-input-delta') });
        expect(partsOfType(message, 'tool-result')).toHaveLength(version === 'v6' ? 0 : 1);
      } else {
        expect(partsOfType(message, type).at(-1)).toMatchObject({
          text: textOf(parts, `${type}-delta`),
          completed_at: finishedAt,
          end_reason: 'implied',
        });
      }
    });
  });
});
