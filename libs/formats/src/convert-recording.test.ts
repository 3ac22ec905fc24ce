import { describe, expect, it } from '@jest/globals';
import { encodeEvent, EVENT_BYTES_MAX, type Event } from '@stepfold/events';
import {
  convertRecording,
  type ConvertedRecording,
  type ConvertRecordingOptions,
} from './convert-recording.js';
import { formatNames, formats, isFormatName } from './formats.js';
import { splitLines } from './recording-lines.js';

const START = 1_767_225_600_000_000;

function convert(
  lines: ConvertRecordingOptions['lines'],
  more: Partial<ConvertRecordingOptions> = {},
): ConvertedRecording {
  return convertRecording({
    format: 'ai-sdk',
    lines,
    chatId: 'chat',
    runId: 'run',
    startMicros: START,
    tickMicros: 1_000,
    ...more,
  });
}

function converted(...args: Parameters<typeof convert>) {
  const recording = convert(...args);
  if (!recording.ok) throw new Error(recording.problem);
  return recording;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const stepStart = {
  v: 1,
  chat_id: 'c',
  step_id: 's',
  at: START,
  type: 'step-start',
} as const satisfies Event;

describe('a recording of a provider', () => {
  it('happens line by line, a tick apart, blank lines counted (case 28)', () => {
    const { events, summary } = converted([
      '{"type":"start-step"}',
      '',
      '{"type":"text-delta","id":"0","text":"a"}\r',
      '  ',
    ]);
    expect(events.map(({ lineIndex, event }) => [lineIndex, event.type, event.at - START])).toEqual([
      [0, 'step-start', 0],
      [2, 'text-delta', 2_000],
      [2, 'interrupt', 2_000],
    ]);
    expect(summary).toEqual({ parts: 2, unreadableLines: 0, unknownParts: new Map() });
  });

  it('belongs to the chat and the run of the options, without producer and seq', () => {
    expect(converted(['{"type":"start-step"}'], { tickMicros: 0 }).events[0]?.event).toEqual({
      v: 1,
      chat_id: 'chat',
      step_id: 'run.0',
      at: START,
      type: 'step-start',
      step_index: 0,
      run_id: 'run',
    });
  });

  it('passes over lines that are no JSON objects, and ends with the last of them (case 27)', () => {
    const { events, summary } = converted([
      '\uFEFF{"type":"start-step"}',
      'data: nothing',
      '{"type":"text-del',
      '[1]',
      '{"type":"hologram"}',
      Uint8Array.of(0x22, 0xc3, 0x22),
    ]);
    expect(events.map(({ event }) => [event.type, event.at - START])).toEqual([
      ['step-start', 0],
      ['interrupt', 5_000],
    ]);
    expect(summary).toEqual({ parts: 2, unreadableLines: 4, unknownParts: new Map([['hologram', 1]]) });
  });

  it('may be one JSON array of parts, each at the line where it ends', () => {
    const parts = [{ type: 'start-step' }, { type: 'text-delta', id: '0', text: 'x' }];
    const indented = JSON.stringify(parts, null, 2).split('\n');
    const { events, summary } = converted(['', ...indented]);
    expect(events.map(({ lineIndex, event }) => [event.type, lineIndex, event.at - START])).toEqual([
      ['step-start', 4, 4_000],
      ['text-delta', 9, 9_000],
      ['interrupt', 10, 10_000],
    ]);
    expect(summary).toMatchObject({ parts: 2, unreadableLines: 0 });
    const cutOff = converted(indented.slice(0, -3));
    expect(cutOff.summary).toMatchObject({ parts: 1, unreadableLines: 1 });
  });

  it('has no events where its lines open no step', () => {
    expect(converted(['{"type":"start"}', '{"type":"finish"}']).events).toEqual([]);
  });

  it.each<[string, string[], string]>([
    ['is empty', [], 'is empty'],
    ['holds blank lines alone', ['', ' \t\r'], 'is empty'],
    ['has no readable line', ['<html>', '7', 'null'], 'no line holds a JSON object'],
  ])('cannot be used where it %s', (_name, lines, problem) => {
    expect(convert(lines)).toEqual({ ok: false, problem });
  });

  it('cannot be used where a line would happen at no time that an event can have', () => {
    const problem = {
      ok: false,
      lineIndex: 1,
      problem: expect.stringMatching(/^line 2: would happen at .* no time/),
    };
    const lines = ['{"type":"start-step"}', '{"type":"finish-step"}'];
    expect(convert(lines, { tickMicros: 9e15 })).toEqual(problem);
    expect(convert(lines, { startMicros: START / 1_000 })).toMatchObject({ ok: false, lineIndex: 0 });
    expect(convert(lines, { tickMicros: 0.5 })).toMatchObject({ ok: false, lineIndex: 1 });
  });

  it('lets every event be made to fit (case 26)', () => {
    const { events } = converted(['{"type":"start-step"}', '{"type":"text-delta","id":"0","text":"long"}'], {
      fitEvent: (event) => (event.type === 'text-delta' ? { ...event, text: '…' } : event),
    });
    expect(events[1]?.event).toMatchObject({ text: '…' });
  });

  it('nested ten thousand levels deep is converted all the same', () => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000);
    const { events } = converted([
      `{"type":"tool-call","toolCallId":"c","toolName":"t","input":${deep}}`,
      `{"type":"tool-result","toolCallId":"c","toolName":"t","output":${deep}}`,
      `{"type":${deep},"providerMetadata":${deep}}`,
    ]);
    expect(events[1]?.event).toMatchObject({ args_text: deep });
    expect(() => events.map(({ event }) => encodeEvent(event))).not.toThrow();
  });
});

