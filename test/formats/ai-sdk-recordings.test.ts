import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { convertRecording } from '@stepfold/formats';
import * as fc from 'fast-check';
import { foldAll } from '../support/fold-all.js';
import { mutated } from '../support/hostile-parts.js';
import { expectMessage, partsOf } from './expect-message.js';
import { expectedSteps, type StreamPart } from './expected-steps.js';
import { readRecordings } from './stream-recordings.js';

const START = 1_767_225_600_000_000;
const TICK = 1_000;
const codec = createEventCodec();
const recordings = readRecordings(['ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'], '.full.jsonl');
/** Without recordings there is nothing to hold against anything; `readRecordings` has said so. */
const suite = recordings.length === 0 ? sayThatSkipped : describe;

function sayThatSkipped(name: string): void {
  it(`SKIPPED, no recorded streams: ${name}`, () => {
    expect(process.env['CI']).toBeUndefined();
  });
}

function convert(lines: readonly string[]) {
  const recording = convertRecording({
    format: 'ai-sdk',
    lines,
    chatId: 'chat',
    runId: 'run',
    startMicros: START,
    tickMicros: TICK,
  });
  if (!recording.ok) throw new Error(recording.problem);
  return recording;
}

/** The messages of a recording. Every event goes through its bytes, and the fold must accept it. */
function fold(events: readonly Event[]): Message[] {
  const decoded = events.map((event) => {
    const read = codec.decode(codec.encode(event));
    if (!read.ok) throw new Error(`${event.type}: ${read.detail}`);
    return read.event;
  });
  const { outcomes, messages } = foldAll(decoded);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

function messagesOf(lines: readonly string[]): Message[] {
  return fold(convert(lines).events.map(({ event }) => event));
}

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
    for (const { lines } of recordings) {
      let former = 0;
      for (const { lineIndex, event } of convert(lines).events) {
        expect(lineIndex).toBeGreaterThanOrEqual(former);
        expect(event.at).toBeLessThanOrEqual(START + lineIndex * TICK);
        former = lineIndex;
      }
    }
  });

  it('become events that the fold accepts, however their lines are dropped, doubled and moved', () => {
    const damaged = fc.constantFrom(...recordings).chain(({ lines }) => mutated(lines));
    fc.assert(
      fc.property(damaged, (lines) => {
        if (lines.length === 0) return;
        expect(messagesOf(lines).map(({ status }) => status)).not.toContain('open');
      }),
      { numRuns: 100 },
    );
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
      const open = partsOf(message, type).at(-1);
      expect(open).toMatchObject({
        text: textOf(parts, `${type}-delta`),
        completed_at: lastAt,
        end_reason: 'interrupt',
      });
      const reasoning = partsOf(message, 'reasoning')[0];
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
      expect(partsOf(message, 'text')).toMatchObject([
        { text: textOf(parts, 'text-delta'), completed_at: lastAt, end_reason: 'interrupt' },
      ]);
    });

    it.each([
      ['abort-mid-tool-input', 'user'],
      ['socket-error-mid-tool-input', 'eof'],
    ] as const)('%s: a partial call with its raw text and a synthetic result', (name, reason) => {
      const { message, parts, lastAt } = only(name, version);
      expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason, at: lastAt } });
      const [call] = partsOf(message, 'tool-call');
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
      const [call] = partsOf(message, 'tool-call');
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
      const calls = partsOf(message, 'tool-call');
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
      expect(partsOf(message, type).at(-1)).toMatchObject({
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
        const [call] = partsOf(message, type);
        expect(call).toMatchObject({ partial: true, args_text: textOf(parts, 'tool-input-delta') });
        expect(partsOf(message, 'tool-result')).toHaveLength(version === 'v6' ? 0 : 1);
      } else {
        expect(partsOf(message, type).at(-1)).toMatchObject({
          text: textOf(parts, `${type}-delta`),
          completed_at: finishedAt,
          end_reason: 'implied',
        });
      }
    });
  });
});