describe('a recording of events', () => {
  const read = (...lines: (string | Uint8Array | object)[]) =>
    convert(
      lines.map((line) =>
        typeof line === 'string' || line instanceof Uint8Array ? line : JSON.stringify(line),
      ),
      { format: 'stepfold' },
    );

  it('is taken as it is, unknown fields included, and nothing is closed at its end', () => {
    const event = { ...stepStart, producer: 'p', seq: 4, attempt: 2, later: { x: 1 } };
    expect(read(`\uFEFF${JSON.stringify(event)}`, '', event)).toEqual({
      ok: true,
      events: [
        { lineIndex: 0, event },
        { lineIndex: 2, event },
      ],
      summary: { parts: 2, unreadableLines: 0, unknownParts: new Map() },
    });
  });

  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  it.each<[string, string | Uint8Array | object, RegExp]>([
    ['broken JSON', '{"v":1,', /^line 3: the event is not valid JSON$/],
    ['a truncated UTF-8 sequence', Uint8Array.of(0x7b, 0xe2, 0x82), /^line 3: the line is not valid UTF-8$/],
    ['another version', { ...stepStart, v: 2 }, /^line 3: v: version 2/],
    ['an unknown type', { ...stepStart, type: 'hologram' }, /^line 3: type: "hologram"/],
    ['a seq without a producer', { ...stepStart, seq: 1 }, /^line 3: producer: is missing/],
    ['milliseconds', { ...stepStart, at: START / 1_000 }, /^line 3: at: .*milliseconds/],
    ['an id with a colon', { ...stepStart, chat_id: 'a:b' }, /^line 3: chat_id: must not hold ":"/],
    [
      'an event that is too large',
      { ...stepStart, model: 'x'.repeat(EVENT_BYTES_MAX) },
      /^line 3: the event has \d+ bytes/,
    ],
    [
      'JSON that is nested too deeply',
      JSON.stringify({ ...stepStart, metadata: { a: { b: 0 } } }).replace('0}', `${deep}}`),
      /^line 3: metadata: is nested more than 64 levels deep$/,
    ],
    [
      'an unknown field that is nested too deeply',
      JSON.stringify({ ...stepStart, later: 0 }).replace(':0}', `:${deep}}`),
      /^line 3: .*nested more than/,
    ],
    [
      'an event that is too large when it is written again',
      JSON.stringify({ ...stepStart, metadata: { a: { b: [] } } }).replace(
        '[]',
        `[${'1e20,'.repeat(400_000)}0]`,
      ),
      /^line 3: the event has \d+ bytes/,
    ],
    ['no object', '7', /^line 3: the event is not a JSON object$/],
  ])('cannot be used with %s', (_name, line, problem) => {
    expect(read(stepStart, '', line, stepStart)).toEqual({
      ok: false,
      lineIndex: 2,
      problem: expect.stringMatching(problem),
    });
  });

  it('cannot be used where it is empty', () => {
    expect(read()).toEqual({ ok: false, problem: 'is empty' });
    expect(read('', '')).toEqual({ ok: false, problem: 'is empty' });
  });
});

describe('splitLines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb\r\n', ['a', '', 'b\r']],
    ['\n', ['']],
  ])('splits %j', (text, lines) => {
    const decoder = new TextDecoder();
    expect([...splitLines(bytes(text))].map((line) => decoder.decode(line))).toEqual(lines);
  });
});

describe('the names of formats', () => {
  it('are those that commands take', () => {
    expect(formatNames).toEqual(['stepfold', ...Object.keys(formats)]);
    expect([isFormatName('ai-sdk'), isFormatName('toString')]).toEqual([true, false]);
  });
});
